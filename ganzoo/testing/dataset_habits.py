"""Dataset habits: what processes that prepare images rely on: order, keys, labels, and images that stand alone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from ganzoo.contracts.datasets import Item
from ganzoo.testing.calls import draws
from ganzoo.testing.failure import NotAsked, doing, require
from ganzoo.testing.folder_order import turned_folders
from ganzoo.testing.lookup import read_options
from ganzoo.testing.options import check_importable
from ganzoo.testing.other_process import check_hashes
from ganzoo.testing.properties import Property
from ganzoo.testing.source_files import Images, check_noticed

_READ = 8
_MOST = 24
_TEXTS = ("key", "subject", "fingerprint", "together")


def _has_root(case: Any) -> bool:
    return "root" in case.cls.Options.model_fields


def check_listed(case: Any) -> None:
    """Require a sequence of items whose fields are of the types that are written."""
    with doing("listing its images"):
        listed = case.dataset().items()
    require(
        isinstance(listed, Sequence),
        f"items() gives {type(listed).__name__}, which is no sequence: it is counted, sliced and read twice; return a "
        f"list",
    )
    for item in listed:
        require(isinstance(item, Item), f"items() must hold ganzoo.Item, found {item!r:.80}")
        for name in _TEXTS:
            value = getattr(item, name)
            require(isinstance(value, str), f"{item.key!r}: its {name} must be text, found {type(value).__name__}")
        require(
            item.label is None or type(item.label) is int,
            f"{item.key!r} has the label {item.label!r}, {type(item.label).__name__}; a label is an int, or None: it "
            f"is written as JSON; give int(...)",
        )


def _check_names(case: Any) -> None:
    dataset, classes = case.dataset(), case.spec.label_dim
    with doing("class_names() after the images were listed"):
        dataset.items()
        names = list(dataset.class_names())
    require(all(isinstance(name, str) for name in names), f"class_names() must give text, found {names!r:.80}")
    require(
        not names or (classes > 0 and len(names) == classes),
        f"class_names() gives {len(names)} names, but spec_of says label_dim = {classes}; give one for each, or none",
    )
    require(len(set(names)) == len(names), f"class_names() gives one name to two classes: {', '.join(names)[:80]}")


def _check_file_order(case: Any) -> None:
    with doing("listing its images"), turned_folders():
        turned = list(case.dataset().items())
    require(
        turned == case.items,
        "lists its images in the order in which the file system gives them, which differs from machine to machine; "
        "sort them",
    )


def _check_keys_elsewhere(case: Any) -> None:
    root = Path(case.options.root)
    if not root.exists():
        raise NotAsked("its root is no path of this machine")
    other = Path(os.path.relpath(root)) if root.is_absolute() else root.absolute()
    elsewhere = case.options.model_copy(update={"root": type(case.options.root)(other)})
    with doing("listing its images under another path"):
        there = list(case.dataset(elsewhere).items())
    keys = [item.key for item in there]
    named = next((item.key for item in case.items if str(root.resolve()) in item.key), "")
    require(
        not named and keys == [item.key for item in case.items],
        f"a key says where the root lies, {named or case.items[0].key!r}: where it lies elsewhere, all images would be "
        f"others; give the path below the root, path.relative_to(root).as_posix()",
    )
    for one, two in zip(case.items, there, strict=True):
        for name in ("subject", "split", "label"):
            here, other = getattr(one, name), getattr(two, name)
            require(
                here == other and not (isinstance(here, str) and str(root.resolve()) in here),
                f"{one.key!r} has the {name} {here!r}, and {other!r} where the root lies elsewhere: the splits would "
                f"be others there; make it of the path below the root",
            )


def _check_fingerprints(case: Any) -> None:
    bare = [item.key for item in case.items if not item.fingerprint]
    require(
        not bare,
        f"{bare[0] if bare else ''!r} has no fingerprint, so that a file which changes leaves stale images prepared: "
        f"give its size and time, ganzoo.data.file_fingerprint(path)",
    )


def _check_changed(case: Any) -> None:
    def look(root: Path) -> Images:
        dataset = case.dataset(_at(case, root))
        return {item.key: (item.fingerprint, np.array(dataset.load(item))) for item in list(dataset.items())[:_MOST]}

    check_noticed(Path(case.options.root), look)


def _at(case: Any, root: Path) -> Any:
    return case.options.model_copy(update={"root": type(case.options.root)(root)})


def _check_range(case: Any) -> None:
    images = [case.pixels(item) for item in case.items[:_READ]]
    brightest = max(int(image.max()) for image in images)
    require(
        brightest > 1,
        f"the brightest value of its images is {brightest}, as if they ran from 0 to 1; uint8 runs from 0 to 255: "
        f"multiply before .astype(np.uint8)",
    )


def _check_other_resolution(case: Any) -> None:
    options = case.options
    resolution = options.resolution // 2 if options.resolution > 8 else options.resolution * 2
    try:
        other = read_options(type(options), {**options.model_dump(mode="json"), "resolution": resolution})
    except ValidationError as error:
        raise NotAsked(f"its options refuse {resolution} pixels") from error
    with doing(f"spec_of(options) at a resolution of {resolution}"):
        spec = case.cls.spec_of(other)
    require(spec.resolution == resolution, f"spec_of says {spec.resolution} pixels at a resolution of {resolution}")
    dataset = case.dataset(other)
    with doing(f"reading an image at a resolution of {resolution}"):
        image = dataset.load(case.items[0])
    require(
        image.shape == (spec.channels, resolution, resolution),
        f"gives images {list(image.shape)} where the option `resolution` asks for {resolution} pixels; read "
        f"self.options.resolution",
    )


def _check_repeated(case: Any) -> None:
    dataset, item = case.dataset(), case.items[0]
    with doing(f"reading {item.key!r}"):
        first, again = dataset.load(item), dataset.load(item)
        alone = case.dataset().load(item)
    if np.array_equal(first, again) and np.array_equal(first, alone):
        return
    drawn = draws(lambda: case.dataset().load(item))
    by = f": it draws with {drawn} from torch's global stream" if drawn else ""
    where = "in another process" if np.array_equal(first, again) else "the second time"
    order = "; it may depend on the order in which images are read" if not drawn else ""
    require(
        False,
        f"load({item.key!r}) gives another image {where}{by}{order}; an image is always the same: draw from "
        f"np.random.default_rng([seed, number of the image])",
    )


def _check_order(case: Any) -> None:
    items = case.items[:_READ]
    forth, back = case.dataset(), case.dataset()
    with doing("reading its images in another order"):
        found = [np.array(forth.load(item)) for item in items]
        turned = [np.array(back.load(item)) for item in reversed(items)][::-1]
    unlike = next((item.key for item, a, b in zip(items, found, turned, strict=True) if not np.array_equal(a, b)), None)
    require(
        unlike is None,
        f"{unlike!r} depends on the order in which images are read: several processes read some each, and a resume "
        f"goes on in the middle; let each image follow from its item alone",
    )


def _check_own_arrays(case: Any) -> None:
    if len(case.items) < 2:
        raise NotAsked("it has one image")
    dataset = case.dataset()
    with doing("reading two images"):
        first = dataset.load(case.items[0])
        kept = np.array(first)
        second = dataset.load(case.items[1])
    require(
        first is not second and np.array_equal(first, kept),
        "load gives the same array each time: reading an image overwrites the one before; make an array for each, or "
        "return a copy",
    )


LISTING = (
    Property("can be found by other processes", lambda case: check_importable(case.cls)),
    Property(
        "lists its images in one order in every process",
        check_hashes,
        needs="can be found by other processes",
    ),
    Property("names its classes", _check_names),
    Property("lists its images in one order on every file system", _check_file_order, _has_root),
    Property("its keys are the same elsewhere", _check_keys_elsewhere, _has_root),
    Property("its images have fingerprints", _check_fingerprints, _has_root),
    Property("its fingerprints follow its files", _check_changed, _has_root),
)
LOADING = (
    Property("its images run from 0 to 255", _check_range),
    Property("follows the resolution that is asked for", _check_other_resolution),
    Property("an image is the same each time", _check_repeated),
    Property("an image is the same in any order", _check_order),
    Property("an image is not overwritten by the next", _check_own_arrays),
)
