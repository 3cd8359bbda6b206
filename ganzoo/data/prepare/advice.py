"""Advice: what became of images that were not as a pack is, and what may be wrong with it, in words."""

from __future__ import annotations

from ganzoo.contracts.reporter import Reporter
from ganzoo.data.pack.class_counts import empty_classes
from ganzoo.data.pack.pack import Pack

_NAMED = 5


def tell_of_pack(reporter: Reporter, name: str, pack: Pack, subjects: str, *, is_new: bool) -> None:
    """Say what a run's images are not, as far as people should know.

    Args:
        reporter: Takes the messages.
        name: The dataset.
        pack: Its images.
        subjects: What may be wrong with their subjects.
        is_new: Whether nothing was said of them yet: what a run has heard once, it need not hear when it goes on.
    """
    if pack.bad_files:
        left_out = ", ".join(pack.bad_files[:_NAMED]) + (", ..." if len(pack.bad_files) > _NAMED else "")
        reporter.warning(f"left out of {name}, since they cannot be used ({len(pack.bad_files):,}): {left_out}")
    if empty := empty_classes(pack):
        reporter.warning(f"{name}: {empty}")
    said = changes_of_images(pack) | ({"subjects": subjects} if subjects else {})
    for what, text in said.items() if is_new else ():
        reporter.info(f"images of {name}, {what}: {text}")


def changes_of_images(pack: Pack) -> dict[str, str]:
    """Return what became of images that were not as the pack is, each under a word for it; nothing where all were."""
    found, count, side = pack.manifest.changes, len(pack), pack.spec.resolution
    said: dict[str, str] = {}
    if found.reshaped:
        what = {
            "pad": "padded with the background",
            "stretch": "stretched to squares",
            "crop": f"cut to the centered square, of one {found.least_kept:.0%} is kept (dataset.shape = 'pad': all)",
        }.get(str(pack.manifest.settings.get("shape")), "made square")
        said["not square"] = f"{found.reshaped:,} of {count:,} images: {what}"
    if found.enlarged:
        said["enlarged"] = (
            f"{found.enlarged:,} of {count:,} images, smaller than {side} pixels: up to {found.most_enlarged:.3g} times"
        )
    if found.squared:
        said["spacing"] = f"{found.squared:,} of {count:,} slices resampled to square pixels"
    if found.grayed:
        said["color"] = f"{found.grayed:,} of {count:,} images had colors and are gray (dataset.channels)"
    elif 0 < found.colored < count:
        said["color"] = f"{found.colored:,} of {count:,} images are gray, the others have colors"
    if found.smallest != found.largest:
        (low, wide), (high, broad) = found.smallest, found.largest
        said["sizes"] = f"from {wide}x{low} to {broad}x{high} pixels"
    return said
