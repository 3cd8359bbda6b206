"""Features read: the extractors whose features a training read, by which its images must not be judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from ganzoo._runs.plain_data import Frozen


class FeaturesRead(Frozen, BaseModel):
    """An extractor whose features a training read.

    Attributes:
        extractor: Its name.
        extractor_class: Its class, as protocols say it; empty where only its name is known.
        weights_sha256: SHA-256 of its weights; empty where it has none, or they are not known.
        by: What read them: `discriminator 'projected'`.
    """

    extractor: str
    extractor_class: str = ""
    weights_sha256: str = ""
    by: str = ""

    def is_judge_of(self, protocol: Mapping[str, Any]) -> bool:
        """Whether a protocol judges by it: the same extractor, or another one with the same weights."""
        identity = protocol.get("extractor_identity")
        weights = identity.get("weights_sha256") if isinstance(identity, Mapping) else None
        if self.weights_sha256 and self.weights_sha256 == weights:
            return True
        if self.extractor_class:
            return self.extractor_class == protocol.get("extractor_class")
        return self.extractor == protocol.get("extractor")


def judge_among(read: Sequence[FeaturesRead], protocol: Mapping[str, Any]) -> FeaturesRead | None:
    """Return which of the extractors that a training read judges by a protocol, or None.

    A critic on a network's features teaches the generator to please that network; how far its distances then fall
    without better images is shown by Kynkäänniemi et al. (arXiv:2203.06026).
    """
    return next((each for each in read if each.is_judge_of(protocol)), None)
