"""ADA's transforms are the official ones, p follows the discriminator; DiffAugment does what its paper says."""

from __future__ import annotations

import math
import os
from pathlib import Path

import dense_ada
import numpy as np
import pytest
import torch
from torch.nn import functional as F

from ganzoo import ImageSpec
from ganzoo.testing import check_part, small_context
from ganzoo_augment import ADA, DiffAugment
from ganzoo_augment.color import SWITCHES, colors, recolor
from ganzoo_augment.draws import Draws
from ganzoo_augment.geometry import inverse
from ganzoo_augment.resampling import resample

COLOR, GRAY = ImageSpec(32, 3), ImageSpec(32, 1)
OFFICIAL = {
    "xflip": "x_flip",
    "rotate90": "rotate90",
    "xint": "integer_translation",
    "scale": "scale",
    "rotate": "rotation",
    "aniso": "anisotropic_scale",
    "xfrac": "fractional_translation",
    "brightness": "brightness",
    "contrast": "contrast",
    "lumaflip": "luma_flip",
    "hue": "hue",
    "saturation": "saturation",
}
GEOMETRY = [switch for switch in OFFICIAL.values() if switch not in SWITCHES]
DEVICES = [
    "cpu",
    pytest.param(
        "cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")]
    ),
]
ALL_OFF = dict.fromkeys(OFFICIAL.values(), False)


class Percentile:
    """Draws fixed as those of the reference numbers; of the two rotations only the first has an angle."""

    def __init__(self, count, percentile):
        self.count, self.q, self.p, self.turns = count, percentile, 1.0, 0

    def uniform(self, size=1, *, p=None):
        self.turns += p is not None
        return torch.full((self.count, size), 0.0 if self.turns > 1 else 2 * self.q - 1, dtype=torch.float64)

    def normal(self, size=1):
        return torch.full((self.count, size), 2 * self.q - 1, dtype=torch.float64).erfinv()

    def integer(self, choices):
        return torch.full((self.count, 1), math.floor(self.q * choices), dtype=torch.float64)


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(5)


def ada(images=COLOR, **options):
    return ADA(ADA.Options(**options), images)


def options(*switched_on, **more):
    return ADA.Options(**ALL_OFF | dict.fromkeys(switched_on, True), **more)


def smooth(count=2, channels=3, side=32):
    """Images without fine detail, which no filter changes."""
    noise = torch.rand(count, channels, 5, 5) * 2 - 1
    return F.interpolate(noise, size=side, mode="bicubic", align_corners=True).clamp(-1, 1)


# --- the reference ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reference():
    folder = os.environ.get("GANZOO_REFERENCE")
    if not folder:
        pytest.skip("GANZOO_REFERENCE does not name a folder with reference numbers")
    with np.load(Path(folder) / "ada_augment.npz") as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays.files}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("percentile", [0.3, 0.8])
@pytest.mark.parametrize("official", OFFICIAL)
def test_each_transform_is_the_official_one(official, percentile, device, reference):
    images, expected = reference["images"], reference[f"{official}_at_{percentile}"]
    pipe = ADA(options(OFFICIAL[official]), COLOR).to(device)
    found = pipe.transform(images.to(device), Percentile(len(images), percentile)).cpu()
    assert (found - expected).abs().max() <= 1e-4 * max(1, expected.abs().max())


@pytest.mark.parametrize("side", [16, 37])
@pytest.mark.parametrize("percentile", [0.1, 0.37, 0.62, 0.95])
def test_all_moves_together_are_those_of_padded_doubled_and_halved_images(side, percentile):
    images = torch.rand(2, 3, side, side, dtype=torch.float64) * 2 - 1
    for switched_on in (["rotation"], ["rotation", "anisotropic_scale", "fractional_translation"], GEOMETRY):
        matrix = inverse(options(*switched_on), Percentile(2, percentile), side)
        # Padded for the corners alone, as there, the filter's last taps look at zeros now and then.
        assert (resample(images, matrix) - dense_ada.moved(images, matrix)).abs().max() <= 2e-5


def test_all_colors_together_are_the_maps_one_after_the_other():
    q, images = 0.7, torch.rand(2, 3, 4, 4, dtype=torch.float64) * 2 - 1
    normal, chosen = float(torch.tensor(2 * q - 1).erfinv()), options(*SWITCHES)
    seen = images + normal * chosen.brightness_std
    seen = seen * 2 ** (normal * chosen.contrast_std)
    seen = seen - 2 * seen.mean(dim=1, keepdim=True) * math.floor(2 * q)
    angle, gray = math.radians(chosen.hue_range) * (2 * q - 1), seen.mean(dim=1, keepdim=True)
    axis = torch.full((3,), 3**-0.5, dtype=torch.float64)[None, :, None, None].expand_as(seen)
    turned = torch.linalg.cross(axis, seen, dim=1)
    seen = gray + (seen - gray) * math.cos(angle) + turned * math.sin(angle)
    seen = gray + (seen - gray) * 2 ** (normal * chosen.saturation_std)
    found = recolor(images, colors(chosen, Percentile(2, q), 3))
    torch.testing.assert_close(found, seen, rtol=0, atol=1e-6)


# --- what the transforms are, without any reference -----------------------------------------------------------------


def moved(images, switch, draws):
    return ADA(options(switch), COLOR).transform(images, draws)


def test_a_flip_a_quarter_turn_and_a_shift_are_what_their_names_say():
    images = smooth()
    inner = (slice(None), slice(None), slice(6, 26), slice(6, 26))
    flipped = moved(images, "x_flip", Percentile(2, 0.8))
    torch.testing.assert_close(flipped, images.flip(3), rtol=0, atol=0.06)
    turned = moved(images, "rotate90", Percentile(2, 0.3))
    torch.testing.assert_close(turned, images.rot90(1, dims=(2, 3)), rtol=0, atol=0.06)
    shifted = moved(images, "integer_translation", Percentile(2, 0.75 + 1e-9))
    torch.testing.assert_close(shifted[inner], images.roll((2, 2), dims=(2, 3))[inner], rtol=0, atol=1e-5)


def test_resampling_in_place_changes_nothing():
    images = torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(resample(images, torch.eye(3).double().expand(2, 3, 3)), images, rtol=0, atol=1e-5)


def test_the_border_is_reflected():
    images = torch.linspace(-1, 1, 32).expand(1, 1, 32, 32)
    shift = torch.eye(3).double()[None].clone()
    shift[0, 0, 2] = 12.0  # each pixel is read 12 to the right
    row = resample(images, shift)[0, 0, 16]
    expected = torch.cat([images[0, 0, 0, 12:], images[0, 0, 0, 19:31].flip(0)])
    torch.testing.assert_close(row, expected, rtol=0, atol=0.02)  # the ramp's kink is filtered


def test_an_image_does_not_depend_on_the_others_of_its_batch():
    images = torch.rand(6, 3, 16, 16)
    matrices = inverse(ADA.Options(), Draws(6, 1.0), 16)
    together = resample(images, matrices)
    for index in range(6):
        alone = resample(images[index : index + 1], matrices[index : index + 1])
        torch.testing.assert_close(together[index : index + 1], alone, rtol=0, atol=1e-5)


@pytest.mark.parametrize("left_out", GEOMETRY)
def test_a_switch_leaves_its_move_out_and_no_other(left_out):
    rest = [switch for switch in GEOMETRY if switch != left_out]
    expected = torch.eye(3).double()
    for switch in rest:
        expected = expected @ inverse(options(switch), Percentile(1, 0.8), 32)
    torch.testing.assert_close(inverse(options(*rest), Percentile(1, 0.8), 32), expected)
    whole = inverse(options(*GEOMETRY), Percentile(1, 0.8), 32)
    assert not torch.allclose(whole, expected)


@pytest.mark.parametrize("left_out", SWITCHES)
def test_a_switch_leaves_its_change_of_color_out_and_no_other(left_out):
    images = torch.rand(1, 3, 4, 4) * 2 - 1
    rest = [switch for switch in SWITCHES if switch != left_out]
    expected = images
    for switch in rest:
        expected = recolor(expected, colors(options(switch), Percentile(1, 0.8), 3))
    torch.testing.assert_close(recolor(images, colors(options(*rest), Percentile(1, 0.8), 3)), expected)
    assert not torch.allclose(recolor(images, colors(ADA.Options(), Percentile(1, 0.8), 3)), expected)


def test_with_all_switches_off_images_pass_untouched():
    images = torch.rand(4, 3, 8, 8)
    assert ADA(options(p=1.0), COLOR)(images) is images


@pytest.mark.parametrize("switch", OFFICIAL.values())
def test_each_transform_happens_with_probability_p(switch):
    count, p = 4000, 0.3
    chosen = options(switch)
    matrices = colors(chosen, Draws(count, p), 3) if switch in SWITCHES else inverse(chosen, Draws(count, p), 32)
    left_alone = (matrices == torch.eye(*matrices.shape[1:])).flatten(1).all(dim=1)
    # Of two flips one is none, and so is one turn of four; a short shift is rounded to none.
    none = {"x_flip": 1 / 2, "luma_flip": 1 / 2, "rotate90": 1 / 4, "integer_translation": 1 / 64}.get(switch, 0)
    assert 1 - left_alone.double().mean().item() == pytest.approx(p * (1 - none), abs=0.03)


def test_strengths_are_the_papers():
    draws, side = Draws(4000, 1.0), 64

    def of(switch):
        chosen = options(switch)
        return colors(chosen, draws, 3) if switch in SWITCHES else inverse(chosen, draws, side)

    log_scale = of("scale")[:, 0, 0].log2()
    stretch = of("anisotropic_scale")
    assert log_scale.std().item() == pytest.approx(0.2, rel=0.05)
    assert stretch[:, 0, 0].log2().std().item() == pytest.approx(0.2, rel=0.05)
    torch.testing.assert_close(stretch[:, 0, 0] * stretch[:, 1, 1], torch.ones(4000).double())
    assert of("fractional_translation")[:, :2, 2].std().item() == pytest.approx(8, rel=0.05)
    shifts = of("integer_translation")[:, :2, 2]
    assert shifts.abs().max() == 8 and torch.equal(shifts, shifts.round())
    assert of("brightness")[:, 0, 3].std().item() == pytest.approx(0.2, rel=0.05)
    assert of("contrast")[:, 0, 0].log2().std().item() == pytest.approx(0.5, rel=0.05)
    gray_axis = torch.ones(3).double() / math.sqrt(3)
    for switch in ("hue", "saturation"):  # both leave gray alone
        torch.testing.assert_close(of(switch)[:, :, :3] @ gray_axis, gray_axis.expand(4000, 3))
    turned = of("hue")[:, :, :3]
    torch.testing.assert_close(turned @ turned.transpose(1, 2), torch.eye(3).double().expand(4000, 3, 3))


def test_gray_images_have_no_hue_and_are_inverted_by_a_luma_flip():
    images = torch.rand(4, 1, 16, 16)
    for switch in ("hue", "saturation"):
        pipe = ADA(options(switch, p=1.0), GRAY)
        assert pipe(images) is images
    inverted = ADA(options("luma_flip"), GRAY).transform(images, Percentile(4, 0.8))
    torch.testing.assert_close(inverted, -images)


def test_a_gray_image_fares_as_a_color_image_of_equal_channels():
    gray = torch.rand(4, 1, 16, 16)
    chosen = options(*GEOMETRY, "brightness", "contrast", "luma_flip")
    found = ADA(chosen, GRAY).transform(gray, Percentile(4, 0.8))
    expected = ADA(chosen, COLOR).transform(gray.expand(-1, 3, -1, -1), Percentile(4, 0.8))
    torch.testing.assert_close(found.expand(-1, 3, -1, -1), expected)


def test_other_channels_are_refused_with_the_remedy():
    def incompatibility(chosen):
        return ADA.incompatibility(chosen, small_context(ImageSpec(16, 2), ADA, chosen))

    assert "these have 2: set brightness = false and hue = false" in incompatibility(options("brightness", "hue"))
    assert incompatibility(options("scale")) is None


# --- as a part ------------------------------------------------------------------------------------------------------


@pytest.mark.ci
@pytest.mark.parametrize("p", [None, 0.4, 1.0])
def test_ada_keeps_the_contract(p):
    check_part(ADA, ADA.Options(p=p, interval=2))


def test_diffaugment_keeps_the_contract():
    check_part(DiffAugment)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("images", [COLOR, GRAY])
@pytest.mark.parametrize("part", [ADA, DiffAugment])
def test_gradients_and_their_gradients_are_right(part, images, device):
    chosen = ADA.Options(p=0.7) if part is ADA else DiffAugment.Options()
    augmentation = part(chosen, images).to(device)

    def cubed(shown):
        torch.manual_seed(3)
        return augmentation(shown) ** 3

    shown = torch.rand(2, images.channels, 4, 4, dtype=torch.float64, device=device, requires_grad=True)
    # In fast mode along one random direction: each of the 96 colors of two images by itself takes seconds.
    # On a GPU the order of sums, and so their last bits, differ from time to time.
    assert torch.autograd.gradcheck(cubed, shown, nondet_tol=1e-12, fast_mode=True)
    assert torch.autograd.gradgradcheck(cubed, shown, nondet_tol=1e-12, fast_mode=True)


@pytest.mark.parametrize("augmentation", [ada(p=0.2), ada(p=1.0), ADA(options("scale", p=0.5), COLOR)])
def test_images_stay_channels_last(augmentation):
    images = torch.rand(8, 3, 16, 16).to(memory_format=torch.channels_last)
    changed = augmentation(images)
    assert not changed.equal(images)
    assert changed.is_contiguous(memory_format=torch.channels_last)


def test_p_of_zero_is_the_identity_and_draws_nothing():
    images = torch.rand(4, 3, 8, 8)
    before = torch.get_rng_state()
    assert ada()(images) is images
    assert torch.equal(before, torch.get_rng_state())


# --- p --------------------------------------------------------------------------------------------------------------

HIGH, LOW = torch.ones(8), torch.tensor([1.0] * 4 + [-1.0] * 4)  # mean signs 1 and 0, either side of 0.6


def trajectory(augmentation, logits):
    result = []
    for each in logits:
        augmentation.observe(each)
        result.append(round(float(augmentation.report()["p"]), 6))
    return result


def test_p_follows_the_mean_sign_every_four_batches():
    augmentation = ada(speed_kimg=0.16, interval=4)  # 32 images of 160: a step of 0.2
    stream = [HIGH] * 8 + [LOW] * 4 + [HIGH, HIGH, LOW, LOW] + [LOW] * 8
    found = trajectory(augmentation, stream)
    # Means 1 and 1; 0; 0.5, below the target; and 0 until p would be negative.
    assert found == [0, 0, 0, 0.2, 0.2, 0.2, 0.2, 0.4, *[0.4] * 3, 0.2, *[0.2] * 3, 0.0, *[0.0] * 8]


def test_on_a_gpu_p_changes_some_batches_later_and_a_copy_goes_on_alike(monkeypatch):
    monkeypatch.setattr(ADA, "lag", lambda self, device: 2)
    stream = [HIGH] * 8 + [LOW] * 4 + [HIGH] * 8
    found = trajectory(ada(speed_kimg=0.16, interval=4), stream)
    assert found == [*[0] * 5, *[0.2] * 4, *[0.4] * 4, *[0.2] * 4, *[0.4] * 3]
    assert trajectory(ada(speed_kimg=0.08, interval=1), stream[:4]) == [0, 0.1, 0.2, 0.3]
    for steps in range(4, 9):
        first, second = (ada(speed_kimg=0.16, interval=4) for _ in range(2))
        trajectory(first, stream[:steps])
        second.load_state_dict(first.state_dict())
        assert trajectory(second, stream[steps:]) == found[steps:]


def test_p_is_not_held_below_one_as_in_the_official_code():
    augmentation = ada(initial_p=0.9, speed_kimg=0.016, interval=1)
    assert trajectory(augmentation, [HIGH, HIGH, LOW]) == [1.4, 1.9, 1.4]
    assert torch.isfinite(augmentation(torch.rand(2, 3, 8, 8))).all()


def test_at_the_target_p_stays():
    augmentation = ada(initial_p=0.5, target=0.5, speed_kimg=0.016, interval=1)
    assert trajectory(augmentation, [torch.tensor([1.0, 1.0, 1.0, -1.0])]) == [0.5]


def test_the_papers_speed():
    augmentation = ada()
    assert trajectory(augmentation, [torch.ones(64)] * 4)[-1] == pytest.approx(256 / 500_000, abs=1e-6)


def test_a_fixed_p_stays():
    assert set(trajectory(ada(p=0.25, interval=1), [HIGH, LOW, LOW])) == {0.25}


def test_another_instance_goes_on_from_the_same_state():
    stream = [HIGH if index % 5 else LOW for index in range(40)]
    images = torch.rand(4, 3, 8, 8)

    def go_on(augmentation, steps):
        results = []
        for number in steps:
            torch.manual_seed(number)
            results.append(augmentation(images))
            augmentation.observe(stream[number])
        return results

    whole, first, second = (ada(speed_kimg=0.3, interval=3) for _ in range(3))
    expected = go_on(whole, range(40))[17:]
    go_on(first, range(17))
    assert 0 < float(first.report()["p"]) < 1
    second.load_state_dict(first.state_dict())
    again = go_on(second, range(17, 40))
    assert all(torch.equal(one, other) for one, other in zip(again, expected, strict=True))
    assert torch.equal(second.report()["p"], whole.report()["p"])


# --- DiffAugment ----------------------------------------------------------------------------------------------------


def diffaugment(*policy, images=COLOR, **more):
    return DiffAugment(DiffAugment.Options(policy=policy, **more), images)


def test_a_cutout_is_a_square_of_half_the_side_whose_center_is_inside():
    holes = (diffaugment("cutout")(torch.ones(500, 3, 16, 16)) == 0).all(dim=1)
    rows, columns = holes.any(dim=2).sum(dim=1), holes.any(dim=1).sum(dim=1)
    assert torch.equal(rows * columns, holes.sum(dim=(1, 2)))  # a full rectangle
    assert rows.max() == columns.max() == 8
    assert rows.min() == columns.min() == 4  # centered on the border


def test_a_translation_shifts_by_at_most_an_eighth_and_zeros_come_in():
    images = torch.rand(200, 1, 16, 16) + 1
    shifted = diffaugment("translation")(images)
    found = set()
    for before, after in zip(images[:, 0], shifted[:, 0], strict=True):
        kept = after != 0
        down = int(kept.any(dim=1).nonzero()[0]) or -int(kept.any(dim=1).flip(0).nonzero()[0])
        right = int(kept.any(dim=0).nonzero()[0]) or -int(kept.any(dim=0).flip(0).nonzero()[0])
        assert torch.equal(after[kept], before.roll((down, right), dims=(0, 1))[kept])
        assert int(kept.sum()) == (16 - abs(down)) * (16 - abs(right))
        found |= {down, right}
    assert found == {-2, -1, 0, 1, 2}


def test_colors_are_changed_by_the_papers_three_steps():
    images = torch.rand(300, 3, 8, 8)
    changed = diffaugment("color")(images)
    brightness = changed.mean(dim=(1, 2, 3)) - images.mean(dim=(1, 2, 3))
    assert brightness.abs().max() <= 0.5 and brightness.min() < -0.45 and brightness.max() > 0.45

    def chroma(shown):
        return shown - shown.mean(dim=1, keepdim=True)

    def luma(shown):
        gray = shown.mean(dim=1, keepdim=True)
        return gray - gray.mean(dim=(2, 3), keepdim=True)

    contrast = luma(changed).flatten(1).norm(dim=1) / luma(images).flatten(1).norm(dim=1)
    assert contrast.min() >= 0.5 - 1e-5 and contrast.max() <= 1.5 + 1e-5 and contrast.std() > 0.2
    both = chroma(changed).flatten(1).norm(dim=1) / chroma(images).flatten(1).norm(dim=1)
    saturation = both / contrast
    assert saturation.min() >= 0 and saturation.max() <= 2 + 1e-4 and saturation.mean() == pytest.approx(1, abs=0.1)


def test_the_policy_is_what_happens():
    images = torch.rand(4, 1, 16, 16) + 1
    assert not (diffaugment("color", images=GRAY)(images) == 0).any()
    assert diffaugment("translation", translation_range=0.0)(images).equal(images)
    assert diffaugment("cutout", cutout_size=0.0)(images).equal(images)
