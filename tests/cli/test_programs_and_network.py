"""No command starts a program, and none opens a connection but `fetch-weights` and remote packs."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import tomli_w
from forked import forked
from training_world import DCGAN, TINY, merged

from ganzoo._cli.app import main

HOST, HOME, USER = "host-of-the-tester", "home-of-the-tester", "name-of-the-tester"
STARTS = {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.spawn", "os.startfile", "pty.spawn"}
CONNECTS = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.bind", "socket.sendto"}
IMAGES = DCGAN["dataset"] | {"count": 12}
RECIPE = merged(TINY, DCGAN, {"dataset": IMAGES, "training": {"total_kimg": 0.032, "preview_images": 4}})


NOWHERE = "127.0.0.1:9"  # where nothing listens
OFFLINE = ["fetch-weights", "--url", f"http://{NOWHERE}/weights.pth", "--to"]


def commands(folder: Path) -> list[list[str]]:
    """What people type, on a small run in a folder; all of it succeeds."""
    recipe, run = folder / "small.toml", str(folder / "runs/small-s3")
    recipe.write_text(tomli_w.dumps(RECIPE))
    return [
        ["check", str(recipe)],
        ["plugins"],
        ["run", str(recipe), "--runs", str(folder / "runs")],
        ["resume", run, "--set", "training.total_kimg=0.04"],
        ["score", run, "--set", "scoring.generated=10"],
        ["compare", str(folder / "runs")],
        ["sample", run, "--out", str(folder / "grid.png")],
        ["export", run, "--out", str(folder / "generator.safetensors")],
        ["verify", run],
        ["metrics", "kid"],
        ["recipes"],
        ["schema"],
        ["runs", str(folder / "runs")],
        ["doctor"],
        ["explore", "grid", run, "--seeds", "0-3"],
        ["publish", run, "--out", str(folder / "published")],
        ["verify", str(folder / "published")],
        ["report", str(folder / "runs"), "--out", str(folder / "report.html")],
        ["import", str(folder / "generator.safetensors"), "--out", str(folder / "runs/imported")],
        ["import", str(folder / "published"), "--out", str(folder / "runs/published")],
        ["rm", str(folder / "runs/imported"), str(folder / "runs/published"), "--yes"],
        ["reproduce", run, "--runs", str(folder / "reproduced")],
        ["data", "prepare", "phantom", "--set", "count=40", "--resolution", "16", "--out", str(folder / "pack")],
        ["data", "check", str(folder / "pack")],
        ["data", "show", str(folder / "pack"), "--sheet", str(folder / "sheet.png")],
        ["data", "export", str(folder / "pack"), "--out", str(folder / "pack.zip")],
        ["init", str(folder / "pack.zip"), "--out", str(folder / "mine.toml"), "--hours", "1", "--resolution", "16"],
    ]


def ended(command: list[str]) -> int | str | None:
    """Return the exit code of a command in this process."""
    sys.argv = ["ganzoo", *command]
    try:
        main()
    except SystemExit as end:
        return end.code
    return 0


def hostile_repository(folder: Path) -> Path:
    """A folder as it may be downloaded, whose `.git` names a script wherever git would run one."""
    ran, script, git = folder / "ran", folder / "script", folder / "work/.git"
    script.write_text(f"#!/bin/sh\necho ran >> {ran}\n")
    script.chmod(0o755)
    (git / "refs/heads").mkdir(parents=True)
    (git / "objects").mkdir()
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "refs/heads/main").write_text("0123456789" * 4)
    (git / "config").write_text(
        f"[core]\n\tfsmonitor = {script}\n\tpager = {script}\n\tsshCommand = {script}\n"
        f'[filter "f"]\n\tclean = {script}\n'
    )
    (git.parent / ".gitattributes").write_text("* filter=f\n")
    return git.parent


@pytest.mark.ci  # thirty commands
def test_commands_start_no_program_and_open_no_connection(tmp_path):
    """In one child whose audit hook sees whatever Python code does."""
    work, home = hostile_repository(tmp_path), tmp_path / HOME
    home.mkdir()

    def all_of_them() -> None:
        socket.gethostname = lambda: HOST
        seen: list[str] = []

        def note(event: str, arguments: tuple) -> None:
            # urllib3, where it is, binds to a port of its own machine at its import to see whether that has IPv6.
            if event in STARTS | CONNECTS and not (event == "socket.bind" and arguments[1][0] == "::1"):
                seen.append(f"{event} {arguments}")

        sys.addaudithook(note)
        for command in commands(home):
            assert not ended(command), command
            assert not seen, (command, seen)
        assert ended(["fetch-weights", "--url", "file:///etc/passwd", "--to", str(home / "weights")]) == 2
        assert not seen, seen
        assert ended([*OFFLINE, str(home / "weights")]) == 2
        connected = [each for each in seen if each.startswith("socket.connect")]
        assert connected and all("('127.0.0.1', 9)" in each for each in connected), seen
        assert not list((home / "weights").iterdir())

    done = forked(all_of_them, work, HOME=str(home), USER=USER, LOGNAME=USER)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "ran").exists()
    shared = [path for path in home.rglob("*") if path.is_file() and path.name not in ("small.toml", "mine.toml")]
    assert {path.suffix for path in shared} >= {
        ".json",
        ".jsonl",
        ".toml",
        ".txt",
        ".png",
        ".svg",
        ".safetensors",
        ".html",
    }
    told = [
        f"{path} names {word}"
        for path in shared
        for word in (HOST, HOME, USER)
        if word.encode() in path.read_bytes() or word in str(path.relative_to(home))
    ]
    assert told == []


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace: apt install strace")
def test_the_system_sees_no_program_and_no_connection(tmp_path):
    """As above, below Python: what libraries in C do is seen too."""
    work, cache = hostile_repository(tmp_path), {"GANZOO_CACHE": str(tmp_path / "cache")}
    for number, command in enumerate([*commands(tmp_path), [*OFFLINE, str(tmp_path / "weights")]]):
        trace = tmp_path / f"{number}.trace"
        traced = ["strace", "-f", "-qq", "-e", "trace=execve,execveat,connect,bind,sendto", "-o", str(trace)]
        done = subprocess.run(
            [*traced, sys.executable, "-m", "ganzoo", *command],
            cwd=work,
            capture_output=True,
            text=True,
            env=os.environ | cache | {"NO_PROXY": "127.0.0.1"},
        )
        offline = command[: len(OFFLINE)] == OFFLINE
        assert done.returncode == (2 if offline else 0), done.stderr
        calls = [line.split(maxsplit=1)[1] for line in trace.read_text().splitlines()]
        starts = [call for call in calls if call.startswith("execve")]
        # Itself and its workers; torch's build for CUDA asks the system's own ldconfig for the place of libdl.
        named = [call for call in starts if call.startswith((f'execve("{sys.executable}"', 'execve("/sbin/ldconfig"'))]
        assert named == starts, starts
        connected = [call for call in calls if "AF_INET" in call and call.startswith(("connect", "sendto"))]
        assert bool(connected) == offline, (command, connected)
        assert all('sin_port=htons(9), sin_addr=inet_addr("127.0.0.1")' in call for call in connected), connected
    assert not (tmp_path / "ran").exists()
