"""From answers to findings: frames in, frames out (pure pandas, no store, no screen).

`frames` is a mapping from the name of a worksheet to its latest rows, as `Workshop.frames`: columns company,
row, status and one per field, with stable codes. `levels` is a mapping from the name of a scale to the number
behind each code, as `Workshop.levels`. What was not answered stays unanswered; nothing is guessed.
"""

from .actions import actions
from .attendance import attendance
from .completion import completion, outcomes, progress
from .counts import barriers, support, themes
from .priorities import priorities, severity
from .readiness import readiness, readiness_overall
from .small_numbers import HIDDEN, note, published, suppress

__all__ = [
    "HIDDEN",
    "actions",
    "attendance",
    "barriers",
    "completion",
    "note",
    "outcomes",
    "priorities",
    "progress",
    "published",
    "readiness",
    "readiness_overall",
    "severity",
    "support",
    "suppress",
    "themes",
]
