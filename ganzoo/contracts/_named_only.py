"""Name of a part that was not looked up: what an option that chooses a part holds outside of a recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ganzoo.errors import PluginError


@dataclass(frozen=True)
class NamedOnly:
    """A name that was given outside of a recipe, where nothing is looked up."""

    kind: str
    name: str
    options: Any

    @property
    def cls(self) -> type[Any]:
        """Refuse: it is only a name."""
        raise PluginError(
            f"{self.kind} '{self.name}' is a name that was not looked up: recipes look it up; in Python give "
            f"ganzoo.ConfiguredPart(cls, options) in its place"
        )


def plain_choice(chosen: Any) -> dict[str, Any] | None:
    """Return what an option chose as a recipe writes it: `name` and the part's options; None for no part."""
    if chosen is None:
        return None
    options = chosen.options
    plain = options if isinstance(options, dict) else options.model_dump(mode="json", exclude_none=True)
    return {"name": chosen.name if hasattr(chosen, "name") else chosen.cls.name, **plain}


def holds_names(options: Any) -> bool:
    """Whether an option is a name that was not looked up."""
    return any(isinstance(value, NamedOnly) for value in vars(options).values())
