"""A virtual environment of its own in which ganzoo is installed, without installing torch again."""

from __future__ import annotations

import subprocess
import sysconfig
import venv
from pathlib import Path

from installed_package import python


class FreshEnvironment:
    """A folder with an environment, in which people type commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        venv.EnvBuilder(with_pip=False).create(folder / ".venv")
        self.python = folder / ".venv" / "bin" / "python"
        (own,) = (folder / ".venv").glob("lib/python*/site-packages")
        # What this test's own environment has, its editable installations too.
        (own / "shared.pth").write_text(f"import site; site.addsitedir({sysconfig.get_paths()['purelib']!r})\n")

    def types(self, line: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command as typed: `ganzoo ...`, `pip install ...`, `pytest ...`."""
        program, *words = line.split()
        if program == "pip":
            # No network: what a package is built with and needs is there.
            install = ("-m", "pip", "--python", str(self.python), *words, "--no-deps", "--no-build-isolation", "-q")
            return python(*install, folder=self.folder)
        done = subprocess.run(
            [str(self.python), "-m", program, *words],
            cwd=self.folder,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(self.folder),
                "OMP_NUM_THREADS": "1",
                "COLUMNS": "200",
                "GANZOO_CACHE": str(self.folder / "cache"),
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        return done
