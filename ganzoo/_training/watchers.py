"""Watchers: the callbacks that people chose for a run; one that fails is switched off, and the run goes on."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ganzoo._io.append_file import AppendFile
from ganzoo._recipe.toml_source import parse
from ganzoo._registry.part import Part
from ganzoo._registry.registry import Registry
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.record import Score
from ganzoo.contracts.callbacks import RunCallback, WatchedRun
from ganzoo.errors import RecipeError
from ganzoo.text import requirement

VARIABLE = "GANZOO_CALLBACKS"
Chosen = tuple[Part, Any]


def choose_callbacks(texts: Sequence[str], registry: Registry) -> list[Chosen]:
    """Return the callbacks that are named, those of the environment variable, and those that every run has.

    Of one that is named more than once the last options count: those of `texts` before the variable's.

    Args:
        texts: `NAME`, or `NAME={key = value}` with options as TOML.
        registry: Where they are looked up.

    Raises:
        PluginError: There is none of that name.
        RecipeError: Options are wrong, or a package is missing that a named one needs.
    """
    named = [*(each.strip() for each in os.environ.get(VARIABLE, "").split(";") if each.strip()), *texts]
    chosen = {part.qualified_name: (part, options) for part, options in (_read(each, registry) for each in named)}
    for part in registry.defaults("callback"):
        if part.qualified_name not in chosen and part.cls.unavailable() is None:
            chosen[part.qualified_name] = (part, part.cls.Options())
    return list(chosen.values())


def _read(text: str, registry: Registry) -> Chosen:
    name, _, given = text.partition("=")
    part = registry.part("callback", name.strip())
    if reason := part.cls.unavailable():
        raise RecipeError(f"callback '{part.name}' of {part.origin}: {reason}")
    options = parse(f"options = {given}", f"callback {name.strip()}")["options"] if given.strip() else {}
    try:
        return part, part.cls.Options.model_validate(options)
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        where = ".".join(map(str, (part.name, *found["loc"])))
        raise RecipeError(f"callback {where}: {requirement(found['type'], found['msg'])}") from None


class Watchers:
    """Tells the chosen callbacks what happens, and switches off those that fail."""

    def __init__(self, chosen: Sequence[Chosen], warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._working: list[tuple[Part, RunCallback]] = []
        self._last: tuple[int, float] | None = None
        for part, options in chosen:
            try:
                self._working.append((part, part.cls(options)))
            except (Exception, SystemExit) as error:
                self._failed(part, "its constructor", error)

    def begin(self, directory: RunDirectory, plain: Mapping[str, Any], images_seen: int, total_images: int) -> None:
        """See `RunCallback.on_begin`."""

        def append_to(name: str) -> AppendFile:
            return AppendFile(directory.callbacks / name)

        run = WatchedRun(directory.name, directory.callbacks, plain, images_seen, total_images, append_to)
        self._tell("on_begin", run)

    def log(self, images_seen: int, values: Mapping[str, float]) -> None:
        """See `RunCallback.on_values`; adds the images per second since the last time."""
        told = dict(values)
        if seconds := values.get("seconds"):
            if self._last is not None and seconds > self._last[1]:
                told["images_per_second"] = (images_seen - self._last[0]) / (seconds - self._last[1])
            self._last = (images_seen, seconds)
        self._tell("on_values", images_seen, told)

    def samples(self, images_seen: int, grid: Path) -> None:
        """See `RunCallback.on_samples`."""
        self._tell("on_samples", images_seen, grid)

    def scores(self, scores: Sequence[Score]) -> None:
        """See `RunCallback.on_scores`."""
        for images_seen in dict.fromkeys(score.images_seen for score in scores):
            here = {score.label: score.value * score.scale for score in scores if score.images_seen == images_seen}
            self._tell("on_scores", images_seen, here)

    def end(self, status: str) -> None:
        """See `RunCallback.on_end`."""
        self._tell("on_end", status)

    def _tell(self, method: str, *arguments: Any) -> None:
        for part, callback in tuple(self._working):
            try:
                getattr(callback, method)(*arguments)
            except (Exception, SystemExit) as error:  # whatever it is, it must not cost the training
                self._working.remove((part, callback))
                self._failed(part, method, error)

    def _failed(self, part: Part, where: str, error: BaseException) -> None:
        text = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        self._warn(
            f"callback '{part.name}' of {part.origin} failed in {where} and is switched off ({text}); the run goes on"
        )
