"""Masks: segmentations that lie among the images they belong to, by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath

# As in `seg_001_slice_0.png`, `a_mask.png`, `ISIC_0000000_segmentation.png`, `labelsTr/7.png`, `masks/7.png`.
_MASK = re.compile(r"[a-z]{0,4}seg\d*|segmentations?|masks?|labels?(?:tr|ts|va)?|annotations?|groundtruth|gt")
# Folders that masks have one of their own beside: any other word is a class, such as `without`.
_IMAGES = re.compile(r"(?:\w*?)(?:images?|imgs?|photos?|pictures?|scans?|slices?|inputs?|originals?)(?:tr|ts|va)?")
_TOKENS = re.compile(r"[^A-Za-z0-9]+")
_SUFFIX = re.compile(r"(?:\.nii)?\.[A-Za-z]{1,5}$")

_Words = tuple[tuple[str, ...], tuple[str, ...]]  # of the folders, and of the file


def masks_among(keys: Sequence[str]) -> set[str]:
    """Return the paths that are masks by their names: called as an image beside them, but for the word that says so.

    A name alone does not make a mask: people with masks may well be what is to be learned.
    """
    split = {key: _words(key) for key in keys}
    marked = {key: words for key, words in split.items() if any(map(_is_mask, (*words[0], *words[1])))}
    if not marked:
        return set()
    wanted = {owner for words in marked.values() for owner in _owners(words)}
    there = {name for key, words in split.items() if key not in marked for name in _names(words) if name in wanted}
    return {key for key, words in marked.items() if not there.isdisjoint(_owners(words))}


def _is_mask(word: str) -> bool:
    return _MASK.fullmatch(word) is not None


def _words(key: str) -> _Words:
    path = PurePosixPath(key.lower())
    folders = tuple(word for part in path.parts[:-1] for word in _TOKENS.split(part) if word)
    return folders, tuple(word for word in _TOKENS.split(_SUFFIX.sub("", path.name)) if word)


def _owners(words: _Words) -> Iterator[_Words]:
    """Yield what the image of a mask is called: without the words that say mask, or what comes before them."""
    folders = tuple(word for word in words[0] if not _is_mask(word))
    name = tuple(word for word in words[1] if not _is_mask(word))
    if name:
        yield folders, name
    first = next((number for number, word in enumerate(words[1]) if _is_mask(word)), 0)
    if first:  # several of one image: `a_mask_1`, `a_mask_2`
        yield folders, words[1][:first]


def _names(words: _Words) -> Iterable[_Words]:
    """Yield what an image may be called by its masks: as it is, or without the word that says that it is one."""
    folders, name = words
    for inside in {folders, tuple(word for word in folders if not _IMAGES.fullmatch(word))}:
        yield inside, name
        yield from ((inside, name[:at] + name[at + 1 :]) for at, word in enumerate(name) if word.isalpha() and name[1:])
