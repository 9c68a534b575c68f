"""Small numbers: what may be said about companies without telling about one of them.

With eight known companies, "1 of 8 keeps passports" is close to naming. So no figure that leaves a company
tells of fewer than three: neither of those that have something nor, by subtraction, of those that have not.
"""

from __future__ import annotations

import pandas as pd

from spp_workshop.messages import Message, message

HIDDEN = "—"


def note(floor: int = 3) -> Message:
    """What must stand below every table and chart of suppressed counts."""
    return message(
        "Numbers under {floor} companies are not shown, nor numbers from which they could be worked out "
        "(in a table: “—”). “{floor}+” tells only that it is {floor} or more.",
        floor=floor,
    )


def suppress(
    counts: pd.Series, of: int, floor: int = 3, *, sensitive: bool = True, partition: bool = False
) -> pd.Series:
    """The counts as they may be told: a number, `3+` (floor or more), or `—`.

    `of` is how many companies answered, which readers may know. A count under the floor is hidden, none as
    well. Where fewer than the floor would be left over (all, or nearly all), only `3+` is told; on
    `sensitive` items then on every line, because a single `3+` would stand out. With `partition` the counts
    are parts of `of`, each company in one: nothing is `3+`, and with one part others are hidden, the last
    first, until subtraction tells nothing.
    """
    told = {key: _told(int(count), of, floor) for key, count in counts.items()}
    if sensitive and f"{floor}+" in told.values():
        told = {key: HIDDEN if mark == HIDDEN else f"{floor}+" for key, mark in told.items()}
    if partition:
        told = {key: mark if mark.isdigit() else HIDDEN for key, mark in told.items()}
        _hide_what_subtraction_tells(told, counts, floor)
    return pd.Series(told, index=counts.index, dtype="object", name=counts.name)


def published(counts: pd.DataFrame, floor: int = 3, *, sensitive: bool = False) -> pd.DataFrame:
    """Counts of companies as others may see them, from `barriers`, `support` or the like.

    Keeps the code and `companies` (now as told) with `of`. Drops the lines that are hidden, so that not even
    their being named is told, and finer columns such as `biggest`, which would tell by subtraction. Lines
    that are told alike stand in the order of their codes.
    """
    of = int(counts["of"].max()) if len(counts) else 0
    code = counts.columns[0]
    told = counts[[code]].assign(
        companies=suppress(counts["companies"], of, floor, sensitive=sensitive), of=counts["of"]
    )
    told = told[told["companies"] != HIDDEN]
    place = told["companies"].map(lambda mark: -of if mark.endswith("+") else -int(mark))
    return told.assign(place=place).sort_values(["place", code]).drop(columns="place").reset_index(drop=True)


def _told(count: int, of: int, floor: int) -> str:
    if count < floor or of <= floor:
        return HIDDEN
    return str(count) if count <= of - floor else f"{floor}+"


def _hide_what_subtraction_tells(told: dict, counts: pd.Series, floor: int) -> None:
    """Where a part is hidden, hide further ones too, so that the rest of the whole could be many things.

    They are taken from the last part up: chosen by size, the choice itself would tell.
    """
    exact = [key for key, mark in told.items() if mark.isdigit()]
    hidden = sum(int(counts[key]) for key in told if key not in exact)
    enough = len(exact) == len(told)
    while exact and not enough:
        key = exact.pop()
        told[key] = HIDDEN
        hidden += int(counts[key])
        enough = hidden > floor
