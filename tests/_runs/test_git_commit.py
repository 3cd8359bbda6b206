"""The commit is read from files: what a repository's config names never runs."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import pytest

from ganzoo._runs.git_commit import commit_around
from ganzoo._runs.provenance import git_state

COMMIT, OTHER = "0123456789" * 4, "9876543210" * 4


@pytest.fixture
def repository(tmp_path):
    """A repository as git lays it out, without git."""
    git = tmp_path / "work" / ".git"
    (git / "refs/heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "refs/heads/main").write_text(f"{COMMIT}\n")
    (tmp_path / "work/sub/deeper").mkdir(parents=True)
    return git


def test_branches_detached_heads_packed_references_and_worktrees(repository, tmp_path, monkeypatch):
    work = repository.parent
    assert commit_around(work) == commit_around(work / "sub/deeper") == COMMIT
    (repository / "packed-refs").write_text(f"# pack-refs with: peeled\n{OTHER} refs/heads/main\n^{COMMIT}\n")
    assert commit_around(work) == COMMIT  # a loose reference is the newer one
    (repository / "refs/heads/main").unlink()
    assert commit_around(work) == OTHER
    (repository / "HEAD").write_text(COMMIT)
    assert commit_around(work) == COMMIT
    tree, linked = repository / "worktrees/w", tmp_path / "w"
    tree.mkdir(parents=True)
    (tree / "HEAD").write_text("ref: refs/heads/main\n")
    (tree / "commondir").write_text("../..\n")
    linked.mkdir()
    (linked / ".git").write_text(f"gitdir: {tree}\n")
    assert commit_around(linked) == OTHER
    monkeypatch.chdir(linked)
    assert git_state() == {"commit": OTHER}


@pytest.mark.parametrize(
    "head",
    ["", "ref: ../../../secret", "ref: refs/heads/.invalid", "ref: refs/../../x", "ref: refs/heads/main\0", "secret"],
)
def test_what_names_no_commit(repository, head):
    (repository / "HEAD").write_text(head)
    assert commit_around(repository.parent) is None


def test_pipes_devices_circles_and_other_text_end_at_once(repository):
    reference = repository / "refs/heads/main"
    reference.write_text("my password\n")
    assert commit_around(repository.parent) is None
    reference.write_text("ref: refs/heads/main\n")
    assert commit_around(repository.parent) is None
    for place in (reference, repository / "HEAD"):
        place.unlink()
        os.mkfifo(place)
        assert commit_around(repository.parent) is None
        place.unlink()
        place.symlink_to("/dev/zero")
        assert commit_around(repository.parent) is None


def test_nothing_that_a_downloaded_repository_names_is_run(repository, tmp_path, monkeypatch):
    """The same settings run the script where git itself is asked."""
    work, ran, script = repository.parent, tmp_path / "ran", tmp_path / "script"
    script.write_text(f"#!/bin/sh\necho ran >> {ran}\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    (repository / "config").write_text(
        f"[core]\n\trepositoryformatversion = 0\n\tfsmonitor = {script}\n\tsshCommand = {script}\n\tpager = {script}\n"
        f'\thooksPath = {tmp_path}\n[filter "f"]\n\tclean = {script}\n\tsmudge = {script}\n\tprocess = {script}\n'
        f"[alias]\n\tstatus = !{script}\n[diff]\n\texternal = {script}\n"
    )
    (repository / "objects").mkdir()
    (work / ".gitattributes").write_text("* filter=f\n")
    (work / "file").write_text("x")
    started = []
    sys.addaudithook(lambda event, arguments: started.append(event) if event in _STARTS else None)
    monkeypatch.chdir(work)
    assert git_state() == {"commit": COMMIT}
    assert started == []
    assert not ran.exists()
    try:
        subprocess.run(["git", "status"], capture_output=True, check=False)
    except FileNotFoundError:
        return
    assert ran.exists()


_STARTS = {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "os.system", "os.spawn"}
