"""Asked: for what a run was made, as its record repeats it: so whoever hands out runs knows its own again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ganzoo._runs.record import RunRecord
from ganzoo.errors import GanzooError
from ganzoo.text import clip, literal

TAG = re.compile(r"[^\s,=][^,\x00-\x1f]{0,63}")


def check_tags(tags: Sequence[str]) -> None:
    """Raise GanzooError where a tag is empty, too long, or would not be found again: it has a comma or a line break."""
    for tag in tags:
        if not isinstance(tag, str) or not TAG.fullmatch(tag):
            raise GanzooError(f"'{clip(literal(str(tag)), 80)}' is no tag: use 1 to 64 characters, without commas")


@dataclass(frozen=True)
class Asked:
    """What a run was asked for with.

    Attributes:
        id: Hash of the recipe's text with overrides and seed; empty where there is no such text.
        tags: Words that people gave it.
        sweep: The plan that it belongs to.
    """

    id: str = ""
    tags: tuple[str, ...] = ()
    sweep: Mapping[str, Any] | None = None

    def fields(self, earlier: RunRecord | None) -> dict[str, Any]:
        """Return the fields of a record, those of an earlier attempt kept."""
        tags = dict.fromkeys((*(earlier.tags if earlier else ()), *self.tags))
        kept = {"sweep": dict(self.sweep)} if self.sweep else {}
        return {"asked": self.id, "tags": tuple(tags), **kept}
