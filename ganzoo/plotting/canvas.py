"""Canvas: pictures, lines, areas and text at pixel positions, written as PNG or SVG.

Pictures are enlarged by whole numbers alone, so that each intensity in the file is one that the network made.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image, ImageColor, ImageDraw

from ganzoo._io.image_grid import visible
from ganzoo.plotting.font import NAME, font, font_file, writable

if TYPE_CHECKING:
    from ganzoo.contracts.component import PixelArray

Anchor = Literal["start", "middle", "end"]
Place = tuple[float, float]
INK, PALE, GROUND = "#1a1a1a", "#d9d9d9", "#ffffff"
_FINENESS = 3  # lines are drawn so many times larger and averaged: smooth edges
_PILLOW_ANCHOR = {"start": "ls", "middle": "ms", "end": "rs"}


@dataclass(frozen=True)
class Words:
    """A line of text; `y` is its baseline. `turned` reads from below upwards."""

    text: str
    x: float
    y: float
    size: int = 14
    anchor: Anchor = "start"
    color: str = INK
    turned: bool = False


@dataclass(frozen=True)
class Picture:
    """An image `[C, H, W]` of uint8 with its upper left corner at a place, each pixel `scale` times `scale` large."""

    pixels: PixelArray
    x: int
    y: int
    scale: int = 1


@dataclass(frozen=True)
class Line:
    """A line through places."""

    places: Sequence[Place]
    color: str = INK
    width: float = 1.0


@dataclass(frozen=True)
class Area:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    color: str = PALE


@dataclass(frozen=True)
class Band:
    """A filled shape between places, through which what lies below is seen."""

    places: Sequence[Place]
    color: str
    opacity: float = 0.2


Mark = Words | Picture | Line | Area | Band


@dataclass
class Canvas:
    """A sheet of so many pixels, and what is on it, later marks over earlier ones."""

    width: int
    height: int
    marks: list[Mark] = field(default_factory=list)
    ground: str = GROUND

    def add(self, *marks: Mark) -> None:
        """Put marks on the sheet."""
        self.marks += marks

    @property
    def gray(self) -> bool:
        """Whether all that is on the sheet is gray, so that one channel holds it."""
        colors = [mark.color for mark in self.marks if not isinstance(mark, Picture)]
        if any(isinstance(mark, Band) for mark in self.marks):  # Pillow blends in color alone
            return False
        images = [visible(mark.pixels) for mark in self.marks if isinstance(mark, Picture)]
        return all(len(image) == 1 for image in images) and all(_is_gray(each) for each in (self.ground, *colors))

    def raster(self) -> PixelArray:
        """Return the sheet as uint8 `[height, width]` where all is gray, else `[height, width, 3]`."""
        fineness = _FINENESS if any(isinstance(mark, Line | Band) for mark in self.marks) else 1
        image = Image.new("L" if self.gray else "RGB", (self.width * fineness, self.height * fineness), self.ground)
        draw = ImageDraw.Draw(image)
        for mark in self.marks:
            _paint(mark, image, draw, fineness)
        return np.asarray(image.reduce(fineness) if fineness > 1 else image)

    def png(self) -> bytes:
        """Return the sheet as a PNG file."""
        buffer = io.BytesIO()
        Image.fromarray(self.raster()).save(buffer, format="PNG", optimize=True)
        return buffer.getvalue()

    def svg(self) -> bytes:
        """Return the sheet as an SVG file, its font and its pictures inside."""
        face = base64.b64encode(font_file()).decode("ascii")
        body = "\n".join(_element(mark) for mark in self.marks)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height}" '
            f'viewBox="0 0 {self.width} {self.height}">\n'
            f'<style>@font-face {{ font-family: "{NAME}"; src: url("data:font/ttf;base64,{face}"); }} '
            f'text {{ font-family: "{NAME}", sans-serif; }} image {{ image-rendering: pixelated; }}</style>\n'
            f'<rect width="100%" height="100%" fill="{self.ground}"/>\n{body}\n</svg>\n'
        ).encode()


def as_image(pixels: PixelArray) -> Image.Image:
    """Return what is `visible` of uint8 `[C, H, W]` as Pillow has it."""
    seen = visible(pixels)
    layers = seen[0] if len(seen) == 1 else seen.transpose(1, 2, 0)
    return Image.fromarray(np.ascontiguousarray(layers))


def _is_gray(color: str) -> bool:
    return color[1:3] == color[3:5] == color[5:7]


def _paint(mark: Mark, image: Image.Image, draw: ImageDraw.ImageDraw, fineness: int) -> None:
    match mark:
        case Picture():
            small, times = as_image(mark.pixels), mark.scale * fineness
            large = small.resize((small.width * times, small.height * times), Image.Resampling.NEAREST)
            image.paste(large.convert(image.mode), (mark.x * fineness, mark.y * fineness))
        case Line():
            places = [(x * fineness, y * fineness) for x, y in mark.places]
            draw.line(places, fill=mark.color, width=max(1, round(mark.width * fineness)), joint="curve")
        case Area():
            corner = ((mark.x + mark.width) * fineness - 1, (mark.y + mark.height) * fineness - 1)
            draw.rectangle(((mark.x * fineness, mark.y * fineness), corner), fill=mark.color)
        case Band():
            red, green, blue = ImageColor.getrgb(mark.color)[:3]
            places = [(x * fineness, y * fineness) for x, y in mark.places]
            ImageDraw.Draw(image, "RGBA").polygon(places, fill=(red, green, blue, round(255 * mark.opacity)))
        case Words():
            _write(mark, image, draw, fineness)


def _write(words: Words, image: Image.Image, draw: ImageDraw.ImageDraw, fineness: int) -> None:
    text, letters = writable(words.text), font(words.size * fineness)
    x, y = words.x * fineness, words.y * fineness
    if not words.turned:
        draw.text((x, y), text, fill=words.color, font=letters, anchor=_PILLOW_ANCHOR[words.anchor])
        return
    length, above = int(letters.getlength(text)) + 2, letters.getmetrics()[0]
    height = sum(letters.getmetrics())
    mask = Image.new("L", (length, height), 0)
    ImageDraw.Draw(mask).text((0, above), text, fill=255, font=letters, anchor="ls")
    mask = mask.rotate(90, expand=True)
    shift = {"start": length, "middle": length // 2, "end": 0}[words.anchor]
    draw.bitmap((round(x) - above, round(y) - shift), mask, fill=words.color)


def _element(mark: Mark) -> str:
    match mark:
        case Picture():
            buffer = io.BytesIO()
            as_image(mark.pixels).save(buffer, format="PNG", optimize=True)
            data = base64.b64encode(buffer.getvalue()).decode("ascii")
            _, height, width = mark.pixels.shape
            return (
                f'<image x="{mark.x}" y="{mark.y}" width="{width * mark.scale}" height="{height * mark.scale}" '
                f'href="data:image/png;base64,{data}"/>'
            )
        case Line():
            places = " ".join(f"{x:.2f},{y:.2f}" for x, y in mark.places)
            return f'<polyline points="{places}" fill="none" stroke="{mark.color}" stroke-width="{mark.width:g}"/>'
        case Area():
            return (
                f'<rect x="{mark.x:g}" y="{mark.y:g}" width="{mark.width:g}" height="{mark.height:g}" '
                f'fill="{mark.color}"/>'
            )
        case Band():
            places = " ".join(f"{x:.2f},{y:.2f}" for x, y in mark.places)
            return f'<polygon points="{places}" fill="{mark.color}" fill-opacity="{mark.opacity:g}"/>'
        case Words():
            turn = f' transform="rotate(-90 {mark.x:g} {mark.y:g})"' if mark.turned else ""
            return (
                f'<text x="{mark.x:g}" y="{mark.y:g}" font-size="{mark.size}" text-anchor="{mark.anchor}" '
                f'fill="{mark.color}"{turn}>{escape(writable(mark.text))}</text>'
            )
