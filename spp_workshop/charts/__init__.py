"""From frames to pictures (pure matplotlib): every chart takes a frame of `analysis` and a language.

A chart is a matplotlib Figure with a title and a text alternative (`alt_text`). It is drawn without pyplot,
shows itself in a notebook, can be read in grey, and says so calmly when there is nothing to show. `choices`
is `Workshop.choices`.
"""

from .bars import attendance_chart, barrier_chart
from .canvas import Chart
from .grids import completion_chart, progress_chart
from .lettering import use_japanese_font
from .readiness import readiness_chart
from .riskmap import risk_map

__all__ = [
    "Chart",
    "attendance_chart",
    "barrier_chart",
    "completion_chart",
    "progress_chart",
    "readiness_chart",
    "risk_map",
    "use_japanese_font",
]
