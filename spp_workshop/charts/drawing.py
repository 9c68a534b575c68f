"""Drawing with words that are set once: most words of a chart are the same in every company's.

Letters are the larger part of the work of a chart, and each of the thousands of a Japanese font is a drawing
of its own. So a text is drawn once by matplotlib, on a slip of its own, and laid down from there wherever it
stands: again in the next chart, and where a process is forked, in the charts of all forks.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg

if TYPE_CHECKING:
    from matplotlib.backend_bases import GraphicsContextBase
    from matplotlib.font_manager import FontProperties
    from matplotlib.text import Text

AIR = 4  # dots around a text, for what reaches over its measures


class Slip(NamedTuple):
    """A text on nothing, its lowest row first, and how high its line is above that row."""

    picture: np.ndarray
    line: int


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
        slip = _drawn(s, prop.copy(), gc.get_rgb(), self.dpi)
        self.draw_image(gc, round(x) - AIR, self.height - round(y) - slip.line, slip.picture)


# `prop` is a copy: whoever has the original may change it.
@lru_cache(maxsize=1000)
def _measures(text: str, prop: FontProperties, dpi: float) -> tuple[float, float, float]:
    return RendererAgg(1, 1, dpi).get_text_width_height_descent(text, prop, ismath=False)


@lru_cache(maxsize=1000)
def _drawn(text: str, prop: FontProperties, color: Any, dpi: float) -> Slip:
    width, height, descent = _measures(text, prop, dpi)
    above, below = ceil(height - descent) + AIR, ceil(descent) + AIR
    slip = RendererAgg(ceil(width) + 2 * AIR, above + below, dpi)
    pen = slip.new_gc()
    pen.set_foreground(color)
    slip.draw_text(pen, AIR, above, text, prop, 0)
    return Slip(np.flipud(slip.buffer_rgba()).copy(), below)


__all__ = ["Renderer"]
