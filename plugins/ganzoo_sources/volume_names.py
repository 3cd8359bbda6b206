"""Volume names: which volumes of a folder are segmentations, and which show the same person, by their paths."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath

# seg, dseg (BIDS), fseg (OASIS), aseg and aparc+aseg (FreeSurfer), seg4 and seg35 (neurite), labelsTr (decathlon).
_SEGMENTATION = re.compile(
    r"[a-z]{0,4}seg\d*|segmentations?|masks?|labels?(?:tr|ts|va)?|labelmap|wmparc|parcellation|ribbon|lesion|rois?|gt"
)
_BIDS = re.compile(r"(?:^|/)(sub-[A-Za-z0-9]+)(?=[_./]|$)")
# What says how, when or in which part a volume was taken, and not of whom.
_KIND = re.compile(
    r"t1\w{0,3}|t2\w{0,4}|flair|pd|dwi|adc|swi|bold|ct|pet|mra?|mri|mprage|mpr|dess|000\d|seg\w*|volume|image|images|img"
    r"|imagestr|imagests|labelstr|train|training|val|validation|validate|test|testing|data|scans?|anat|func|raw|nii|nifti"
    r"|mr\d|ses\w*|session\w*|visit\d*|v\d|tp\d+|run\d*|baseline|bl|m\d\d|brain|stripped|masked|orig|norm|masks?|labels?"
)
_TOKENS = re.compile(r"[^A-Za-z0-9]+")
_FREESURFER = "mri"


def is_segmentation(name: str) -> bool:
    """Whether a volume is a segmentation, by the words of its name and of the folder it is in."""
    path = PurePosixPath(name)
    words = [*_TOKENS.split(stem_of(path.name).lower()), *_TOKENS.split(path.parent.name.lower())]
    return any(_SEGMENTATION.fullmatch(word) for word in words)


def stem_of(file_name: str) -> str:
    """Return a name without the suffixes of volumes."""
    return re.sub(r"\.(?:nii|hdr|img|mgz|mgh)?(?:\.gz)?$", "", file_name, flags=re.IGNORECASE)


def subjects_of(names: Sequence[str]) -> tuple[dict[str, str], bool]:
    """Return whom each volume shows, and whether the paths say so: else each volume counts as a person by itself.

    `sub-XX` is BIDS'. Else a folder is a person where files in it are called after it, or are called the same as in its
    neighbors (a `flair` and a `t1` in each). Else files of one name are of one person, but for words as `t1`.
    """
    people = _folders_of_people(names)
    subjects, told = {}, 0
    for name in names:
        bids = _BIDS.search(name)
        folder = next((folder for folder in _parents(name) if folder in people), None)
        subjects[name] = bids[1] if bids else folder or _called(name)
        told += bool(bids or folder)
    return subjects, told == len(names) or len(set(subjects.values())) < len(names)


def _parents(name: str) -> list[str]:
    """Return the folders that a file is in, from the root on, as paths."""
    return [str(parent) for parent in reversed(PurePosixPath(name).parents) if str(parent) != "."]


def _folders_of_people(names: Sequence[str]) -> set[str]:
    found = set()
    inside: defaultdict[str, set[str]] = defaultdict(set)
    for name in names:
        for folder in _parents(name):
            own = PurePosixPath(folder).name
            rest = name[len(folder) + 1 :].replace(own, "")
            if not _is_kind(own) and any(letter.isalpha() for letter in stem_of(PurePosixPath(rest).name)):
                inside[folder].add(rest)
            if PurePosixPath(name).name.startswith((f"{own}_", f"{own}-", f"{own}.")) or rest.startswith(
                f"{_FREESURFER}/"
            ):
                found.add(folder)
    common = Counter((str(PurePosixPath(folder).parent), rest) for folder, rests in inside.items() for rest in rests)
    for folder, rests in inside.items():
        alike = sum(common[str(PurePosixPath(folder).parent), rest] > 1 for rest in rests)
        # Two sites that number their patients alike have as many names in common; folders of people have few files.
        if alike * 2 > len(rests) and all(_speaks(rest) for rest in rests):
            found.add(folder)
    return found


def _speaks(rest: str) -> bool:
    """Whether a name says what a file is, and not whom it shows: by a word that is known, or without numbers."""
    stem = stem_of(PurePosixPath(rest).name)
    words = [word for word in _TOKENS.split(stem.lower()) if word]
    return any(_is_kind(word) for word in words) or not any(letter.isdigit() for letter in stem)


def _is_kind(word: str) -> bool:
    return all(_KIND.fullmatch(part) for part in _TOKENS.split(word.lower()) if part)


def _called(name: str) -> str:
    """Return a path without the words that do not say whom it shows."""
    path = PurePosixPath(name)
    words = [word for word in _TOKENS.split(stem_of(path.name)) if word]
    whom = [word for word in words if not _KIND.fullmatch(word.lower())]
    folders = [folder for folder in path.parts[:-1] if not _is_kind(folder)]
    return "/".join([*folders, "_".join(whom or words)])
