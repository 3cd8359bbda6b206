"""Reading one image file: what is accepted, what is refused and how, and the exact pixels that come out."""

import random
import struct
import zlib
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from ganzoo.data import ReadingRule, find_images, pixels_of, read_image
from ganzoo.data.images.resize import to_square
from ganzoo.errors import DataError, PluginError

GRAY = ReadingRule(resolution=16, channels=1)
RGB = ReadingRule(resolution=16, channels=3)


def saved(tmp_path, image, name="a.png", **options):
    path = tmp_path / name
    image.save(path, **options)
    return path


def noise(*shape, seed=0, dtype=np.uint8, high=256):
    return np.random.default_rng(seed).integers(0, high, shape).astype(dtype)


def message_of(path, rule=GRAY):
    with pytest.raises(DataError) as caught:
        read_image(path, rule, called=path.name)
    return str(caught.value)


# --- pixels


@pytest.mark.parametrize(
    ("name", "options"),
    [("a.png", {}), ("a.bmp", {}), ("a.tif", {}), ("a.webp", {"lossless": True, "exact": True})],
)
def test_an_image_of_the_right_size_comes_out_bit_for_bit(tmp_path, name, options):
    pixels = noise(16, 16, 3)
    path = saved(tmp_path, Image.fromarray(pixels), name, **options)
    np.testing.assert_array_equal(read_image(path, RGB), pixels.transpose(2, 0, 1))


def test_the_suffix_does_not_matter(tmp_path):
    pixels = noise(16, 16)
    path = saved(tmp_path, Image.fromarray(pixels), "really-a-png.jpg", format="PNG")
    np.testing.assert_array_equal(read_image(path, GRAY)[0], pixels)


def test_gray_repeats_to_rgb_and_rgb_becomes_luma(tmp_path):
    gray = noise(16, 16)
    out = read_image(saved(tmp_path, Image.fromarray(gray)), RGB)
    assert out.shape == (3, 16, 16)
    np.testing.assert_array_equal(out, np.stack([gray] * 3))
    red = Image.new("RGB", (16, 16), (255, 0, 0))
    assert set(read_image(saved(tmp_path, red, "r.png"), GRAY).ravel()) == {76}


def test_shrinking_by_a_whole_factor_is_the_exact_mean_rounded_half_up():
    plane = noise(48, 48)
    blocks = plane.reshape(16, 3, 16, 3).astype(int).sum(axis=(1, 3))
    np.testing.assert_array_equal(to_square(plane, 16), np.floor(blocks / 9 + 0.5).astype(np.uint8))


@pytest.mark.parametrize("side", [17, 40, 63, 300])
def test_shrinking_by_any_factor_is_the_mean_over_exact_areas(side):
    plane = noise(side, side, seed=side)
    fine = np.kron(plane.astype(np.int64), np.ones((16, 16), np.int64))  # each source pixel as 16 x 16
    sums = fine.reshape(16, side, 16, side).sum(axis=(1, 3))
    expected = (2 * sums + side * side) // (2 * side * side)
    np.testing.assert_array_equal(to_square(plane, 16, "area"), expected)


def test_halving_twice_equals_quartering_up_to_rounding():
    plane = noise(64, 64)
    assert np.abs(to_square(to_square(plane, 32), 16).astype(int) - to_square(plane, 16)).max() <= 1


def test_shrinking_does_not_alias():
    stripes = np.zeros((256, 256), np.uint8)
    stripes[:, ::2] = 255
    out = to_square(stripes, 16)
    assert out.min() == out.max() == 128


def test_the_center_is_cut_out():
    plane = np.zeros((16, 30), np.uint8)
    plane[:, 7:23] = 200
    assert set(to_square(plane, 16).ravel()) == {200}
    assert set(to_square(plane.T, 16).ravel()) == {200}


def test_the_default_filter_is_area_for_whole_factors_and_lanczos_otherwise():
    for side, filter_ in ((48, Image.Resampling.BOX), (40, Image.Resampling.LANCZOS), (10, Image.Resampling.LANCZOS)):
        plane = noise(side, side)
        expected = np.asarray(Image.fromarray(plane).resize((16, 16), filter_))
        assert np.abs(to_square(plane, 16).astype(int) - expected).max() <= (
            1 if filter_ == Image.Resampling.BOX else 0
        )


def test_images_that_are_not_square_are_cut_padded_squeezed_or_refused(tmp_path):
    pixels = np.full((16, 32), 200, np.uint8)
    pixels[:, 8:24] = 100
    path = saved(tmp_path, Image.fromarray(pixels))
    assert set(read_image(path, GRAY).ravel()) == {100}
    padded = read_image(path, replace(GRAY, shape="pad", background=7))[0]
    assert set(padded[:4].ravel()) == set(padded[12:].ravel()) == {7} and set(padded[4:12].ravel()) == {100, 200}
    squeezed = read_image(path, replace(GRAY, shape="stretch"))[0]
    np.testing.assert_array_equal(squeezed[0], [200] * 4 + [100] * 8 + [200] * 4)
    with pytest.raises(DataError, match=r"is 32x16, not square; set dataset\.shape"):
        read_image(path, replace(GRAY, shape="square"))


def test_small_images_are_enlarged_without_leaving_their_range(tmp_path):
    pixels = noise(5, 5)
    out = read_image(saved(tmp_path, Image.fromarray(pixels)), replace(GRAY, resize="bilinear"))
    assert out.shape == (1, 16, 16)
    assert pixels.min() <= out.min() and out.max() <= pixels.max()


def test_exif_orientation_is_applied(tmp_path):
    pixels = np.zeros((16, 16), np.uint8)
    pixels[0] = 255
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    out = read_image(saved(tmp_path, Image.fromarray(pixels), exif=exif), GRAY)[0]
    assert out[-1].min() == 255 and out[:-1].max() == 0


def test_exif_that_is_nonsense_counts_as_none(tmp_path):
    pixels = noise(16, 16)
    path = saved(tmp_path, Image.fromarray(pixels), exif=b"Exif\0\0" + b"MM\0*\xff\xff\xff\xff junk")
    np.testing.assert_array_equal(read_image(path, GRAY)[0], pixels)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize("background", [0, 255])
def test_transparency_shows_the_background(tmp_path, mode, background):
    image = Image.new(mode, (16, 16), (90, 90, 90, 255) if mode == "RGBA" else (90, 255))
    image.paste((10, 10, 10, 0) if mode == "RGBA" else (10, 0), (0, 0, 16, 8))
    rule = ReadingRule(16, 1, background=background)
    out = read_image(saved(tmp_path, image), rule)[0]
    assert set(out[:8].ravel()) == {background}
    assert set(out[8:].ravel()) == {90}


def test_palettes_become_colors_also_with_transparency(tmp_path):
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:8] = (200, 100, 0)
    image = Image.fromarray(pixels).quantize(4)
    assert image.mode == "P"
    np.testing.assert_array_equal(read_image(saved(tmp_path, image), RGB), pixels.transpose(2, 0, 1))
    see_through = image.getpixel((0, 15))
    out = read_image(saved(tmp_path, image, "t.png", transparency=see_through), ReadingRule(16, 3, background=255))
    assert tuple(out[:, 0, 0]) == (200, 100, 0) and tuple(out[:, 15, 0]) == (255, 255, 255)


@pytest.mark.parametrize(("mode", "suffix"), [("1", "png"), ("CMYK", "jpg"), ("YCbCr", "jpg"), ("CMYK", "tif")])
def test_other_modes_are_converted(tmp_path, mode, suffix):
    path = saved(tmp_path, Image.new(mode, (20, 20)), f"a.{suffix}")
    assert read_image(path, RGB).shape == (3, 16, 16)
    assert read_image(path, GRAY).shape == (1, 16, 16)


# --- deep grayscale


def ramp(high):
    return np.linspace(0, high, 256 * 256).round().reshape(256, 256).astype(np.uint16)


@pytest.mark.parametrize("window", ["range", "full"])
@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_a_16_bit_ramp_becomes_256_even_levels(tmp_path, window, suffix):
    path = saved(tmp_path, Image.fromarray(ramp(65535)), f"a.{suffix}")
    out = read_image(path, ReadingRule(256, 1, window=window))[0]
    counts = np.bincount(out.ravel(), minlength=256)
    assert (np.diff(out.ravel().astype(int)) >= 0).all()
    assert counts[1:-1].min() >= 250 and counts[1:-1].max() <= 262  # all 256 levels, none saturated
    assert counts[[0, 255]].max() <= 130


def test_12_bits_in_16_are_not_dark_unless_the_window_says_so(tmp_path):
    path = saved(tmp_path, Image.fromarray(ramp(4095)))
    assert read_image(path, ReadingRule(256, 1)).max() == 255
    assert read_image(path, ReadingRule(256, 1, window="full")).max() == 16
    assert read_image(path, ReadingRule(256, 1, window=(0, 4095))).max() == 255


def test_a_fixed_window_and_percentiles_clip_outside_as_stated(tmp_path):
    values = np.full((16, 16), 1000, np.uint16)
    values[0, 0], values[0, 1], values[0, 2] = 0, 60000, 1500
    path = saved(tmp_path, Image.fromarray(values))
    out = read_image(path, ReadingRule(16, 1, window=(500, 2500)))[0]
    assert (out[0, 0], out[0, 1], out[0, 2], out[5, 5]) == (0, 255, 128, 64)
    wide = saved(tmp_path, Image.fromarray(ramp(10000)), "b.png")
    out = read_image(wide, ReadingRule(256, 1, window="percentile"))
    assert 0.004 < (out == 0).mean() < 0.009 and 0.004 < (out == 255).mean() < 0.009


def test_a_flat_deep_image_is_black(tmp_path):
    path = saved(tmp_path, Image.fromarray(np.full((16, 16), 777, np.uint16)))
    assert read_image(path, GRAY).max() == 0


def test_floats_work_and_those_that_are_not_finite_are_named(tmp_path):
    values = np.linspace(-5, 5, 256, dtype=np.float32).reshape(16, 16)
    out = read_image(saved(tmp_path, Image.fromarray(values), "f.tif"), GRAY)[0]
    assert out[0, 0] == 0 and out[-1, -1] == 255
    values[3, 3] = np.nan
    assert "not finite" in message_of(saved(tmp_path, Image.fromarray(values), "n.tif"))


def test_full_refuses_what_is_no_16_bits(tmp_path):
    values = np.full((16, 16), 70000, np.int32)
    path = saved(tmp_path, Image.fromarray(values), "i.tif")
    assert "outside the 16 bits" in message_of(path, ReadingRule(16, 1, window="full"))


# --- what is refused


def test_each_kind_of_bad_file_is_named(tmp_path):
    good = BytesIO()
    Image.fromarray(noise(64, 64)).save(good, "PNG")
    cases = {
        "missing.png": (None, "No such file"),
        "empty.png": (b"", "is empty"),
        "text.png": (b"not an image at all", "is not a PNG, JPEG, WEBP, TIFF, BMP or GIF image"),
        "truncated.png": (good.getvalue()[:600], "damaged or truncated"),
        "lfs.png": (b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\n", "image: it is a Git LFS pointer"),
        "page.jpg": (b"<!DOCTYPE html><html><body>denied", "image: it is an HTML page"),
        "eps.png": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is not a PNG"),
        "gif.png": (b"GIF89a" + bytes(60), "is not a PNG"),
    }
    for name, (content, said) in cases.items():
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        message = message_of(path)
        assert message.startswith(f"{name}: ") and said in message, message
    (tmp_path / "folder.png").mkdir()
    assert "not a regular file" in message_of(tmp_path / "folder.png")


def test_a_flipped_bit_in_png_data_is_noticed(tmp_path):
    path = saved(tmp_path, Image.fromarray(noise(64, 64)))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert "damaged" in message_of(path)


def claimed_size(side):
    """A PNG of a few bytes that says it is `side` x `side`."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [8001, 9000, 13_000, 40_000])
def test_a_decompression_bomb_is_refused_by_its_header(tmp_path, side):
    path = tmp_path / "bomb.png"
    path.write_bytes(claimed_size(side))
    assert "more than 64 million pixels" in message_of(path)


def test_several_images_in_one_file_are_refused(tmp_path):
    frames = [Image.fromarray(noise(16, 16, seed=seed)) for seed in range(3)]
    path = saved(tmp_path, frames[0], "a.tif", save_all=True, append_images=frames[1:])
    assert "holds 3 images" in message_of(path)


def test_names_are_shown_literally(tmp_path):
    path = tmp_path / "\x1b[31mred\udcff.png"
    path.write_bytes(b"")
    message = message_of(path)
    assert "\x1b" not in message and r"\x1b[31mred\udcff.png" in message


def test_a_caller_s_warning_filters_do_not_matter(tmp_path):
    image = Image.fromarray(noise(16, 16)).convert("P")
    path = saved(tmp_path, image, transparency=bytes(range(256)))
    assert read_image(path, RGB).shape == (3, 16, 16)  # Pillow warns here, and warnings are errors in tests


# --- fuzz


def fuzz(tmp_path, rounds, seed):
    rng = random.Random(seed)
    pool = []
    for kind, options in (("PNG", {}), ("JPEG", {"quality": 80}), ("WEBP", {}), ("TIFF", {}), ("BMP", {})):
        for shape in ((24, 20), (24, 20, 3)):
            buffer = BytesIO()
            Image.fromarray(noise(*shape)).save(buffer, kind, **options)
            pool.append(buffer.getvalue())
    path = tmp_path / "fuzzed"
    read = 0
    for _ in range(rounds):
        data = bytearray(rng.choice(pool))
        if rng.random() < 0.5:
            del data[rng.randrange(len(data)) :]
        for _ in range(rng.randint(0, 8)):
            if data:
                place = rng.randrange(min(len(data), rng.choice([40, 10**9])))
                data[place] ^= 1 << rng.randrange(8)
        path.write_bytes(data)
        try:
            out = read_image(path, RGB)
        except DataError:
            continue
        assert out.shape == (3, 16, 16) and out.dtype == np.uint8
        read += 1
    return read


def test_damaged_files_never_raise_anything_but_data_errors(tmp_path):
    assert fuzz(tmp_path, 250, seed=1) < 250


@pytest.mark.slow
def test_damaged_files_never_raise_anything_but_data_errors_long(tmp_path):
    assert fuzz(tmp_path, 10_000, seed=2) < 10_000


# --- trees


def test_a_tree_lists_images_by_name_or_content_and_leaves_out_the_rest(tmp_path):
    image = Image.fromarray(noise(8, 8))
    for name in ("b.png", "sub/a.jpg", ".hidden.png", ".git/x.png", "__MACOSX/y.png", "sub/deeper/C.PNG"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        saved(tmp_path, image, name, format="PNG")
    saved(tmp_path, image, "no-suffix", format="PNG")
    (tmp_path / "labels.csv").write_text("a,b")
    tree = find_images(tmp_path)
    assert [file.key for file in tree.files] == ["b.png", "no-suffix", "sub/a.jpg", "sub/deeper/C.PNG"]
    assert tree.found() == "4 image files, 1 .csv"


def test_a_fingerprint_changes_with_the_file_even_if_its_time_is_put_back(tmp_path):
    import os

    path = saved(tmp_path, Image.fromarray(noise(8, 8)), "a.bmp")
    before, state = find_images(tmp_path).files[0].fingerprint, path.stat()
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert path.stat().st_size == state.st_size
    assert find_images(tmp_path).files[0].fingerprint != before


def test_links_out_of_the_root_are_refused_unless_trusted(tmp_path):
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    root.mkdir()
    saved(outside, Image.fromarray(noise(8, 8)), "x.png")
    (root / "link.png").symlink_to(outside / "x.png")
    (root / "folder").symlink_to(outside)
    with pytest.raises(DataError, match=r"links that lead out of it: folder, link\.png.*follow_links"):
        find_images(root)
    assert [f.key for f in find_images(root, follow_links=True).files] == ["folder/x.png", "link.png"]


def test_links_inside_the_root_and_circles_do_no_harm(tmp_path):
    (tmp_path / "real").mkdir()
    saved(tmp_path, Image.fromarray(noise(8, 8)), "real/x.png")
    (tmp_path / "again").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "up").symlink_to(tmp_path)
    (tmp_path / "same.png").symlink_to(tmp_path / "real" / "x.png")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    for follow in (False, True):
        keys = [file.key for file in find_images(tmp_path, follow_links=follow).files]
        assert keys == ["gone.png", "real/x.png", "same.png"]
    assert "No such file" in message_of(tmp_path / "gone.png")


def test_a_root_that_is_none_is_named(tmp_path):
    with pytest.raises(DataError, match=r"does not exist; set dataset\.root"):
        find_images(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="is not a folder"):
        find_images(tmp_path / "file")


@pytest.mark.parametrize("shape", ["crop", "stretch", "square"])
@pytest.mark.parametrize("resize", ["auto", "area", "lanczos", "bilinear", "nearest"])
def test_all_channels_at_once_are_what_they_are_one_by_one(shape, resize):
    from ganzoo.data.images.resize import image_to_square, to_square

    generator = np.random.default_rng(0)
    reduced = 0
    for height, width in ((8, 8), (16, 16), (32, 32), (24, 24), (40, 40), (13, 13), (16, 32), (9, 21), (4, 4)):
        if shape == "square" and height != width:
            continue
        pixels = generator.integers(0, 256, (height, width, 3), np.uint8)
        pixels[0] = 255
        found = image_to_square(Image.fromarray(pixels), 8, resize, shape)
        expected = np.stack([to_square(pixels[:, :, band], 8, resize, shape) for band in range(3)])
        assert found is None or np.array_equal(found, expected)
        reduced += found is not None
        gray = image_to_square(Image.fromarray(pixels[:, :, 0]), 8, resize, shape)
        assert gray is None or np.array_equal(gray, expected[:1])
    assert reduced >= 3 and image_to_square(Image.new("L", (8, 4)), 4, "auto", "pad") is None


@pytest.mark.parametrize("channels", [2, 4, 16])
@pytest.mark.parametrize("picture", [Image.new("RGB", (16, 16)), np.zeros((16, 16), np.uint16)])
def test_pictures_are_read_as_gray_or_color(picture, channels):
    with pytest.raises(PluginError, match=f"not as {channels} channels"):
        pixels_of(picture, replace(GRAY, channels=channels), "a")
