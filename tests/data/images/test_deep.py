"""Images of more than 8 bits: what a file states about its pixels decides how they look, in every layout."""

import io
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from PIL import Image

from ganzoo.data import DeepPicture, ReadingRule, pixels_of, read_image
from ganzoo.errors import DataError

GRAY = ReadingRule(resolution=16, channels=1, window=(0, 4095))
RGB = replace(GRAY, channels=3)
TWELVE = np.random.default_rng(0).integers(0, 4096, (16, 16, 3)).astype(np.uint16)
ALPHA = np.full((16, 16), 65535, np.uint16)
ALPHA[:4] = 0


def shown(values, low=0, high=4095):
    """What a window makes of values, by the rule's own words."""
    return np.floor(np.clip((values.astype(float) - low) / (high - low), 0, 1) * 255 + 0.5).astype(np.uint8)


def png(array, color_type, *more, interlace=0):
    """A PNG of 16 bits, which Pillow reads only 8 of."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    height, width = array.shape[:2]
    head = struct.pack(">IIBBBBB", width, height, 16, color_type, 0, 0, interlace)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in array)
    pieces = [(b"IHDR", head), *more, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, body) for kind, body in pieces)


def read(tmp_path, data, rule):
    path = tmp_path / "a"
    path.write_bytes(data)
    return read_image(path, rule, called="a")


def tiff(array, **options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array, **{"metadata": None, **options})
    return buffer.getvalue()


def test_a_window_is_obeyed_for_gray_with_alpha_and_for_color(tmp_path):
    gray = TWELVE[:, :, 0]
    np.testing.assert_array_equal(read(tmp_path, png(TWELVE, 2), RGB), shown(TWELVE).transpose(2, 0, 1))
    for alpha, rows in ((np.full_like(ALPHA, 65535), 0), (ALPHA, 4)):
        hidden = replace(RGB, background=9)
        out = read(tmp_path, png(np.dstack([gray, alpha]), 4), replace(hidden, channels=1))[0]
        np.testing.assert_array_equal(out[rows:], shown(gray)[rows:])
        color = read(tmp_path, png(np.dstack([TWELVE, alpha]), 6), hidden)
        np.testing.assert_array_equal(color[:, rows:], shown(TWELVE).transpose(2, 0, 1)[:, rows:])
        assert set(out[:rows].ravel()) | set(color[:, :rows].ravel()) <= {9}
    luma = read(tmp_path, png(TWELVE, 2), GRAY)[0]
    expected = shown(TWELVE).astype(float) @ (0.299, 0.587, 0.114)
    assert np.abs(luma - expected).max() <= 1


def test_the_range_of_color_is_that_of_all_channels_where_something_is_seen(tmp_path):
    values = np.clip(TWELVE, 1000, 3000)
    values[0, 0] = 65535
    alpha = np.full((16, 16), 65535, np.uint16)
    alpha[0, 0] = 0
    out = read(tmp_path, png(np.dstack([values, alpha]), 6), replace(RGB, window="range"))
    expected = shown(values, 1000, 3000).transpose(2, 0, 1)
    expected[:, 0, 0] = 0
    np.testing.assert_array_equal(out, expected)


def test_a_transparent_value_of_16_bits_is_obeyed(tmp_path):
    values = TWELVE.copy()
    values[2] = 77
    gray = read(tmp_path, png(values[:, :, 0], 0, (b"tRNS", struct.pack(">H", 77))), replace(GRAY, background=200))[0]
    color = read(tmp_path, png(values, 2, (b"tRNS", struct.pack(">3H", 77, 77, 77))), replace(RGB, background=200))
    assert set(gray[2]) == set(color[:, 2].ravel()) == {200}
    np.testing.assert_array_equal(color[:, 3:], shown(values).transpose(2, 0, 1)[:, 3:])


@pytest.mark.parametrize(
    "options",
    [{}, {"byteorder": ">"}, {"planarconfig": "separate"}, {"compression": "zlib"}, {"tile": (16, 16)}],
    ids=lambda options: next(iter(options), "plain"),
)
def test_color_tiff_of_16_bits_keeps_all_of_them_in_every_layout(tmp_path, options):
    array = TWELVE.transpose(2, 0, 1) if "planarconfig" in options else TWELVE
    data = tiff(np.ascontiguousarray(array), photometric="rgb", **options)
    np.testing.assert_array_equal(read(tmp_path, data, RGB), shown(TWELVE).transpose(2, 0, 1))


def test_alpha_of_a_tiff_is_what_its_tags_say(tmp_path):
    gray, half = TWELVE[:, :, 0] // 2 * 2, np.full((16, 16), 32768, np.uint16)
    expected = np.floor(shown(gray).astype(float) / 2 + 0.5)
    straight = tiff(
        np.dstack([gray, half]), photometric="minisblack", extrasamples=["unassalpha"], planarconfig="contig"
    )
    premultiplied = tiff(
        np.dstack([TWELVE // 2, half]), photometric="rgb", extrasamples=["assocalpha"], planarconfig="contig"
    )
    assert np.abs(read(tmp_path, straight, GRAY)[0] - expected).max() <= 1
    whole = np.floor(shown(TWELVE).astype(float).transpose(2, 0, 1) / 2)
    assert np.abs(read(tmp_path, premultiplied, RGB) - whole).max() <= 1
    eight = tiff(
        np.dstack([np.full((16, 16), 60, np.uint8), np.full((16, 16), 128, np.uint8)]),
        photometric="minisblack",
        extrasamples=["assocalpha"],
        planarconfig="contig",
    )
    assert np.abs(read(tmp_path, eight, GRAY).astype(int) - 60).max() <= 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.float32])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_white_is_zero_at_every_depth(tmp_path, dtype, compression):
    values = np.linspace(0, 200, 256).reshape(16, 16).astype(dtype)
    rule = replace(GRAY, window=(0, 255))
    plain = read(tmp_path, tiff(values, photometric="minisblack", compression=compression), rule)
    turned = read(tmp_path, tiff(values, photometric="miniswhite", compression=compression), rule)
    np.testing.assert_array_equal(turned, 255 - plain)


def test_signs_and_the_highest_bit_are_kept(tmp_path):
    ramp = np.linspace(-128, 127, 256).reshape(16, 16)
    for dtype in (np.int8, np.int16, np.int32, np.float64):
        out = read(tmp_path, tiff(ramp.astype(dtype)), replace(GRAY, window=(-128, 127)))
        assert np.abs(out[0] - (ramp + 128)).max() <= 1, dtype
    large = np.linspace(0, 2**32 - 1, 256).reshape(16, 16).astype(np.uint32)
    assert (np.diff(read(tmp_path, tiff(large), replace(GRAY, window="range")).ravel().astype(int)) >= 0).all()


def test_channels_that_are_no_image_s_are_refused_by_their_number(tmp_path):
    for count, dtype, options in (
        (2, np.uint16, {"photometric": "minisblack"}),
        (2, np.uint8, {"photometric": "minisblack"}),
        (5, np.uint8, {"photometric": "rgb"}),
        (7, np.uint16, {"photometric": "minisblack"}),
        (2, np.float32, {"photometric": "minisblack"}),
        (2, np.uint16, {"photometric": "minisblack", "planarconfig": "separate"}),
    ):
        shape = (count, 16, 16) if "planarconfig" in options else (16, 16, count)
        data = tiff(np.zeros(shape, dtype), **{"planarconfig": "contig", **options})
        with pytest.raises(DataError, match=f"^a: has {count} channels; an image has 1, 3 or 4"):
            read(tmp_path, data, RGB)


def test_pixels_that_are_not_finite_are_refused_with_a_remedy_or_shown_as_stated(tmp_path):
    values = np.linspace(100, 700, 256, dtype=np.float32).reshape(16, 16)
    values[:2], values[2] = np.nan, np.inf
    data = tiff(values)
    with pytest.raises(DataError, match=r"has pixels that are not finite.*non_finite = 'background'"):
        read(tmp_path, data, replace(GRAY, window="range"))
    for window in ("range", (0, 700), "percentile"):
        out = read(tmp_path, data, replace(GRAY, window=window, non_finite="background", background=50))[0]
        assert set(out[:3].ravel()) == {50} and out[-1, -1] == 255
        assert out[3, 0] == (shown(values[3, 0], 0, 700) if window == (0, 700) else 0)
    assert set(read(tmp_path, data, replace(GRAY, window=(0, 700), non_finite=350))[0, :3].ravel()) == {128}
    nothing = DeepPicture(np.full((16, 16), np.nan))
    assert pixels_of(nothing, replace(GRAY, window="range", non_finite="background"), "a").max() == 0
    color = np.dstack([values] * 3).astype(np.float64)
    assert read(tmp_path, tiff(color, photometric="rgb"), replace(RGB, non_finite="background"))[:, :3].max() == 0


def test_text_of_any_size_is_no_reason_to_stop(tmp_path):
    packed = zlib.compress(bytes(4_000_000))
    for kind, body in (
        (b"tEXt", b"workflow\0" + b"x" * 1_500_000),
        (b"zTXt", b"history\0\0" + packed),
        (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + packed),
        (b"iCCP", b"profile\0\0" + packed),
    ):
        with_text = png(TWELVE[:, :, 0], 0, (kind, body))
        np.testing.assert_array_equal(read(tmp_path, with_text, GRAY)[0], shown(TWELVE[:, :, 0]))
        flipped = bytearray(with_text)
        flipped[60] ^= 1
        with pytest.raises(DataError, match="a checksum in it is wrong"):
            read(tmp_path, bytes(flipped), GRAY)


def test_an_orientation_is_obeyed_for_deep_images_too(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    values = TWELVE[:, :, 0]
    turned = shown(np.rot90(values, -1))
    np.testing.assert_array_equal(read(tmp_path, png(values, 0, (b"eXIf", exif.tobytes()[6:])), GRAY)[0], turned)
    color = read(tmp_path, png(TWELVE, 2, (b"eXIf", exif.tobytes()[6:])), RGB)
    np.testing.assert_array_equal(color, shown(np.rot90(TWELVE, -1)).transpose(2, 0, 1))
    for number, turn in ((6, -1), (8, 1), (3, 2)):
        data = tiff(values.astype(np.float64), extratags=[(274, 3, 1, number, True)])
        np.testing.assert_array_equal(read(tmp_path, data, GRAY)[0], shown(np.rot90(values, turn)))
