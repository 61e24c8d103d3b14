"""Restating a fact (更正内容): its fields as a form with the values that stand, and what was changed.

The shape of a correction is that of the fact itself, so every fact can be corrected by a form. What
it happened to, whom it concerns and what was decided cannot change (another fact says so): these
are not asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any, cast, get_type_hints

from api.console.forms import Field, Written, field_of, value_of
from ledger.book import NotFound, Reader
from ledger.desk import Visitor
from ledger.domain import corrections
from ledger.domain.ids import is_id
from ledger.domain.kernel import Event, Fact, Fen, Redacted
from ledger.domain.money import yuan
from ledger.journal.record import Record
from ledger.projections.posting import fact_in
from ledger.replay import label, word
from ledger.replay.told import masked

NAME = "changes"
_WRITTEN = frozenset({"text", "lines", "date", "number", "money", "yes", "choice", "many"})
"""Kinds of question that a value can be written in; another value is shown and stays."""


def fact_at(reader: Reader, origin: str, position: int) -> tuple[Record, Fact]:
    """A record with its fact, open as far as this look allows. Raises: NotFound."""
    found = reader.facts_at([(origin, position)])
    if not found:
        raise NotFound(f"{origin}#{position}")
    one = found[0][0]
    return one, reader.opened([one])[0] if reader.look else fact_in(one)[0]


def _asked(event: Event) -> list[tuple[str, Any, Any]]:
    """(name, type, value) of the fields that a form can correct."""
    hints = get_type_hints(type(event), include_extras=True)
    person, fixed = corrections.person_of(event), corrections.fixed(type(event))
    found: list[tuple[str, Any, Any]] = []
    for at, each in enumerate(fields(event)):  # pyright: ignore[reportArgumentType]
        value = getattr(event, each.name)
        same = at == 0 or (person is not None and value == person) or each.name in fixed
        if not same and not isinstance(value, Redacted):
            found.append((each.name, hints[each.name], value))
    return found


def asked(
    reader: Reader, who: Visitor, origin: str, position: int, written: Written,
    faults: Mapping[str, Sequence[str]],
) -> tuple[Field, ...]:  # fmt: skip
    """The fields of a fact with the values that stand, or those that were written."""
    _, fact = fact_at(reader, origin, position)
    made: list[Field] = []
    for name, hint, value in _asked(fact.event):
        path = f"{NAME}.{name}"
        if _hides(who, name, value):
            continue
        values = tuple(written[path]) if path in written else _texts(value, hint)
        one = field_of(path, hint, label(name), values, tuple(faults.get(path, ())))
        if one.kind in _WRITTEN:
            made.append(one)
    return tuple(made)


def changed(
    reader: Reader, who: Visitor, origin: str, position: int, written: Written
) -> dict[str, Any]:
    """What was written otherwise than it stands, as the API takes it. Raises: Unreadable."""
    _, fact = fact_at(reader, origin, position)
    found: dict[str, Any] = {}
    for name, hint, value in _asked(fact.event):
        path = f"{NAME}.{name}"
        if (path not in written and f"no:{path}" not in written) or _hides(who, name, value):
            continue
        said, stands = value_of(path, hint, written), _plain(value)
        if said is None and isinstance(stands, str):
            said = ""
        if said is None and isinstance(stands, list):
            said = []
        if said != stands:
            found[name] = said
    return found


def _hides(who: Visitor, name: str, value: Any) -> bool:
    """Whether this office does not see the value in full: it is not corrected from a masked one."""
    if not isinstance(value, str) or masked(name, value) == value:
        return False
    return not (who.sees_accounts if name == "account" else who.sees_numbers)


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    match value:
        case Enum():
            return value.value
        case date():
            return value.isoformat()
        case tuple() | frozenset():
            return [_plain(each) for each in cast("tuple[Any, ...]", value)]
        case _:
            return value


def _texts(value: Any, hint: Any) -> tuple[str, ...]:
    """A value as it is written in a form."""
    match value:
        case None:
            return ()
        case bool():
            return ("1",) if value else ()
        case int():
            return (yuan(value) if _money(hint) else str(value),)
        case tuple():
            return tuple(str(_plain(each)) for each in cast("tuple[Any, ...]", value))
        case _:
            return (str(_plain(value)),)


def _money(hint: Any) -> bool:
    return hint is Fen or Fen in getattr(hint, "__args__", ())


def shown(who: Visitor, event: Event, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Every field of a fact as a page shows it; numbers as this office sees them."""
    hints = get_type_hints(type(event), include_extras=True)
    found: list[tuple[str, str]] = []
    for each in fields(event):  # pyright: ignore[reportArgumentType]
        value = getattr(event, each.name)
        text = _said(value, hints[each.name], names)
        if isinstance(value, str) and _hides(who, each.name, value):
            text = masked(each.name, value)
        found.append((label(each.name), text))
    return found


def _said(value: Any, hint: Any, names: Mapping[str, str]) -> str:
    match value:
        case None | "":
            return "（空）"
        case Redacted():
            return "未提供" if value.why == "restricted" else "已删除"
        case Enum():
            return word(cast("Any", value))
        case bool():
            return "是" if value else "否"
        case int():
            return f"{yuan(value)} 元" if _money(hint) else str(value)
        case tuple():
            every = cast("tuple[Any, ...]", value)
            return "、".join(_said(each, None, names) for each in every) or "（空）"
        case str() if is_id(value):
            return names.get(value, "") or "编号 " + value[-6:]
        case _ if is_dataclass(value) and not isinstance(value, type):
            parts = (getattr(value, each.name) for each in fields(value))
            return " ".join(_said(part, None, names) for part in parts if part not in (None, ""))
        case _:
            return str(value)
