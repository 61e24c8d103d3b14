"""Writes the generated pages of docs/reference from the code: `python -m tools.docs [--check]`.

Each page is a function from nothing to text; the same code gives the same bytes. `--check` writes
nothing, names every page that is not current, and ends with 1.
"""

import argparse
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from typer.main import get_command

import ledger
from ledger import projections, settings
from ledger.desk import Desk
from ledger.domain.auditing import Finding
from ledger.domain.kernel import Event, Office, Public, Refused, Sealed
from ledger.exchange.signals import Signal
from ledger.replay.examples import EXAMPLES
from ledger.replay.words import word

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"

ROOMS = (
    "offices", "persons", "unions", "stations", "partnerships", "membership", "consents",
    "channels", "corrections", "schemes", "hardship",
)  # fmt: skip
"""The rooms of the law in the order in which one reads them; a new one comes after these."""


# ── rooms ────────────────────────────────────────────────────────────────────────────────────


def know_everything() -> None:
    """Imports every room below the doors, so that every event and rule is known."""
    for found in walk_packages(ledger.__path__, "ledger."):
        if found.name.split(".")[1] not in {"cli", "demo", "migrations"}:
            import_module(found.name)


def room_of(cls: type[Any]) -> str:
    """`ledger.domain.membership.rules` → `membership`; `ledger.imports.rows` → `imports`."""
    parts = cls.__module__.split(".")
    return parts[2] if parts[1] == "domain" else parts[1]


def by_room(classes: Iterable[type[Any]]) -> Iterator[tuple[str, str, list[type[Any]]]]:
    """(a room's name in words, its purpose, its classes in the order of their names)."""
    found: dict[str, list[type[Any]]] = {}
    for cls in sorted(classes, key=lambda each: each.__name__):
        found.setdefault(room_of(cls), []).append(cls)
    order = {room: place for place, room in enumerate(ROOMS)}
    for room in sorted(found, key=lambda each: (order.get(each, len(order)), each)):
        path = room if found[room][0].__module__.split(".")[1] != "domain" else f"domain.{room}"
        title, _, purpose = first_line(import_module(f"ledger.{path}")).partition(": ")
        yield title.rstrip("."), purpose[:1].upper() + purpose[1:], found[room]


def first_line(thing: Any) -> str:
    """The first paragraph of a docstring on one line."""
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


def events() -> list[type[Event]]:
    return [cls for cls in Event.kinds.values() if cls.__module__.startswith("ledger.")]


# ── types, as a reader has to know them ──────────────────────────────────────────────────────


def told(hint: Any) -> str:
    """What may stand in a field: `UnionId`, `date, or nothing`, `list of Group`."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        mark = next(each for each in inner[1:] if isinstance(each, Sealed | Public))
        if isinstance(mark, Public):
            return "public text"
        found = f", found by {mark.search.value}" if mark.search else ""
        return f"sealed: {mark.group.value} {word(mark.group)}{found}"
    if origin in (UnionType, Union):
        return " or ".join(told(each) for each in inner if each is not type(None)) + ", or nothing"
    if origin is tuple:
        return f"list of {told(inner[0])}"
    return "nothing" if hint is type(None) else f"`{hint.__name__}`"


def parts_of(hint: Any) -> Iterator[type[Any]]:
    """The closed lists and values inside a type, and inside those values."""
    within: tuple[Any, ...] = get_args(hint)
    if isinstance(hint, type):
        cls: type[Any] = hint
        if issubclass(cls, StrEnum) or is_dataclass(cls):
            yield cls
        within = tuple(hints_of(cls).values()) if is_dataclass(cls) else ()
    for inner in within:
        yield from parts_of(inner)


def hints_of(cls: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(cls, include_extras=True)
    return {each.name: hints[each.name] for each in fields(cls)}


# ── pages ────────────────────────────────────────────────────────────────────────────────────


def page_of_events() -> Iterator[str]:
    yield "# Events"
    yield (
        "Every kind of fact that a journal can hold, by room. The name is for ever. *Decided by*: "
        "the offices that may decide it. *Shared as*: the scope of an agreement that covers it; "
        "`always` is for the agreement itself and what keeps the exchange running, `never` stays "
        "in this journal. A field is an id, a code of a closed list, a date, a number, public "
        "text, or text sealed to the person whom the event concerns: her first field of type "
        "`PersonId`. The first field is the stream. What a record takes, no other may hold until "
        "it is given back."
    )
    used: dict[str, type[Any]] = {}
    for room, purpose, kinds in by_room(events()):
        yield f"## {room}"
        yield purpose
        for kind in kinds:
            yield from _event(kind)
            for hint in hints_of(kind).values():
                used.update((each.__name__, each) for each in parts_of(hint))
    yield from _values(used)
    yield from _lists(used)


def _event(kind: type[Event]) -> Iterator[str]:
    term, _, sentence = first_line(kind).partition(": ")
    ahead = " · may lie ahead" if kind.ahead else ""
    yield f"### {kind.__name__}"
    yield f"**{term}**: {sentence}"
    by = "、".join(f"{word(office)} `{office.value}`" for office in kind.by)
    yield f"Decided by {by} · shared as `{kind.scope.value}`{ahead}"
    yield _table(("field", "what"), [(f"`{n}`", told(hint)) for n, hint in hints_of(kind).items()])
    for verb, method in (("Takes", kind.takes), ("Gives back", kind.frees)):
        names = sorted(set(re.findall(r"(?:Claim|Release)\((\w+)", inspect.getsource(method))))
        if names:
            yield f"{verb} {', '.join(f'[{name}](rules.md#{name.lower()})' for name in names)}"


def _values(used: dict[str, type[Any]]) -> Iterator[str]:
    yield "## Values"
    yield "Objects that stand inside an event, field by field."
    for name in sorted(name for name, cls in used.items() if is_dataclass(cls)):
        yield f"### {name}"
        yield first_line(used[name])
        rows = [(f"`{field}`", told(hint)) for field, hint in hints_of(used[name]).items()]
        yield _table(("field", "what"), rows)


def _lists(used: dict[str, type[Any]]) -> Iterator[str]:
    yield "## Closed lists"
    yield "The codes that a field of that type may have."
    for name in sorted(name for name, cls in used.items() if issubclass(cls, StrEnum)):
        members: list[StrEnum] = list(used[name].__members__.values())
        codes = " · ".join(f"`{each.value}` {word(each)}" for each in members)
        yield f"**{name}** {first_line(used[name])} {codes}"


def page_of_rules() -> Iterator[str]:
    yield "# Rules"
    yield (
        "Every rule that can refuse, by room: the sentence in both languages, where it comes from "
        "([articles](../concepts/articles.md)), an example, and what to do instead. The name is what a "
        "refusal cites, over HTTP as `/rules/<name>`. A rule that what was done already breaks is "
        "no refusal but a [finding](../concepts/findings.md)."
    )
    rules = [rule for rule in Refused.rules.values() if rule.__module__.startswith("ledger.")]
    for room, _, found in by_room(rules):
        yield f"## {room}"
        for rule in found:
            yield f"### {rule.__name__}"
            yield f"{rule.zh}\\\n{rule.sentence()}"
            instead = f" · 怎么办：{rule.instead}" if rule.instead else ""
            yield f"举例：{EXAMPLES[rule.__name__]}"
            yield f"Article: {rule.article}{instead}"


def page_of_findings() -> Iterator[str]:
    yield "# Findings of the audit"
    yield (
        "Every situation that the audit of disbursements finds by itself, in the order in which it "
        "is shown: the sentence in both languages, where it comes from "
        "([articles](../concepts/articles.md)), and what puts it right. A finding cites its "
        "records, opens a [question](../concepts/questions.md) and is closed by that question's "
        "ruling. *Named*: the rules that a fact carries where it was decided against them."
    )
    for kind in Finding.kinds.values():
        yield f"## {kind.__name__}"
        yield f"{kind.zh}\\\n{kind.sentence()}"
        named = ", ".join(f"[{rule}](rules.md#{rule.lower()})" for rule in kind.breaks)
        yield f"Article: {kind.article} · 怎样了结：{kind.put_right}" + (
            f" · named: {named}" if named else ""
        )


def page_of_signals() -> Iterator[str]:
    yield "# Signals"
    yield (
        "Everything that somebody must look at, in both languages, with what to do; step by step in "
        "[signals, and what to do](../how-to/signals.md). *Grave*: a record may have been changed, "
        "or this ledger stands still."
    )
    for kind in Signal.kinds.values():
        yield f"## {kind.__name__}"
        yield f"{kind.zh}\\\n{kind.sentence()}"
        yield f"怎么办：{kind.instead}" + (" · *grave*" if kind.grave else "")


def page_of_offices() -> Iterator[str]:
    yield "# Offices"
    yield (
        "What a person may do for a union. An act is judged by the office held on its day; where "
        "it was decided on paper, by the office of who decided. Below each office: the facts that "
        "it may decide."
    )
    for office in Office:
        decides = [kind for kind in events() if office in kind.by]
        yield f"## {word(office)} `{office.value}`"
        if not decides:
            yield "Decides nothing yet."
            continue
        yield "\n".join(
            f"- {room}: {', '.join(_linked(kind) for kind in kinds)}"
            for room, _, kinds in by_room(decides)
        )


def _linked(kind: type[Event]) -> str:
    term = first_line(kind).partition(":")[0]
    return f"[{kind.__name__}](events.md#{kind.__name__.lower()}) {term}"


def page_of_commands() -> Iterator[str]:
    door: Any = import_module("ledger.cli")
    yield "# Command line"
    yield "`liangdi`, with all its commands. `--help` says the same. Every command ends with:"
    yield _table_in(import_module("ledger.cli.common"))
    yield from _command("liangdi", get_command(door.app))


def _command(name: str, command: Any) -> Iterator[str]:
    inner: dict[str, Any] = getattr(command, "commands", {})
    if not inner or getattr(command, "invoke_without_command", False):
        yield f"## {name}"
        yield (command.help or "").strip()
        context = command.context_class(command)
        told = (each.get_help_record(context) for each in command.params if each.name != "help")
        rows = [(f"`{option}`", _tidy(said)) for option, said in filter(None, told)]
        if rows:
            yield _table(("option", "what"), rows)
    for word_, each in inner.items():
        yield from _command(f"{name} {word_}", each)


def page_of_api() -> Iterator[str]:
    door: Any = import_module("api.app")
    schema: dict[str, Any] = door.create_app(Desk({})).openapi()
    yield "# API"
    yield (
        f"{schema['info']['summary']} The schema itself is served as `/api/v1/openapi.json`. Acts "
        "are `POST` of a noun and are answered `201` with a receipt; they carry an "
        "`Idempotency-Key`, and upon a thing the version that was seen as `If-Match`. A refusal "
        "is a problem document, `type: /rules/<name>`."
    )
    rooms: dict[str, list[tuple[str, ...]]] = {}
    for path, methods in schema["paths"].items():
        for method, route in methods.items():
            statuses = " ".join(sorted(route["responses"]))
            row = (method.upper(), f"`{path}`", _tidy(route.get("summary", "")), statuses)
            rooms.setdefault((route.get("tags") or ["运行状况"])[0], []).append(row)
    for room, rows in rooms.items():
        yield f"## {room}"
        yield _table(("method", "path", "what", "answers"), rows)


def page_of_settings() -> Iterator[str]:
    yield "# Settings"
    yield "The environment is read once. What cannot be used ends the program with a sentence."
    yield _table_in(settings)


def page_of_views() -> Iterator[str]:
    yield "# Views"
    yield (
        "What people read, in the order in which it is posted from the journal. Each table begins "
        "with its generation and can be rebuilt beside the live rows; a view without tables of "
        "its own is a log and is never rebuilt. Views decide nothing."
    )
    for view in projections.VIEWS:
        module = import_module(type(view).__module__)
        yield f"## {view.name}"
        yield re.sub(r"\n(?!\n)", " ", inspect.getdoc(module) or "").replace("\n ", "\n\n")
        yield "\n".join(
            f"- table `{table.name}`: key {_names(table.primary_key.columns)}; "
            f"{_names(c for c in table.columns if not c.primary_key) or 'nothing else'}"
            for table in view.tables
        )


def _names(columns: Iterable[Any]) -> str:
    return ", ".join(f"`{column.name}`" for column in columns)


# ── Markdown ─────────────────────────────────────────────────────────────────────────────────


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join(f"| {' | '.join(c.replace('|', chr(92) + '|') for c in r)} |" for r in lines)


def _tidy(text: str) -> str:
    return " ".join(text.split())


def _table_in(module: ModuleType) -> str:
    """The table inside a module's docstring."""
    return "\n".join(re.findall(r"^\|.*\|$", module.__doc__ or "", re.MULTILINE))


PAGES: dict[str, Callable[[], Iterator[str]]] = {
    "events.md": page_of_events,
    "rules.md": page_of_rules,
    "findings.md": page_of_findings,
    "signals.md": page_of_signals,
    "offices.md": page_of_offices,
    "cli.md": page_of_commands,
    "api.md": page_of_api,
    "settings.md": page_of_settings,
    "views.md": page_of_views,
}


def written(name: str) -> str:
    """A page as it has to be."""
    know_everything()
    title, *rest = PAGES[name]()
    note = "<!-- Written by `make docs` from the code; a change belongs there. -->"
    return "\n\n".join([title, note, *rest]) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Writes the pages, or with `--check` says which are not current."""
    asked = argparse.ArgumentParser(prog="python -m tools.docs", description=__doc__)
    asked.add_argument("--check", action="store_true", help="write nothing; fail where one is old")
    check = asked.parse_args(arguments).check
    old: list[str] = []
    for name in PAGES:
        path, text = REFERENCE / name, written(name)
        if path.exists() and path.read_text("utf-8") == text:
            continue
        old.append(name)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    for name in old:
        print(f"docs/reference/{name}", "is not current: run `make docs`" if check else "written")
    return 1 if check and old else 0


if __name__ == "__main__":
    sys.exit(main())
