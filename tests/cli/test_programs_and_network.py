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

STARTS = {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.spawn", "os.startfile", "pty.spawn"}
CONNECTS = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.bind", "socket.sendto"}
RECIPE = merged(TINY, DCGAN, {"training": {"total_kimg": 0.032, "preview_images": 4}})


def commands(folder: Path) -> list[list[str]]:
    """What people type, on a small run in a folder."""
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
    ]


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


def test_commands_start_no_program_and_open_no_connection(tmp_path):
    """In one child whose audit hook sees whatever Python code does."""
    work = hostile_repository(tmp_path)

    def all_of_them() -> None:
        seen: list[str] = []
        sys.addaudithook(
            lambda event, arguments: seen.append(f"{event} {arguments}") if event in STARTS | CONNECTS else None
        )
        for command in commands(tmp_path):
            sys.argv = ["ganzoo", *command]
            try:
                main()
            except SystemExit as end:
                assert not end.code, (command, end.code)
            assert not seen, (command, seen)

    done = forked(all_of_them, work)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "ran").exists()
    told = told_in(tmp_path / "runs", tmp_path / "generator.safetensors", tmp_path / "grid.png")
    assert told == []


def told_in(*places: Path) -> list[str]:
    """Return which files name the host, the user or the home folder, in their content or their own name."""
    words = {socket.gethostname(), str(Path.home()), os.environ.get("USER", "")} - {
        "",
        "/",
        "localhost",
        "root",
        "/root",
    }
    files = [path for place in places for path in ([place] if place.is_file() else place.rglob("*")) if path.is_file()]
    assert len(files) > 10
    return [
        f"{path}: {word}" for path in files for word in words if word.encode() in path.read_bytes() or word in path.name
    ]


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace: apt install strace")
def test_the_system_sees_no_program_and_no_connection(tmp_path):
    """As above, below Python: what libraries in C do is seen too."""
    work, cache = hostile_repository(tmp_path), {"GANZOO_CACHE": str(tmp_path / "cache")}
    program = [sys.executable, "-m", "ganzoo"]
    for number, command in enumerate(commands(tmp_path)):
        trace = tmp_path / f"{number}.trace"
        traced = ["strace", "-f", "-qq", "-e", "trace=execve,execveat,connect,bind", "-o", str(trace)]
        done = subprocess.run(
            [*traced, *program, *command], cwd=work, capture_output=True, text=True, env=os.environ | cache
        )
        assert done.returncode == 0, done.stderr
        calls = [line.split(maxsplit=1)[1] for line in trace.read_text().splitlines()]
        starts = [call for call in calls if call.startswith("execve")]
        own = [call for call in starts if f'"{sys.executable}"' in call]  # itself, and its workers
        assert own == starts, starts
        assert [call for call in calls if "AF_INET" in call] == [], command
    assert not (tmp_path / "ran").exists()
