"""In a notebook a person sees a sentence, not a traceback.

Only our own errors are worded: anything else is a fault of the program, and its traceback is needed.
"""

from __future__ import annotations

from typing import Any

from .errors import SppError


def show_errors_as_sentences(language: str) -> None:
    """From now on the running notebook, if any, shows our errors as sentences in `language`.

    The cell still fails, so that a batch run notices.
    """
    shell = _running_shell()
    if shell is None:
        return

    def show(shell: Any, kind: type[SppError], error: SppError, _trace: Any, **_how: Any) -> list[str]:
        sentences = error.text(language).splitlines()
        shell._showtraceback(kind, error, sentences)  # the one way that reaches every front end as an error
        return sentences

    shell.set_custom_exc((SppError,), show)


def _running_shell() -> Any:
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return None
    return get_ipython()


def in_a_notebook() -> bool:
    """Whether a notebook's kernel runs us, so that what is displayed reaches a page."""
    return hasattr(_running_shell(), "kernel")
