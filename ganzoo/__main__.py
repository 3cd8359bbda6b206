"""Module entry: the command line without a script on the path, `python -m ganzoo run quickstart`."""

from __future__ import annotations

from ganzoo._cli.app import main

if __name__ == "__main__":
    main()
