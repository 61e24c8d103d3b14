"""Keeps `tests/journal/history.jsonl`: one body of every kind of event there has ever been.

    python -m tools.history --add       a line for each kind, or shape of one, that has none yet
    python -m tools.history --afresh    all lines anew (until the first release, never after)

A line is a promise: bodies like it stand in somebody's journal, and are read for ever. Lines are
added and never changed; what reads them today must read them in ten years.
"""

import argparse
import json
import types
import typing
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, cast, get_args, get_origin, get_type_hints

from ledger.domain.ids import PREFIXES
from ledger.domain.kernel import Event, Search
from ledger.journal import canonical, codec
from ledger.journal.vault import commitment
from tools.docs import know_everything

HISTORY = Path(__file__).parent.parent / "tests" / "journal" / "history.jsonl"

LETTERS = "abcdefghijklmnopqrstuvwxyz"
TEXTS = {
    Search.NAME: "古丽米热·艾比布力",
    Search.NUMBER: "45122419900101001X",
    Search.PHONE: "13800000000",
    Search.BIRTH: "1990-01-01",
    Search.ACCOUNT: "6228480402564890018",
    Search.HOME: "所填内容",
    Search.EMPLOYER: "所填内容",
    None: "所填内容",
}


def sample(cls: type[Event]) -> Event:
    """An event of this kind with something in every field, always the same."""
    hints = get_type_hints(cls, include_extras=True)
    secret = {name: TEXTS[mark.search] for name, mark in codec.plan_of(cls.__name__).secret}
    names = [f.name for f in fields(cls)]  # pyright: ignore[reportArgumentType]
    return cls(**{name: secret[name] if name in secret else _value(hints[name]) for name in names})


def _value(hint: Any) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return "纳合村工会"
    if origin in (types.UnionType, typing.Union):
        return _value(next(each for each in inner if each is not type(None)))
    if origin is tuple:
        return (_value(inner[0]),)
    if isinstance(hint, typing.NewType):
        if hint.__supertype__ is int:
            return 80_000
        prefix = PREFIXES.get(hint.__name__)
        return (
            f"{prefix}_{LETTERS}"
            if prefix
            else {"StreamId": f"mem_{LETTERS}"}.get(hint.__name__, "451224")
        )
    if issubclass(hint, Enum):
        return next(iter(hint))
    if is_dataclass(hint):
        named, cls = get_type_hints(hint, include_extras=True), cast(type[Any], hint)
        return cls(**{f.name: _value(named[f.name]) for f in fields(hint)})
    samples: dict[Any, Any] = {date: date(2026, 3, 2), bool: True, int: 7}
    return samples[hint]


def line_of(kind: str) -> dict[str, Any]:
    """The line of a kind as it is today: its body as stored, the sealed texts, the body's hash."""
    parts = codec.encode(sample(Event.kinds[kind]))
    body = parts.body
    if parts.groups:
        assert parts.person is not None
        body["sealed"] = {
            parts.person: {
                group: commitment(_salt(kind, group), canonical.encode(texts))
                for group, texts in parts.groups.items()
            }
        }
    return {
        "kind": kind,
        "body": body,
        "texts": parts.groups,
        "sha256": sha256(canonical.encode(body)).hexdigest(),
    }


def _salt(kind: str, group: str) -> bytes:
    return sha256(f"{kind} {group}".encode()).digest()


def shape(value: Any, path: str = "") -> frozenset[str]:
    """What tells one shape of a kind from another: the names of its fields, however deep."""
    if isinstance(value, list):
        return frozenset[str]().union(*(shape(each, path) for each in cast(list[Any], value)))
    if not isinstance(value, dict) or path == "/sealed":
        return frozenset({path})
    members = cast(dict[str, Any], value).items()
    return frozenset({path}).union(*(shape(each, f"{path}/{name}") for name, each in members))


def lines() -> list[dict[str, Any]]:
    if not HISTORY.exists():
        return []
    return [json.loads(line) for line in HISTORY.read_text("utf-8").splitlines()]


def missing() -> Iterator[dict[str, Any]]:
    """The lines of kinds, and of shapes of kinds, that the history does not have yet."""
    known = {(line["kind"], shape(line["body"])) for line in lines()}
    for kind in sorted(Event.kinds):
        if Event.kinds[kind].__module__.startswith("ledger."):
            line = line_of(kind)
            if (kind, shape(line["body"])) not in known:
                yield line


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    chosen = arguments.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--add", action="store_true")
    chosen.add_argument("--afresh", action="store_true")
    know_everything()
    if arguments.parse_args().afresh:
        HISTORY.unlink(missing_ok=True)
    new = list(missing())
    with HISTORY.open("a", encoding="utf-8") as file:
        for line in new:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    print(f"{len(new)} lines added, {len(lines())} in all")


if __name__ == "__main__":
    main()
