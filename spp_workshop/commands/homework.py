"""The commands for homework: workbooks out, workbooks in, and who owes what."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from spp_workshop.errors import Message, Problem, SppError, message
from spp_workshop.messages import LANGUAGES, Language, date_text, join_text, say

from .voice import ALL_WELL, NOTHING_DONE, SOME_FAILED, Voice, workshop_folder

if TYPE_CHECKING:
    from spp_workshop.workbook.comparing import Judged
    from spp_workshop.workshop import Workshop


def worksheets(options: Namespace, voice: Voice) -> int:
    """Worksheets out of the workshop, and back into it. Raises SppError when nothing could be done."""
    return {"export": _export, "print": _print, "import": _import, "xlsform": _xlsform}[options.action](
        options, voice
    )


def _export(options: Namespace, voice: Voice) -> int:
    from spp_workshop.workbook.exporting import export
    from spp_workshop.workshop import open_workshop

    workshop = open_workshop(workshop_folder(options.folder), language=voice.language)
    written = export(workshop, _languages(options), companies=options.company or (), session=options.session)
    for path in written.values():
        voice.tell(message("Written: {file}", file=path))
    if not written:
        raise SppError(_no_companies())
    voice.tell(message("Each workbook holds the answers of its company: send it to that company only."))
    voice.data({"files": {key: str(path) for key, path in written.items()}})
    return ALL_WELL


def _languages(options: Namespace) -> Sequence[Language]:
    """What a company gets is in Japanese, unless something else is said."""
    chosen: Language = options.language if options.language in LANGUAGES else "ja"
    return LANGUAGES if options.language == "both" else [chosen]


def _print(options: Namespace, voice: Voice) -> int:
    from spp_workshop.paper.making import print_sheets, session_of
    from spp_workshop.workshop import open_workshop

    workshop = open_workshop(workshop_folder(options.folder), language=voice.language)
    today = workshop.store.now().astimezone().date()
    session = session_of(workshop.programme, options.session, today)
    day = date_text(session.date, voice.language)
    voice.tell(message("Worksheets of “{session}”, {date}:", session=session.title, date=day))
    printed = print_sheets(
        workshop,
        session,
        _languages(options),
        companies=options.company or (),
        made=lambda path: voice.tell(message("Written: {file}", file=path)),
    )
    if not printed.files:
        raise SppError(_nothing_to_print())
    voice.problems(printed.problems)
    voice.tell(message("Each company's sheets hold its answers: give them to that company only."))
    files = {
        name: {ending: str(path) for ending, path in made.items()} for name, made in printed.files.items()
    }
    problems = [problem.as_json(voice.language) for problem in printed.problems]
    voice.data({"session": session.key, "files": files, "problems": problems})
    return SOME_FAILED if printed.problems else ALL_WELL


def _xlsform(options: Namespace, voice: Voice) -> int:
    from spp_workshop.workbook.xlsforms import limits_of_all, write_forms
    from spp_workshop.workshop import open_workshop

    workshop = open_workshop(workshop_folder(options.folder), language=voice.language)
    chosen: Language = options.language if options.language in LANGUAGES else "ja"
    forms = write_forms(workshop, session=options.session, language=chosen)
    if not forms.files:
        raise SppError(_nothing_due())
    for name, path in forms.files.items():
        voice.tell(message("Written: {file}", file=path))
        for limit in forms.limits[name]:
            voice.tell(message("  Not in this form: {limit}", limit=limit))
    voice.tell(message("What a form cannot do:"))
    for limit in limits_of_all():
        voice.tell(message("- {limit}", limit=limit))
    voice.tell(_codes_are_secret(str(forms.links)))
    voice.data(
        {
            "files": {name: str(path) for name, path in forms.files.items()},
            "links": str(forms.links),
            "limits": {
                name: [say(limit, voice.language) for limit in limits]
                for name, limits in {**forms.limits, "": limits_of_all()}.items()
            },
        }
    )
    return ALL_WELL


def _import(options: Namespace, voice: Voice) -> int:
    from spp_workshop.workbook import telling
    from spp_workshop.workbook.importing import import_files
    from spp_workshop.workshop import open_workshop

    workshop = open_workshop(workshop_folder(options.folder), language=voice.language)
    outcome = import_files(
        workshop,
        options.files,
        company=options.company,
        store=options.apply,
        overwrite=options.overwrite,
        ask=_password(voice) if sys.stdin.isatty() and not voice.as_json else None,
    )
    for one in outcome.judged:
        voice.tell(telling.summary(one))
        for line in telling.lines(workshop, one, voice.language):
            voice.show(line)
        if one.file.name in outcome.copies:
            voice.tell(message("  Marked copy for the company: {file}", file=outcome.copies[one.file.name]))
    voice.problems(outcome.refused)
    if outcome.judged:
        voice.tell(_end(outcome.judged, options.apply))
    voice.data(
        {
            "applied": options.apply,
            "files": [telling.as_json(one, voice.language) for one in outcome.judged],
            "copies": {name: str(path) for name, path in outcome.copies.items()},
            "problems": [problem.as_json(voice.language) for problem in outcome.refused],
        }
    )
    open_cells = any(told.state in ("wrong", "conflict") for one in outcome.judged for told in one.told)
    if not outcome.judged:
        return NOTHING_DONE
    return SOME_FAILED if outcome.refused or open_cells else ALL_WELL


def _password(voice: Voice) -> Callable[[str], str]:
    from getpass import getpass

    def ask(name: str) -> str:
        return getpass(say(message("Password of {file}: ", file=name), voice.language))

    return ask


def homework(options: Namespace, voice: Voice) -> int:
    """Who has not returned what. Raises SppError when nothing is due in any session."""
    from spp_workshop import homework
    from spp_workshop.workshop import open_workshop

    workshop = open_workshop(workshop_folder(options.folder), language=voice.language)
    programme = workshop.programme
    today = workshop.store.now().astimezone().date()
    session = (
        programme.session(options.session) if options.session else homework.next_session(programme, today)
    )
    if session is None:
        raise SppError(_nothing_due())
    told = homework.reminders(workshop, session)
    day = date_text(session.date, voice.language)
    voice.tell(message("Due at “{session}”, {date}:", session=session.title, date=day))
    for one in told:
        voice.show(_standing(workshop, one, voice.language))
    for one in told:
        if text := one["reminder"][voice.language]:
            voice.show(f"\n{'-' * 40}\n{text}")
    voice.data({"session": session.key, "date": session.date.isoformat(), "companies": told})
    return ALL_WELL


def _standing(workshop: Workshop, one: dict[str, Any], language: str) -> str:
    """A line for a company: its worksheets, and how far each is."""
    words = {
        "nothing": message("not begun"),
        "begun": message("begun"),
        "submitted": message("submitted"),
    }
    name = workshop.programme.company(one["company"]).name[language]
    sheets = [
        f"{workshop.worksheets[sheet].title[language]} ({say(words[state], language)})"
        for sheet, state in one["worksheets"].items()
    ]
    return f"  {name}: {join_text(sheets, language)}"


# --- Wording ----------------------------------------------------------------------------------------------


def _end(judged: Iterable[Judged], stored: bool) -> Message:
    # A sheet that is said to be finished is submitted, even if no answer in it is new.
    if not any(one.changes() or one.finished for one in judged):
        return _nothing_new()
    return _stored() if stored else _nothing_stored()


def _stored() -> Message:
    return message("What is good is stored; the files themselves are kept in the folder imports.")


def _nothing_new() -> Message:
    return message("There is nothing new to be stored in it.")


def _codes_are_secret(file: str) -> Message:
    return message(
        "Each company says by its code who it is: send it with the link, to that company only. The codes:"
        " {file}",
        file=file,
    )


def _nothing_stored() -> Message:
    return message("Nothing was stored. To store what is good, say it again with --apply.")


def _no_companies() -> Problem:
    return Problem(
        "programme.yaml",
        "no_companies",
        message("There is no company in this programme yet."),
        message("Write the companies into programme.yaml."),
    )


def _nothing_to_print() -> Problem:
    return Problem(
        "programme.yaml",
        "nothing_to_print",
        message("No worksheet is used in this session."),
        message("Write them into “before” of the session, or into “worksheets” of its agenda items."),
    )


def _nothing_due() -> Problem:
    return Problem(
        "programme.yaml",
        "nothing_due",
        message("No session names a worksheet that is due before or after it."),
        message("Write them into “before” and “after” of the sessions in programme.yaml."),
    )


__all__ = ["homework", "worksheets"]
