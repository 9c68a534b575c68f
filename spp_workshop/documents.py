"""Files that people write by hand: YAML in, checked models out, every problem told with its line.

YAML is read by the rules of YAML 1.2: `no` and `10:30` stay text, because a person who types them means text.
"""

from __future__ import annotations

import difflib
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from .errors import DefinitionError, Message, Problem, message

Location = tuple[Any, ...]
PACKAGE = Path(__file__).parent
Kind = Literal["worksheets", "notebooks", "programmes", "templates", "static", "locale"]


def shipped(kind: Kind) -> Path:
    """The folder of files that come with the toolkit.

    A wheel carries worksheets and notebooks inside the package; a checkout has them at its top level.
    """
    places = (PACKAGE / kind, PACKAGE / "_shipped" / kind, PACKAGE.parent / kind)
    return next(place for place in places if place.is_dir())


class Model(BaseModel):
    """What every definition shares: nothing can be changed, and an unknown key is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class Document:
    """A file as read: its data, and its text, in which a problem has its line."""

    path: Path
    data: Any
    text: str = field(repr=False)
    # By class, what `parse` made of it.
    models: dict[type, Any] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def lines(self) -> dict[Location, int]:
        """The line on which each part begins. To find them takes as long as to read the file."""
        node = _Loader(self.text).get_single_node()
        return dict(_lines(node)) if node else {}

    def where(self, location: Location = ()) -> str:
        """`file:line` of the nearest part that stands in the file."""
        while location and location not in self.lines:
            location = location[:-1]
        return f"{_short(self.path)}:{self.lines.get(location, 1)}"


def _short(path: Path) -> str:
    """Folder and file: enough to find it, and no absolute path of a machine."""
    return f"{path.parent.name}/{path.name}" if path.parent.name else path.name


T = TypeVar("T")

# A file that has only just been written may be written again within one tick of its disk's clock.
_SETTLED = 2.0  # seconds
_kept: dict[tuple[str, ...], tuple[list[tuple[int, int, int]], Any]] = {}


def keep(path: Path, what: str, make: Callable[[], T]) -> T:
    """What `make` makes of a file: made once in a process, and again when the file has changed."""
    return keep_all([path], what, make)


def keep_all(files: Sequence[Path], what: str, make: Callable[[], T]) -> T:
    """What `make` makes of several files: again when one of them has changed, is gone, or is new."""
    try:
        found = [path.stat() for path in files]
    except OSError:
        return make()
    stamps = [(one.st_mtime_ns, one.st_size, one.st_ino) for one in found]
    key = (what, *(str(path.absolute()) for path in files))
    if key in _kept and _kept[key][0] == stamps:
        return _kept[key][1]
    made = make()
    if all(time.time() - one.st_mtime > _SETTLED for one in found):
        _kept[key] = stamps, made
    return made


def read(path: Path) -> Document:
    """Read a YAML file. Raises DefinitionError when it is missing, no YAML, or says a key twice.

    The data are shared by all who read the file: look at them, and change nothing.
    """
    return replace(keep(path, "document", lambda: _read(path)), path=path)


def _read(path: Path) -> Document:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DefinitionError(_missing(path)) from None
    except UnicodeDecodeError:
        raise DefinitionError(_not_utf8(path)) from None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        twice = [_twice(path, line, key) for line, key in _repeated_keys(node)]
        data = loader.construct_document(node) if node and not twice else None
    except yaml.YAMLError as error:
        raise DefinitionError(_not_yaml(path, error)) from None
    if twice:
        raise DefinitionError(twice)
    return Document(path, data, text)


M = TypeVar("M", bound=BaseModel)


def parse(model: type[M], document: Document) -> M:
    """The document as a model. Raises DefinitionError with every problem in the file."""
    if model not in document.models:
        document.models[model] = _parse(model, document)
    return document.models[model]


def _parse(model: type[M], document: Document) -> M:
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        raise DefinitionError([_problem(document, model, detail) for detail in error.errors()]) from None


Check = Callable[[Document], Iterable[Problem]]


def load_all(model: type[M], folders: Iterable[Path], *checks: Check) -> dict[str, tuple[M, Document]]:
    """Every definition in the folders by file name, a later folder winning; each with its document.

    A check sees the data as it stands in the file, so that a line that cannot be read hides no other problem.
    Raises DefinitionError with the problems of all files.
    """
    files = {path.stem: path for folder in folders for path in sorted(folder.glob("*.yaml"))}
    loaded: dict[str, tuple[M, Document]] = {}
    problems: list[Problem] = []
    for stem, path in files.items():
        try:
            document = read(path)
        except DefinitionError as error:
            problems += error.problems
            continue
        found = [*_named_as_file(document, stem), *(one for check in checks for one in check(document))]
        try:
            loaded[stem] = parse(model, document), document
        except DefinitionError as error:
            found += error.problems
        problems += by_line(found)
    if problems:
        raise DefinitionError(problems)
    return loaded


def by_line(problems: Iterable[Problem]) -> list[Problem]:
    """Problems of one file in the order in which a person comes upon them."""
    return sorted(problems, key=lambda problem: int(problem.where.rpartition(":")[2]))


def entries(value: Any) -> list[dict[str, Any]]:
    """The entries of a list; one that is no mapping counts as empty, so that the others keep their place."""
    return [entry if isinstance(entry, dict) else {} for entry in value] if isinstance(value, list) else []


def _named_as_file(document: Document, stem: str) -> list[Problem]:
    if not isinstance(document.data, dict) or document.data.get("name", stem) == stem:
        return []
    return [
        Problem(
            document.where(("name",)),
            "name_is_not_file",
            message("The name is not that of the file."),
            message("Write “name: {stem}”, or rename the file.", stem=stem),
        )
    ]


def rule_error(rule: str, message: Message, remedy: Message) -> PydanticCustomError:
    """To be raised by a model's own rule, worded for people."""
    return PydanticCustomError("rule", "{rule}", {"rule": rule, "message": message, "remedy": remedy})


# --- YAML 1.2 ---------------------------------------------------------------------------------------------


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    yaml_implicit_resolvers: ClassVar[dict[str, list[Any]]] = {}


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(null|~|)$"), ["n", "~", ""])
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^-?(0|[1-9][0-9]*)$"), list("-0123456789")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^-?[0-9]+\.[0-9]+$"), list("-0123456789")
)


def _lines(node: yaml.Node, location: Location = ()) -> Iterator[tuple[Location, int]]:
    yield location, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*location, key.value), key.start_mark.line + 1
            for place, line in _lines(value, (*location, key.value)):
                if place != (*location, key.value):
                    yield place, line
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _lines(value, (*location, index))


def _repeated_keys(node: yaml.Node | None) -> Iterator[tuple[int, str]]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.start_mark.line + 1, key.value
            seen.add(key.value)
            yield from _repeated_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _repeated_keys(value)


# --- Wording ----------------------------------------------------------------------------------------------


def _missing(path: Path) -> Problem:
    return Problem(
        _short(path),
        "missing_file",
        message("This file is not there."),
        message("Check its name and folder."),
    )


def _not_utf8(path: Path) -> Problem:
    return Problem(
        _short(path),
        "not_utf8",
        message("This file is not saved as UTF-8 text."),
        message("Open it in an editor and save it with the encoding UTF-8."),
    )


def _not_yaml(path: Path, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return Problem(
        f"{_short(path)}:{mark.line + 1}" if mark else _short(path),
        "not_yaml",
        message("This line cannot be read as YAML."),
        message(
            "Check the indentation, colons, commas, brackets and quotation marks here and on the line "
            "before; none of them, and no space, may be full-width."
        ),
    )


def _twice(path: Path, line: int, key: str) -> Problem:
    return Problem(
        f"{_short(path)}:{line}",
        "duplicate_key",
        message("The key “{key}” stands here a second time.", key=key),
        message("Keep one of the two."),
    )


def _problem(document: Document, model: type[BaseModel], detail: ErrorDetails) -> Problem:
    location = tuple(part for part in detail["loc"] if not str(part).startswith("function-"))
    where = document.where(location)
    context: dict[str, Any] = detail.get("ctx") or {}
    if "message" in context:
        return Problem(where, context["rule"], context["message"], context["remedy"], field=_name(location))
    rule = detail["type"]
    wording, remedy = _worded(rule, location, context, model)
    return Problem(where, rule, wording, remedy, field=_name(location))


def _name(location: Location) -> str:
    return next((str(part) for part in reversed(location) if isinstance(part, str)), "")


def _worded(
    rule: str, location: Location, context: dict[str, Any], model: type[BaseModel]
) -> tuple[Message, Message]:
    key = _name(location)
    if rule == "missing":
        return _absent(key)
    if rule == "extra_forbidden":
        return message("The key “{key}” is not known here.", key=key), _nearest(key, model)
    if rule.startswith(("date", "time")):
        return (
            message("“{key}” is not a date or a time.", key=key),
            message("Write a date as 2026-01-20 and a time as 14:00, in half-width characters."),
        )
    if rule in ("literal_error", "enum"):
        expected = str(context.get("expected", "")).replace(" or ", ", ").replace("'", "")
        return (
            message("“{key}” has a value that is not known.", key=key),
            message("Use one of: {expected}.", expected=expected),
        )
    return _wrong_kind(rule, key)


def _absent(key: str) -> tuple[Message, Message]:
    if key in ("ja", "en"):
        return message("The text for “{key}” is missing.", key=key), message("Write it in both languages.")
    return message("The key “{key}” is missing.", key=key), message("Add it.")


def _wrong_kind(rule: str, key: str) -> tuple[Message, Message]:
    if rule == "string_pattern_mismatch":
        return (
            message("“{key}” has a character that is not allowed here.", key=key),
            message("Use small letters, digits and underscores, beginning with a letter."),
        )
    if rule == "model_type":
        return (
            message("“{key}” needs keys with values, such as a text in both languages.", key=key),
            message("Write for example {{ja: 日本語, en: English}}."),
        )
    if rule == "string_too_short":
        return message("“{key}” is empty.", key=key), message("Write something, or take the key away.")
    kinds = {
        "string": message("text"),
        "int": message("a whole number in half-width digits, with nothing after it"),
        "float": message("a number"),
        "bool": message("true or false"),
        "list": message("a list, such as [one, two], or lines that begin with a hyphen"),
        "tuple": message("a list, such as [one, two], or lines that begin with a hyphen"),
        "dict": message("keys with values"),
        "model": message("keys with values"),
        "greater": message("a larger number"),
        "less": message("a smaller number"),
    }
    kind = kinds.get(rule.partition("_")[0], message("another value"))
    return message("“{key}” is not as it must be.", key=key), message("Write {kind} here.", kind=kind)


def _nearest(key: str, model: type[BaseModel]) -> Message:
    close = difflib.get_close_matches(key, sorted(_keys(model, set())), 1)
    if close:
        return message("Did you mean “{close}”? Otherwise take it away.", close=close[0])
    return message("Take it away, or write its right name, then a half-width colon and a space.")


def _keys(model: type[BaseModel], seen: set[type]) -> set[str]:
    """The names of all keys below a model, for “did you mean”."""
    if model in seen:
        return set()
    seen.add(model)
    names = set(model.model_fields)
    for info in model.model_fields.values():
        for part in _classes(info.annotation):
            names |= _keys(part, seen)
    return names


def _classes(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from _classes(part)
