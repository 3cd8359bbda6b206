"""Entries: images as a source lists them, and what it states of their classes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """An image of a source.

    Attributes:
        key: Unique and stable within the source; enough to find the image again.
        fingerprint: Changes when the source changes.
        label: Class that the source states, if any.
        subject: Whom it shows, as far as the source says: a volume, a hashed PatientID. Empty: unknown.
        split: Split that the source states, if any.
        together: Equal for images that are best read one after the other, since they share a volume.
    """

    key: str
    fingerprint: str = ""
    label: int | None = None
    subject: str = ""
    split: str | None = None
    together: str = ""


@dataclass(frozen=True)
class StatedClasses:
    """What a source states of its classes, beside the label of each entry.

    Attributes:
        names: Names of classes 0, 1, ...; empty where it gives none.
        complaint: Why labels that are there cannot be used, as a sentence without its end; empty where they can.
            It stops those who want the labels, and nobody else.
    """

    names: tuple[str, ...] = ()
    complaint: str = ""
