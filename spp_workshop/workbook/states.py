"""What a cell of a file that came back can be, in words."""

from __future__ import annotations

from spp_workshop.errors import Message, message

# What is worth a line of its own, the most urgent first.
LISTED = ("wrong", "conflict", "incomplete", "ignored", "new", "changed", "cleared")
STATES: dict[str, Message] = {
    "new": message("new"),
    "changed": message("changed"),
    "cleared": message("cleared"),
    "unchanged": message("unchanged"),
    "conflict": message("in conflict"),
    "wrong": message("wrong"),
    "ignored": message("left aside"),
    "incomplete": message("still missing"),
}

__all__ = ["LISTED", "STATES"]
