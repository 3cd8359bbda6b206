import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ganzoo._io import atomic as files
from ganzoo._io.append_file import AppendFile
from ganzoo._io.atomic import (
    atomic_write,
    publish_directory,
    remove_tree,
    require_space,
    sha256_of,
    sweep_temporaries,
    temporary_directory_beside,
    write_json,
    write_text,
)
from ganzoo.errors import GanzooError, RefusedError, RunError

FULL = Path("/dev/full")
ROOT = os.geteuid() == 0


@pytest.fixture
def umask_027():
    old = os.umask(0o027)
    yield
    os.umask(old)


@pytest.fixture
def at_most_64_kib():
    """Files of this process cannot grow beyond 64 KiB: what a full disk does, without needing root."""
    old_limit, old_signal = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, old_limit[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, old_limit)
    signal.signal(signal.SIGXFSZ, old_signal)


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 1 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if not ROOT or shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def names(folder):
    return sorted(os.listdir(folder))


def test_writes_and_replaces_whole_files(tmp_path):
    path = tmp_path / "deep" / "er" / "a.txt"
    write_text(path, "one")
    write_text(path, "two \udcff")
    assert path.read_text() == "two \\udcff"
    assert names(path.parent) == ["a.txt"]


def test_modes_follow_the_umask(tmp_path, umask_027):
    atomic_write(tmp_path / "a", b"x")
    with temporary_directory_beside(tmp_path / "d") as temporary:
        (temporary / "sub").mkdir(mode=0o700)
        (temporary / "sub" / "f").touch(mode=0o600)
        publish_directory(temporary, tmp_path / "d")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "d" / "sub" / "f").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "d" / "sub").stat().st_mode) == 0o750
    assert stat.S_IMODE((tmp_path / "d").stat().st_mode) == 0o750


def test_json_is_strict_and_sorted(tmp_path):
    write_json(tmp_path / "a.json", {"b": 1, "a": "é"})
    assert (tmp_path / "a.json").read_bytes() == b'{\n "a": "\\u00e9",\n "b": 1\n}\n'
    with pytest.raises(RunError, match="JSON"):
        write_json(tmp_path / "b.json", {"a": float("nan")})
    assert names(tmp_path) == ["a.json"]


def test_a_failed_directory_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="boom"), temporary_directory_beside(tmp_path / "d") as temporary:
        (temporary / "half").write_text("x")
        raise ValueError("boom")
    assert names(tmp_path) == []


@pytest.mark.parametrize("kind", ["file", "folder", "empty folder", "dangling link"])
def test_publishing_never_replaces(tmp_path, kind):
    final = tmp_path / "d"
    if kind == "file":
        final.write_text("mine")
    elif kind == "dangling link":
        final.symlink_to(tmp_path / "nowhere")
    else:
        final.mkdir()
        if kind == "folder":
            (final / "mine").touch()
    with pytest.raises(RefusedError, match="exists already"), temporary_directory_beside(final) as temporary:
        publish_directory(temporary, final)
    assert names(tmp_path) == ["d"]


def test_links_are_removed_not_followed(tmp_path):
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "kept").touch()
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "link").symlink_to(tmp_path / "target")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    remove_tree(tmp_path / "tree")
    remove_tree(tmp_path / "link")
    remove_tree(tmp_path / "missing")
    assert names(tmp_path) == ["target"]
    assert names(tmp_path / "target") == ["kept"]


def test_sweeping_spares_what_a_living_process_fills(tmp_path):
    (tmp_path / ".tmp-000000000000dead").mkdir()
    (tmp_path / ".tmp-000000000000dead" / "half").touch()
    (tmp_path / ".tmp-00000000deadf11e").touch()
    (tmp_path / "kept").touch()
    with temporary_directory_beside(tmp_path / "d") as temporary:
        subprocess.run(
            [sys.executable, "-c", "import sys; from pathlib import Path; "
            "from ganzoo._io.atomic import sweep_temporaries;"
             "sweep_temporaries(Path(sys.argv[1]))", str(tmp_path)],
            check=True,
        )  # fmt: skip
        assert names(tmp_path) == sorted([temporary.name, "kept"])
    sweep_temporaries(tmp_path / "missing")


def test_the_temporaries_of_the_killed_are_swept(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from ganzoo._io.atomic import temporary_directory_beside\n"
        "with temporary_directory_beside(Path(sys.argv[1]) / 'd') as t:\n"
        "    (t / 'half').write_text('x'); print('ready', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    with process:
        process.stdout.readline()
        sweep_temporaries(tmp_path)
        assert len(names(tmp_path)) == 1
        process.kill()
    sweep_temporaries(tmp_path)
    assert names(tmp_path) == []


def test_a_file_too_large_leaves_the_old_one(tmp_path, at_most_64_kib):
    path = tmp_path / "a"
    atomic_write(path, b"old")
    with pytest.raises(RunError, match="ulimit"):
        atomic_write(path, bytes(100_000))
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


def test_a_full_disk_leaves_the_old_file_and_says_how_much_is_missing(small_disk):
    path = small_disk / "a"
    atomic_write(path, b"old")
    with pytest.raises(RunError, match=r"disk full: .*need 2\.0 MB, have .*B") as caught:
        atomic_write(path, bytes(2_000_000))
    assert caught.value.exit_code == 1
    assert path.read_bytes() == b"old"
    assert names(small_disk) == ["a"]
    with pytest.raises(RunError, match="disk full"):
        require_space(small_disk / "not" / "yet", 2_000_000)


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full")
def test_appending_to_a_full_device(tmp_path):
    with pytest.raises(RunError, match="disk full"):
        AppendFile.append(_appending_to(FULL), b"line\n")


def _appending_to(path):
    file = AppendFile.__new__(AppendFile)
    file.path, file.offset = path, 0
    file._descriptor = os.open(path, os.O_WRONLY)
    file._staging = None
    return file


def test_an_addition_that_does_not_fit_is_not_there_at_all(tmp_path, at_most_64_kib):
    file = AppendFile(tmp_path / "log")
    file.append(b"x" * 65_000 + b"\n")
    with pytest.raises(RunError, match="ulimit"):
        file.append(b"y" * 1_000 + b"\n")
    file.append(b"z\n")
    file.close()
    assert (tmp_path / "log").read_bytes() == b"x" * 65_000 + b"\nz\n"


def test_a_log_is_never_written_through_a_link(tmp_path):
    (tmp_path / "log").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(GanzooError, match="log"):
        AppendFile(tmp_path / "log")
    assert names(tmp_path) == ["log"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir()
    (folder / "a").write_text("old")
    folder.chmod(0o555)
    if not ROOT:
        with pytest.raises(GanzooError, match="closed") as caught:
            atomic_write(folder / "a", b"new")
        assert caught.value.exit_code == 2
        return
    code = (
        "import os, sys; from pathlib import Path; from ganzoo.errors import GanzooError; "
        "from ganzoo._io.atomic import *\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "try: atomic_write(Path(sys.argv[1]) / 'a', b'new')\n"
        "except GanzooError as error: print(error.exit_code, error)"
    )
    own = [each for each in tmp_path.parents if each.name.startswith(("pytest-", "popen-"))]  # one more in a worker
    for parent in (tmp_path, *own):
        parent.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("2 cannot write")
    assert "closed" in done.stdout
    assert names(folder) == ["a"]


def test_a_path_below_a_file_is_bad_input(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(GanzooError, match="cannot write") as caught:
        atomic_write(tmp_path / "file" / "a", b"")
    assert caught.value.exit_code == 2


def test_sha256(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_of(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_everything_is_synced_before_and_after_its_rename(tmp_path):
    code = (
        "import sys; from pathlib import Path; from ganzoo._io.atomic import *\n"
        "root = Path(sys.argv[1]); atomic_write(root / 'one', b'x')\n"
        "with temporary_directory_beside(root / 'd') as t:\n"
        "    (t / 'f').write_bytes(b'y'); publish_directory(t, root / 'd')\n"
    )
    trace = tmp_path / "trace"
    calls = "trace=fsync,fdatasync,rename,renameat,renameat2"
    (tmp_path / "root").mkdir()
    done = subprocess.run(
        ["strace", "-f", "-y", "-e", calls, "-o", trace, sys.executable, "-c", code, tmp_path / "root"],
        capture_output=True,
    )
    if done.returncode:
        pytest.skip("strace may not trace here")
    events = [line for line in trace.read_text().splitlines() if str(tmp_path / "root") in line and "= 0" in line]
    renames = [index for index, line in enumerate(events) if "rename" in line]
    assert len(renames) == 2
    for index, final in zip(renames, ("one", "d"), strict=True):
        temporary = events[index].split('"')[1]
        assert f'{final}"' in events[index]
        assert f"<{temporary}>" in events[index - 1]
        assert "fsync" in events[index - 1]
        assert f"<{tmp_path / 'root'}>" in events[index + 1]
        assert "fsync" in events[index + 1]
    assert any("/f>" in line for line in events[: renames[1]])


def test_no_other_module_writes():
    """The text of every core module is searched for other ways to write."""
    package = Path(files.__file__).parent
    forbidden = ("write_text(", "write_bytes(", '"wb"', '"w"', "torch.save", "save_file(")
    allowed = {"files.py", "temporaries.py"}
    for path in package.glob("runs/*.py"):
        text = path.read_text()
        found = [each for each in forbidden if f".{each}" in text or (each.startswith('"') and each in text)]
        assert not found or path.name in allowed, f"{path}: {found}"


def test_parallel_writers_leave_one_whole_file(tmp_path):
    code = (
        "import sys; from pathlib import Path; from ganzoo._io.atomic import atomic_write\n"
        "for _ in range(50): atomic_write(Path(sys.argv[1]), sys.argv[2].encode() * 10_000)"
    )
    path = tmp_path / "a"
    processes = [subprocess.Popen([sys.executable, "-c", code, path, letter]) for letter in "abc"]
    deadline = time.monotonic() + 60
    while any(process.poll() is None for process in processes) and time.monotonic() < deadline:
        if path.exists():
            content = path.read_bytes()
            assert len(content) == 10_000
            assert len(set(content)) == 1
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert names(tmp_path) == ["a"]
