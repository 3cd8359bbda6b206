"""Samples side by side: grids that trainings kept, of the same latents or not, early enough, readable."""

import numpy as np
import pytest

from ganzoo._io.image_grid import write_grid
from ganzoo._runs.record import DatasetId, RunRecord, write_record
from ganzoo._runs.sample_grids import LATENTS
from ganzoo.errors import GanzooError, RunError
from ganzoo.figures import side_by_side
from ganzoo.plotting import Picture


def kept(folder, name, latents="aa", value=90, counts=(10, 20), fingerprint="f"):
    path = folder / name
    (path / "samples").mkdir(parents=True)
    data = DatasetId(name="x", resolution=4, channels=1, fingerprint=fingerprint)
    write_record(path / "record.json", RunRecord(name=name, recipe={}, dataset=data, status="finished"))
    for place, count in enumerate(counts):
        images = np.full((4, 1, 4, 4), value + place, np.uint8)
        write_grid(path / "samples" / f"{count:010d}.png", images, facts={LATENTS: latents} if latents else None)
    write_grid(path / "samples" / "reals.png", np.full((4, 1, 4, 4), 200, np.uint8))
    return path


def shades(figure):
    pictures = [mark.pixels for mark in figure.canvas.marks if isinstance(mark, Picture)]
    return [set(np.unique(pixels)) - {32} for pixels in pictures]  # the ground between images is 32


def test_grids_stand_beside_each_other_with_the_real_images(tmp_path):
    runs = [kept(tmp_path, "a"), kept(tmp_path, "b", value=120)]
    figure = side_by_side(runs)
    assert figure.facts["same_latents"] is True
    assert [each["images_seen"] for each in figure.facts["grids"]] == [20, 20]
    assert shades(figure) == [{91}, {121}, {200}]
    assert shades(side_by_side(runs, [15, 20])) == [{90}, {121}, {200}]
    assert [path.name for path in figure.write(tmp_path / "out.png")] == ["out.png", "out.png.json"]


@pytest.mark.parametrize(("latents", "same"), [("bb", False), ("", None)])
def test_whether_the_latents_are_the_same_is_known_or_not_claimed(tmp_path, latents, same):
    runs = [kept(tmp_path, "a"), kept(tmp_path, "b", latents, fingerprint="g")]
    figure = side_by_side(runs)
    assert figure.facts["same_latents"] is same
    assert shades(figure) == [{91}, {91}]  # they learned from other images, so none are real for both


def test_what_cannot_be_shown_is_explained(tmp_path):
    run = kept(tmp_path, "a")
    with pytest.raises(GanzooError, match="kept no grid of samples of its first 5 images"):
        side_by_side([run], [5])
    with pytest.raises(GanzooError, match="name at least one"):
        side_by_side([])
    (run / "samples" / "0000000020.png").write_bytes(b"\x89PNG\r\n\x1a\nrest")
    with pytest.raises(RunError, match="is no picture that can be read"):
        side_by_side([run])
