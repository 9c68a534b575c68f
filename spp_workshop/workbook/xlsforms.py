"""The worksheets as forms for KoboToolbox and ODK, as files in the workshop folder; what a form cannot do."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spp_workshop.errors import Message, message
from spp_workshop.homework import company_worksheets
from spp_workshop.messages import LANGUAGES, Language, say
from spp_workshop.programme import Company
from spp_workshop.worksheet import Worksheet, ancestors
from spp_workshop.workshop import Workshop
from spp_workshop.xlsform import names
from spp_workshop.xlsform.surveys import form_of
from spp_workshop.xlsform.writing import workbook

from .exporting import write
from .formcodes import codes_for

FOLDER = Path("output", "xlsform")
LINKS = "links.xlsx"


@dataclass(frozen=True)
class Forms:
    """What was written: the form of each worksheet, what it cannot do, and the companies' codes."""

    files: Mapping[str, Path]
    limits: Mapping[str, Sequence[Message]]
    links: Path


def write_forms(workshop: Workshop, *, session: str = "", language: Language = "ja") -> Forms:
    """Write the form of every worksheet that companies fill in; it opens in this language.

    Raises SppError when there is no such session.
    """
    sheets = company_worksheets(workshop, session)
    folder = workshop.folder / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    files, limits = {}, {}
    for sheet in sheets:
        source = next(iter(ancestors(sheet, workshop.worksheets)), None)
        form = form_of(
            sheet, workshop.choices, programme=workshop.programme.key, source=source, language=language
        )
        files[sheet.name] = write(folder / f"{sheet.name}.xlsx", workbook(form))
        limits[sheet.name] = limits_of(source)
    companies = workshop.programme.companies
    codes = codes_for(workshop.folder, companies)
    return Forms(files, limits, write(folder / LINKS, _links(companies, codes, language)))


def limits_of(source: Worksheet | None) -> list[Message]:
    """What the form of a worksheet cannot do, whose rows are carried forward from this one."""
    if source is None:
        return []
    return [
        message(
            "The rows of “{source}” are not shown; each row asks for the code or the name of the one that"
            " it is about.",
            source=source.title,
        )
    ]


def limits_of_all() -> list[Message]:
    """What no form can do."""
    return [
        message("A form does not show what the company has answered before."),
        message(
            "It can be sent only when every required question is answered; a draft stays in the browser."
        ),
        message("It asks for no translations, and a box that is not ticked is the same as no answer."),
        message("The examples for each sector are left out; the general ones are there."),
    ]


# --- Codes ------------------------------------------------------------------------------------------------


def _links(companies: Sequence[Company], codes: Mapping[str, str], language: Language) -> bytes:
    """Who has which code, and what is put behind the link to a form so that it is filled in already."""
    from xlsxwriter import Workbook

    stream = io.BytesIO()
    book = Workbook(stream, {"in_memory": True})
    sheet = book.add_worksheet(say(message("Codes"), language))
    words = book.add_format({"text_wrap": True, "valign": "vcenter"})
    head = book.add_format(
        {"bold": True, "bg_color": "#E8EEF4", "bottom": 1, "text_wrap": True, "valign": "top"}
    )
    code = book.add_format({"font_name": "Courier New", "bold": True, "valign": "vcenter"})
    sheet.merge_range(0, 0, 0, 3, say(_how_to_send(), language), words)
    sheet.set_row(0, 64)
    for place, (title, width) in enumerate(_COLUMNS):
        sheet.write_string(1, place, say(title, language), head)
        sheet.set_column(place, place, width)
    for row, company in enumerate(companies, start=2):
        own = codes[company.key]
        sheet.set_row(row, 34)
        for place, (text, look) in enumerate(_line(company, own, words, code)):
            sheet.write_string(row, place, text, look)
    sheet.freeze_panes(2, 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    book.close()
    return stream.getvalue()


def _line(company: Company, code: str, words: Any, mono: Any) -> list[tuple[str, Any]]:
    name = "\n".join(dict.fromkeys(company.name[language] for language in LANGUAGES))
    kobo, odk = f"?d[{names.CODE}]={code}", f"&d[/data/{names.CODE}]={code}"
    return [(name, words), (code, mono), (kobo, mono), (odk, mono)]


# Heads, and widths in letters.
_COLUMNS = (
    (message("Company"), 34),
    (message("Its code"), 14),
    (message("Behind the link of KoboToolbox"), 40),
    (message("Behind the link of ODK Central"), 44),
)


def _how_to_send() -> Message:
    return message(
        "For whoever keeps the records. Send each company the link to the form with its own ending, and its"
        " code. Whoever has a code can answer for that company: send it to that company only."
    )


__all__ = ["Forms", "limits_of", "limits_of_all", "write_forms"]
