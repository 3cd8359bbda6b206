"""Video: frames as MP4 (H.264), animated WebP or GIF."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ganzoo.errors import GanzooError

if TYPE_CHECKING:
    from ganzoo.contracts.component import PixelArray

SUFFIXES = (".mp4", ".webp", ".gif")
_COLORS = 1, 6, 1, 13  # what a player must know to show them as they were: limited range, BT.601, BT.709, sRGB
_FASTEST_GIF = 50  # players show faster ones at ten frames per second
_QUALITY = "12"  # x264's constant rate factor: 0 is lossless, 18 looks so


def film_bytes(frames: Iterable[PixelArray], suffix: str, fps: int) -> bytes:
    """Return a film's file.

    WebP is lossless, GIF is so where frames are gray. MP4 plays everywhere, halves the resolution of colors and
    loses a little; an odd side gets one more row or column.

    Args:
        frames: uint8 `[H, W]` or `[H, W, 3]`, all of one size, one after another.
        suffix: `.mp4`, `.webp` or `.gif`.
        fps: Frames per second.

    Raises:
        GanzooError: The suffix is another, MP4 is asked for and its encoder is not installed, or a GIF is too fast.
    """
    match suffix.lower():
        case ".mp4":
            return _mp4(frames, fps)
        case ".webp":
            return _animated(frames, fps, "WEBP", lossless=True, method=4)
        case ".gif":
            if fps > _FASTEST_GIF:
                raise GanzooError(f"{fps} frames per second: a GIF plays at most {_FASTEST_GIF}; write .mp4 or .webp")
            return _animated(frames, fps, "GIF")
    raise GanzooError(f"'{suffix}': a film is written as {', '.join(SUFFIXES)}; end its name so")


def _animated(frames: Iterable[PixelArray], fps: int, form: str, **settings: object) -> bytes:
    images: Iterator[Image.Image] = (Image.fromarray(np.ascontiguousarray(frame)) for frame in frames)
    buffer = io.BytesIO()
    next(images).save(
        buffer, format=form, save_all=True, append_images=images, duration=round(1000 / fps), loop=0, **settings
    )
    return buffer.getvalue()


def _mp4(frames: Iterable[PixelArray], fps: int) -> bytes:
    try:
        import av
    except ImportError:
        raise GanzooError(
            "MP4 needs PyAV, which is not installed: pip install 'ganzoo-toolkit[films]'; or write .webp or .gif"
        ) from None
    buffer, stream = io.BytesIO(), None
    with av.open(buffer, "w", format="mp4") as container:
        for frame in frames:
            even = _even(frame)
            if stream is None:
                stream = container.add_stream("libx264", rate=Fraction(fps), options={"crf": _QUALITY})
                stream.height, stream.width = even.shape[:2]
                stream.pix_fmt = "yuv420p"
                context = stream.codec_context
                context.color_range, context.colorspace, context.color_primaries, context.color_trc = _COLORS
            container.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))
        if stream is not None:
            container.mux(stream.encode())
    return buffer.getvalue()


def _even(frame: PixelArray) -> PixelArray:
    """Return `[H, W, 3]` with even sides, which 4:2:0 needs, the last row or column repeated."""
    color = frame if frame.ndim == 3 else np.repeat(frame[..., None], 3, axis=2)
    height, width = color.shape[:2]
    return np.ascontiguousarray(np.pad(color, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge"))
