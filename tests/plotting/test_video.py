"""Films: they are decoded frame by frame, and what cannot be written is refused."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest
from PIL import Image

from ganzoo.errors import GanzooError
from ganzoo.plotting.video import film_bytes


def decoded(data, suffix):
    if suffix == ".mp4":
        av = pytest.importorskip("av")
        with av.open(io.BytesIO(data)) as container:
            assert container.streams.video[0].codec_context.name == "h264"
            return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    image = Image.open(io.BytesIO(data))
    frames = []
    for number in range(image.n_frames):
        image.seek(number)
        frames.append(np.asarray(image.convert("RGB")))
    return frames


@pytest.mark.parametrize("suffix", [".mp4", ".webp", ".gif"])
@pytest.mark.parametrize("color", [False, True])
def test_films_are_decoded_frame_by_frame(suffix, color):
    ramp = np.arange(33 * 21).reshape(33, 21) // 4
    frames = [((ramp + 20 * number) % 200).astype(np.uint8) for number in range(5)]
    if color:
        frames = [np.stack([frame, frame, frame // 2], axis=2) for frame in frames]
    played = decoded(film_bytes(iter(frames), suffix, 10), suffix)
    assert len(played) == 5
    for before, after in zip(frames, played, strict=True):
        same = before if color else np.repeat(before[..., None], 3, axis=2)
        error = np.abs(after[:33, :21].astype(float) - same).mean()
        assert error < (0.01 if suffix == ".webp" or not (color or suffix == ".mp4") else 8)


def test_an_mp4_says_what_its_colors_mean():
    av = pytest.importorskip("av")
    frame = np.full((16, 16, 3), (20, 40, 220), np.uint8)
    with av.open(io.BytesIO(film_bytes(iter([frame] * 2), ".mp4", 10))) as container:
        context = container.streams.video[0].codec_context
        assert (context.color_range, context.colorspace) == (1, 6)
        for played in container.decode(video=0):
            assert np.abs(played.to_ndarray(format="rgb24") // 3 - (frame // 3).astype(int)).max() <= 1


def test_a_gif_too_fast_for_players_is_refused():
    with pytest.raises(GanzooError, match="a GIF plays at most 50"):
        film_bytes(iter([np.zeros((2, 2), np.uint8)]), ".gif", 60)


def test_a_film_of_another_kind_is_refused():
    with pytest.raises(GanzooError, match=r"\.mp4, \.webp, \.gif"):
        film_bytes(iter([np.zeros((2, 2), np.uint8)]), ".avi", 5)


def test_without_the_encoder_of_mp4_no_frame_is_drawn(monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    drawn = (pytest.fail("a frame was drawn") for _ in range(2))
    with pytest.raises(
        GanzooError, match=r"needs PyAV, .*: pip install 'ganzoo-toolkit\[films\]'; or write \.webp"
    ) as told:
        film_bytes(drawn, ".mp4", 10)
    assert str(told.value).count("pip install") == 1
