"""Packages installed by pip into a folder of their own, and commands run with that folder alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from forked import forget_modules, forked

REPOSITORY = Path(__file__).resolve().parents[2]


def python(*arguments: str, folder: Path, timeout: float = 300, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python in `folder`, with these changes of the environment."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1", "COLUMNS": "200", "PIP_NO_INDEX": "1"} | environment,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def pip_install(source: Path, target: Path) -> None:
    """Install a project or a wheel into `target`, without its dependencies and without a network."""
    done = python(
        *("-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"),
        *("--target", str(target), str(source)),
        folder=target.parent,
    )
    assert done.returncode == 0, done.stderr


def installed_ganzoo(*arguments: str, site: Path, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the `ganzoo` of `site` in a child whose path is that of a fresh installation, without this repository."""

    def command() -> None:
        # Not all that lies below it: the README's .venv does.
        sources = {REPOSITORY, *(REPOSITORY / name for name in ("plugins", "tests", "tests/support"))}
        sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() not in sources]
        sys.meta_path[:] = [each for each in sys.meta_path if "editable" not in str(getattr(each, "__module__", each))]
        forget_modules("ganzoo")
        import ganzoo

        if arguments == ("where",):
            print(ganzoo.__file__)
            return
        from ganzoo._cli.app import main

        sys.argv = ["ganzoo", *arguments]
        main()

    return forked(command, folder, PYTHONPATH=str(site), **environment)
