"""The sheet that every chart is drawn on: measured in inches from its upper left corner, shown by itself.

Charts are pictures of a few flat tones with much Japanese text. As PNG with a palette of just these tones, at
200 dots per inch, they are a sixth of the size of matplotlib's SVG (which carries the outline of every
letter), look the same everywhere, and are sharp on paper. For pages that change while people work there is an
SVG of our own (`vector`), with text as text.
"""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Rectangle
from matplotlib.transforms import Affine2D

from spp_workshop.messages import Message, Words, message, say, worded

from .drawing import Renderer
from .lettering import drawable, fold, use_japanese_font

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.text import Text as Lettering
    from PIL import Image

WIDTH = 7.2  # inches: the width of the text on A4
MARGIN = 0.12
LEADING = 0.15  # from line to line of folded text
DOTS = 200  # per inch, for print; on the screen the picture is shown at half of it

# The tones of our pages; each can be told from its neighbours in grey. The picture's palette holds no others.
INK, SOFT, LINE, TINT, PAPER = "#1c2733", "#55626f", "#c3ccd5", "#f3f6f8", "#ffffff"
ACCENT, PALE, PALE_LINE = "#1b4f72", "#b5c7d5", "#8d99a5"
STEPS = ("#9fb3c3", "#bccad5", "#d8e1e8", "#eef2f5")  # dark to pale, for an order


Mark = TypeVar("Mark", bound="Artist")


class Chart(Figure):
    """A matplotlib Figure with a text alternative (`alt_text`) that shows itself in a notebook.

    It is made without pyplot, so nothing of it stays behind. x and y of its methods are inches, y downwards.
    """

    def __init__(self, title: Words, language: str, height: float):
        use_japanese_font()
        super().__init__(figsize=(WIDTH, height), dpi=100, facecolor=PAPER)
        FigureCanvasAgg(self)
        self.language = language
        self.alt_text = ""
        # Without axes, which would take longer to make than all that is drawn on them.
        self.inches = Affine2D().scale(1, -1).translate(0, height) + self.dpi_scale_trans
        self.heading = worded(title, language)
        place = {"x": MARGIN / WIDTH, "y": 1 - MARGIN / height, "ha": "left", "va": "top"}
        # IPAexGothic has no bold, and matplotlib would say so each time.
        look: dict[str, Any] = {"size": 12.5, "weight": "normal", "color": INK, **place}
        self.heading_mark = self.suptitle(drawable(self.heading), label=self.heading, **look)

    def write(self, x: float, y: float, words: Words, *, size: float = 9, **look: Any) -> Lettering:
        """One line of text, by default in ink from x to the right and centred on y."""
        look = {"color": INK, "ha": "left", "va": "center"} | look
        text = worded(words, self.language)
        return self.text(x, y, drawable(text), label=text, size=size, transform=self.inches, **look)

    def write_lines(
        self, x: float, y: float, words: Words, columns: int, *, lines: int = 2, **look: Any
    ) -> int:
        """A text folded to so many half-width letters and centred on y; how many lines it took."""
        folded = fold(worded(words, self.language), columns, lines)
        top = y - LEADING * (len(folded) - 1) / 2
        for number, line in enumerate(folded):
            self.write(x, top + LEADING * number, line, **look)
        return len(folded)

    def box(self, x: float, y: float, width: float, height: float, **look: Any) -> Rectangle:
        """A rectangle."""
        look = {"facecolor": TINT, "edgecolor": "none", "linewidth": 0.8, **look}
        return self.place(Rectangle((x, y), width, height, **look))

    def disc(self, x: float, y: float, radius: float, **look: Any) -> Circle:
        """A circle."""
        look = {"facecolor": INK, "edgecolor": INK, "linewidth": 1.0} | look
        return self.place(Circle((x, y), radius, **look))

    def rule(self, x: float, y: float, width: float, height: float = 0, **look: Any) -> None:
        """A thin line across, or down."""
        look = {"color": LINE, "linewidth": 0.8, **look}
        self.place(Line2D([x, x + width], [y, y + height], **look))

    def place(self, mark: Mark) -> Mark:
        """Anything of matplotlib whose measures are inches."""
        mark.set_transform(self.inches)
        self.add_artist(mark)
        return mark

    def png(self) -> bytes:
        """The picture as a PNG file with a palette."""
        from PIL import Image

        self.set_dpi(DOTS)
        size = self.canvas.get_width_height()
        renderer = Renderer(*size, DOTS)
        self.draw(renderer)
        picture = Image.frombytes("RGB", size, renderer.buffer_rgba(), "raw", "RGBX")
        file = io.BytesIO()
        picture.quantize(palette=_palette(), dither=Image.Dither.NONE).save(file, "png", dpi=(DOTS, DOTS))
        return file.getvalue()

    def _repr_mimebundle_(self, **_which: Any) -> tuple[dict[str, str], dict[str, Any]]:
        size = {"width": round(WIDTH * DOTS / 2), "height": round(self.get_figheight() * DOTS / 2)}
        data = {"image/png": b64encode(self.png()).decode("ascii"), "text/plain": self.alt_text}
        return data, {"alt": self.alt_text, "image/png": {"alt": self.alt_text, **size}}


@cache
def _palette() -> Image.Image:
    """Our tones, and on every ground the way to each tone that is drawn there (the soft edges of letters)."""
    from PIL import Image

    grounds = {PAPER: (INK, ACCENT, SOFT, LINE, PALE_LINE), PALE: (ACCENT, PAPER)}
    grounds |= dict.fromkeys((TINT, *STEPS), (INK, SOFT, PAPER, ACCENT))
    mixed = (
        _between(ground, tone, part / 8)
        for part in range(9)
        for ground in grounds
        for tone in grounds[ground]
    )
    # Pillow looks colours up in boxes of 8 x 8 x 8, so one for each box; the pure grounds come first.
    boxes: dict[tuple[int, ...], tuple[int, ...]] = {}
    for color in mixed:
        boxes.setdefault(tuple(value // 8 for value in color), color)
    palette = Image.new("P", (1, 1))
    palette.putpalette([value for color in boxes.values() for value in color])
    return palette


def _between(ground: str, tone: str, part: float) -> tuple[int, ...]:
    pairs = zip(to_rgb(ground), to_rgb(tone), strict=True)
    return tuple(round(255 * ((1 - part) * below + part * above)) for below, above in pairs)


_NOTHING = message("There is nothing to show yet.")


def without_data(title: Words, language: str, nothing: Message = _NOTHING) -> Chart:
    """The chart when nobody has answered yet: a calm sentence, which may say what leads to more."""
    chart = Chart(title, language, 1.15)
    chart.box(MARGIN, 0.45, WIDTH - 2 * MARGIN, 0.55)
    chart.write(WIDTH / 2, 0.725, nothing, ha="center", color=SOFT)
    # A text alternative ends in a full stop of its own.
    chart.alt_text = told(chart, [say(nothing, language).rstrip("。.")])
    return chart


def label(choices: Mapping[str, Any], list_name: str, code: str, language: str) -> str:
    """What is shown for a code; the code itself where its list is not at hand."""
    return choices[list_name].label(code, language) if list_name in choices else str(code)


def told(chart: Chart, lines: Iterable[str]) -> str:
    """A text alternative: the title, then the lines one after the other."""
    listed = ("；" if chart.language == "ja" else "; ").join(lines)
    return say(message("{title}: {lines}.", title=chart.heading, lines=listed), chart.language)
