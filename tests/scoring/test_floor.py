from __future__ import annotations

import numpy as np
import pytest
from scoring_world import Arrays, pack_of, pictures, settings, toy

from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.datasets import Item
from ganzoo.contracts.reporter import Silent
from ganzoo.data.prepare.prepare import prepare
from ganzoo.scoring import floor
from ganzoo.scoring.score import plan, score

KID = {"name": "kid", "subset_size": 10, "subsets": 5}


class Told(Silent):
    def __init__(self):
        self.warnings = []

    def warning(self, text):
        self.warnings.append(text)


def scored(tmp_path, pack, *, reporter=None, **changes):
    chosen = settings(**changes)
    extractor = chosen.extractor.cls(chosen.extractor.options)
    more = {"images_seen": 0, "device": "cpu", "cache": tmp_path / "cache", "reporter": reporter or Silent()}
    return score(toy(), pack, plan(chosen, extractor, pack), extractor, **more)


class Scans(Arrays):
    """Several slices of each subject; the last subjects are held out."""

    def __init__(self, options, images, slices, held_out):
        super().__init__(options, images)
        self.slices, self.held_out = slices, held_out

    def items(self):
        last = len(self.images) // self.slices - self.held_out
        subjects = [index // self.slices for index in range(len(self.images))]
        return [
            Item(f"{index:05d}", subject=f"s{subject}", split="test" if subject >= last else "train")
            for index, subject in enumerate(subjects)
        ]

    @classmethod
    def spec_of(cls, options):
        return ImageSpec(options.resolution, options.channels, options.classes)


def scans(tmp_path, *, subjects, slices, held_out):
    options = Scans.Options(resolution=16, channels=1)
    images = pictures(subjects * slices)
    return prepare(Scans(options, images, slices, held_out), "scans", cache=tmp_path / "packs", workers=1)


def test_halves_share_no_subject_and_are_of_nearly_equal_size():
    subjects = np.array([3, 3, 3, 9, 9, 5, 5, 7, 8, 8])
    one, other = floor.halves(subjects)
    assert sorted([*one, *other]) == list(range(10))
    assert not set(subjects[one]) & set(subjects[other])
    assert len(one) == len(other) == 5


def test_half_of_the_reference_stands_in_where_nothing_is_held_out(tmp_path):
    fid, kid = scored(tmp_path, pack_of(tmp_path / "packs", pictures(60)), metrics=("fid", KID))
    for each in (fid, kid):
        assert (each.floor.images, each.floor.reference_images) == (30, 30)
        assert each.floor.choice == "half of split 'train'"
        assert each.floor.value < each.value
        assert each.floor.error > 0
    assert abs(kid.floor.value) < 5 * kid.floor.error  # they are alike, and kernel distances have no bias


def test_images_held_out_stand_in_where_they_are_more_than_a_half(tmp_path):
    pack = scans(tmp_path, subjects=10, slices=8, held_out=4)
    (fid,) = scored(tmp_path, pack, metrics=("fid",))
    assert (fid.floor.images, fid.floor.reference_images) == (32, 48)
    assert fid.floor.choice == "split 'test'"
    (fid,) = scored(tmp_path, pack, metrics=("fid",), split="test")
    assert (fid.floor.images, fid.floor.choice) == (48, "split 'train'")
    few = scans(tmp_path / "few", subjects=10, slices=8, held_out=1)
    (fid,) = scored(tmp_path, few, metrics=("fid",))
    assert (fid.floor.images, fid.floor.reference_images) == (40, 32)
    assert fid.floor.choice == "half of the subjects of split 'train'"


def test_never_more_images_stand_in_than_are_generated(tmp_path):
    pack = scans(tmp_path, subjects=10, slices=8, held_out=4)
    (fid,) = scored(tmp_path, pack, metrics=("fid",), generated=20)
    assert (fid.floor.images, fid.floor.reference_images) == (20, 48)


def test_scores_against_known_subjects_have_errors_by_subject(tmp_path):
    fid, kid = scored(tmp_path, scans(tmp_path, subjects=10, slices=8, held_out=4), metrics=("fid", KID))
    alone, _ = scored(tmp_path, pack_of(tmp_path / "packs", pictures(60)), metrics=("fid", KID))
    assert [(each.error_unit, each.subjects) for each in (fid, kid)] == [("subject", 6)] * 2
    assert (alone.error_unit, alone.subjects) == ("image", None)


def test_floors_are_computed_once_and_again_where_an_entry_is_damaged(tmp_path, monkeypatch):
    pack = scans(tmp_path, subjects=10, slices=8, held_out=4)
    first = scored(tmp_path, pack, metrics=("fid",))
    (entry,) = (tmp_path / "cache" / "floors").rglob("*.json")
    with monkeypatch.context() as patch:
        patch.setattr(floor, "estimates_of", lambda *given: pytest.fail("computed again"))
        assert scored(tmp_path, pack, metrics=("fid",)) == first
    for damage in ("{", '{"key": 1}', entry.read_text().replace('"value"', '"other"')):
        entry.write_text(damage)
        assert scored(tmp_path, pack, metrics=("fid",)) == first
        assert entry.read_text() != damage


def test_a_metric_that_is_short_of_images_or_needs_no_reference_has_no_floor(tmp_path):
    pack = pack_of(tmp_path / "packs", pictures(60))
    (kid,) = scored(tmp_path, pack, metrics=({"name": "kid", "subset_size": 31, "subsets": 2},))
    assert kid.floor is None
    told = Told()
    found = scored(tmp_path, pack, metrics=("fid", "density-coverage"), reporter=told)
    assert all(each.floor for each in found)
    assert not told.warnings


def test_a_value_that_few_images_move_is_warned_of_in_numbers(tmp_path, monkeypatch):
    told = Told()
    monkeypatch.setattr("ganzoo.scoring.score._SHARE_OF_BIAS", 0.0)
    fid, _ = scored(tmp_path, pack_of(tmp_path / "packs", pictures(60)), metrics=("fid", KID), reporter=told)
    (warning,) = told.warnings
    assert warning.startswith(f"FD-random: with 60 generated images it lies roughly {fid.bias:.3g} (")
