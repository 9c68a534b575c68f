"""Whom to ask, once somebody has written it: what the template says of it is no address."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from .worksheet import Text


def is_unwritten(contact: object) -> bool:
    """Whether a contact is still the one of the template."""
    return "write how to reach it" in str(contact)


def _as_it_came(contact: Text | None) -> Text | None:
    # Whoever did not write it must not find it printed as if it were an address.
    return None if contact and is_unwritten(contact.en) else contact


Contact = Annotated[Text | None, AfterValidator(_as_it_came)]

__all__ = ["Contact", "is_unwritten"]
