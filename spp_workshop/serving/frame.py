"""What all pages for a room share: head, bar, language switch, and every text in both languages at once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from spp_workshop.documents import shipped
from spp_workshop.errors import message
from spp_workshop.forms.words import both as in_both
from spp_workshop.programme import Programme

from .assets import address

if TYPE_CHECKING:
    from jinja2 import Environment


def render(template: str, *, base_url: str, programme: Programme, title: Any, **values: Any) -> str:
    """A page of `templates/room`, with everything in it escaped.

    `title` and all texts for `both` are bilingual: a Message, a Text or a mapping of `ja` and `en`. Addresses
    in a page begin with `base_url` (with a slash at both ends); `asset(NAME)` is that of a script or style.
    """
    page = _environment().get_template(f"room/{template}")
    words = {name: in_both(text) for name, text in WORDS.items()}
    return page.render(
        base_url=base_url,
        programme=programme,
        page_title=in_both(title),
        words=words,
        asset=lambda name: base_url + address(name),
        **values,
    )


def both(text: Any) -> str:
    """A text in both languages, of which the page shows one; line breaks stay."""
    spoken = text if isinstance(text, dict) else in_both(text)
    return _environment().get_template("room/both.html.j2").module.both(spoken)  # type: ignore[attr-defined]


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(shipped("templates")),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.globals["both"] = both
    return environment


WORDS = {
    # Translators: the name of the language into which you translate.
    "this_language": message("English"),
    "skip": message("Skip to the content"),
    "languages": message("Language"),
    "no_script": message("This page needs JavaScript. Please switch it on in your browser, and reload."),
}
