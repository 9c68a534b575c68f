"""Drawing with words that are set once: most words of a chart are the same in every company's.

Letters are the larger part of the work of a chart, and each of the thousands of a Japanese font is a drawing
of its own. So a text is set once, on a slip of its own, and laid down from there wherever it stands: again in
the next chart, and where a process is forked, in the charts of all forks.
"""

from __future__ import annotations

import io
import os
import threading
from functools import cache, lru_cache
from math import ceil, floor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib import font_manager
from matplotlib.backends.backend_agg import RendererAgg, get_hinting_flag
from matplotlib.ft2font import FT2Font

if TYPE_CHECKING:
    from matplotlib.backend_bases import GraphicsContextBase
    from matplotlib.font_manager import FontProperties
    from matplotlib.text import Text

AIR = 4  # dots around a text, for what reaches over its measures


class Ink(NamedTuple):
    """A text in grey (255: all ink); where in it the line begins, from the left and from above."""

    dots: np.ndarray
    left: int
    above: int


class Slip(NamedTuple):
    """A text in its colour on nothing, the lowest row first; where its line begins, from left and below."""

    picture: np.ndarray
    left: int
    below: int


class Renderer(RendererAgg):
    """Draws as matplotlib's own, with level text at whole dots."""

    def get_text_width_height_descent(
        self, s: str, prop: FontProperties, ismath: Any
    ) -> tuple[float, float, float]:
        """The measures of a text."""
        if ismath:
            return super().get_text_width_height_descent(s, prop, ismath)
        return _measures(s, prop.copy(), self.dpi)

    def draw_text(  # noqa: PLR0917 (they are matplotlib's)
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        s: str,
        prop: FontProperties,
        angle: float,
        ismath: Any = False,
        mtext: Text | None = None,
    ) -> None:
        """A text whose line begins at x, y (from above)."""
        if ismath or angle:
            super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)
            return
        slip = _slip(s, prop.copy(), gc.get_rgb(), self.dpi)
        self.draw_image(gc, round(x) - slip.left, self.height - round(y) - slip.below, slip.picture)


# `prop` is a copy: whoever has the original may change it.
@lru_cache(maxsize=1000)
def _measures(text: str, prop: FontProperties, dpi: float) -> tuple[float, float, float]:
    font = _font_for(text, prop)
    if not font:
        return RendererAgg(1, 1, dpi).get_text_width_height_descent(text, prop, ismath=False)
    _set(font, text, prop, dpi)
    width, height = font.get_width_height()
    return width / 64, height / 64, font.get_descent() / 64


@lru_cache(maxsize=1000)
def _slip(text: str, prop: FontProperties, color: tuple[float, ...], dpi: float) -> Slip:
    ink = _quickly(text, prop, dpi) or _by_matplotlib(text, prop, dpi)
    picture = np.empty((*ink.dots.shape, 4), np.uint8)
    picture[..., :3] = [round(255 * part) for part in color[:3]]
    picture[..., 3] = np.flipud(ink.dots)
    return Slip(picture, ink.left, len(picture) - ink.above)


def _by_matplotlib(text: str, prop: FontProperties, dpi: float) -> Ink:
    width, height, descent = _measures(text, prop, dpi)
    above, below = ceil(height - descent) + AIR, ceil(descent) + AIR
    paper = RendererAgg(ceil(width) + 2 * AIR, above + below, dpi)
    paper.draw_text(paper.new_gc(), AIR, above, text, prop, 0)
    return Ink(np.asarray(paper.buffer_rgba())[..., 3], AIR, above)


# --- The same in a third of the time: all letters of a text at once, from a font in memory ------------------


def _quickly(text: str, prop: FontProperties, dpi: float) -> Ink | None:
    font = _font_for(text, prop)
    if not font:
        return None
    # The space has no ink, but makes the picture begin where the line does, and not at its first ink. What
    # reaches out to the left would still move it.
    _set(font, f"{text} ", prop, dpi)
    if font.get_bitmap_offset()[0] != 0:
        return None
    font.draw_glyphs_to_bitmap()
    _, height = font.get_width_height()
    return Ink(np.array(font.get_image()), 0, floor((height - font.get_descent()) / 64) + 1)


def _set(font: FT2Font, text: str, prop: FontProperties, dpi: float) -> None:
    font.set_size(prop.get_size_in_points(), dpi)
    font.set_text(text, 0.0, flags=get_hinting_flag())


def _font_for(text: str, prop: FontProperties) -> FT2Font | None:
    """The first font of these, if it has all letters of the text; else matplotlib has to look into others."""
    first = prop.copy()
    first.set_family(prop.get_family()[0])
    found = font_manager.findfont(first)
    if getattr(found, "face_index", 0) or not _letters(str(found)).issuperset(map(ord, text)):
        return None
    # Neither another thread nor a fork may use the same.
    return _font(str(found), os.getpid(), threading.get_ident())


@lru_cache(maxsize=8)
def _font(path: str, _process: int, _thread: int) -> FT2Font:
    return FT2Font(io.BytesIO(_file(path)))


@cache
def _file(path: str) -> bytes:
    return Path(path).read_bytes()


@cache
def _letters(path: str) -> frozenset[int]:
    return frozenset(_font(path, os.getpid(), threading.get_ident()).get_charmap())


__all__ = ["Renderer"]
