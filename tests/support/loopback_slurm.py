"""A Slurm of two nodes on this machine alone, in a folder of its own: real daemons, none of the system's."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol")
CONFIGURATION = """\
ClusterName=loopback
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
SlurmdTimeout=15
KillWait=20
JobRequeue=1
MaxArraySize={array_size}
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={first} CPUs=1 RealMemory=1000
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={second} CPUs=1 RealMemory=1000
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP OverTimeLimit=0
"""


def missing() -> str | None:
    """What is not there to run one, or None."""
    if os.getuid() != 0:
        return "root"
    return next((name for name in PROGRAMS if shutil.which(name, path=search_path()) is None), None)


def search_path() -> str:
    return os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"])


class Slurm:
    """The daemons, by name."""

    def __init__(self, folder: Path):
        self.folder, self.daemons = folder, {}

    def start(self, name: str, *words: str) -> None:
        environment = os.environ | {"SLURM_CONF": str(self.folder / "slurm.conf"), "PATH": search_path()}
        with (self.folder / f"{name}.out").open("ab") as out:
            self.daemons[name] = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment, start_new_session=True
            )

    def kill_node(self, name: str) -> list[int]:
        """End a node as a power cut does: its daemon, and all that it started."""
        daemon = self.daemons.pop(name)
        daemon.kill()
        daemon.wait()
        killed = self.on_node(name)
        kill(keepers(killed))  # first: else they tell the controller that the others died
        kill(killed)
        return killed

    def on_node(self, name: str) -> list[int]:
        """Processes of jobs on a node, with the ones that look after them."""
        return [pid for pid, told in self._jobs() if f"SLURMD_NODENAME={name}".encode() in told]

    def _jobs(self) -> Iterator[tuple[int, list[bytes]]]:
        ours = f"SLURM_CONF={self.folder}/slurm.conf".encode()
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                if entry.name.isdigit() and ours in (told := (entry / "environ").read_bytes().split(b"\0")):
                    yield int(entry.name), told

    def ask(self, *words: str) -> str:
        return subprocess.run(words, capture_output=True, text=True, check=False).stdout

    def stop(self) -> None:
        kill([pid for pid, _ in self._jobs() if pid != os.getpid()])
        for daemon in reversed(self.daemons.values()):
            daemon.kill()
            daemon.wait()


def keepers(pids: list[int]) -> list[int]:
    """The `slurmstepd` of each of some processes: what looks after a job on its node."""
    found = set()
    for pid in pids:
        with suppress(OSError, IndexError):
            parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
            if "slurmstepd" in Path(f"/proc/{parent}/comm").read_text():
                found.add(parent)
    return sorted(found)


def kill(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def descendants(pid: int) -> list[int]:
    """Processes that a process started, and those that they did."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, IndexError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found, level = [], {pid}
    while level:
        level = {child for child, parent in parents.items() if parent in level}
        found += level
    return found


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@contextmanager
def loopback_slurm(folder: Path, array_size: int = 1001) -> Iterator[Slurm]:
    """Start it, point this process's Slurm programs at it, and end it."""
    for name in ("", "state", "spool-n1", "spool-n2"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    ports = {name: free_port() for name in ("controller", "first", "second")}
    text = CONFIGURATION.format(host=socket.gethostname().split(".")[0], folder=folder, array_size=array_size, **ports)
    (folder / "slurm.conf").write_text(text)
    (folder / "munge.key").write_bytes(os.urandom(1024))
    (folder / "munge.key").chmod(0o400)
    cluster, before = Slurm(folder), dict(os.environ)
    own = [f"--{what}={folder}/munge.{what}" for what in ("socket", "pid-file", "log-file", "seed-file")]
    try:
        cluster.start("munged", "munged", "--foreground", "--force", f"--key-file={folder}/munge.key", *own)
        while not (folder / "munge.socket").exists():
            time.sleep(0.1)
        cluster.start("slurmctld", "slurmctld", "-D", "-c")
        for node in ("n1", "n2"):
            cluster.start(node, "slurmd", "-D", "-N", node)
        os.environ |= {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": search_path()}
        deadline = time.monotonic() + 90
        while cluster.ask("sinfo", "-h", "-N", "-o", "%T").split() != ["idle", "idle"]:
            if time.monotonic() > deadline:
                logs = "\n".join(path.read_text() for path in folder.glob("*.log"))
                raise RuntimeError(f"Slurm does not start: {cluster.ask('sinfo', '-N')}\n{logs[-5000:]}")
            time.sleep(0.5)
        yield cluster
    finally:
        cluster.stop()
        os.environ.clear()
        os.environ.update(before)
