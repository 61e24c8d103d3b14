"""Events ↔ bodies (编码): what a record says, in canonical JSON, and what it keeps sealed.

A body is a flat object of the event's public fields; each sealed group stands in it as a
commitment under `sealed: {person: {group: hex}}`, so that a reader who knows neither the kind nor
its fields still knows whom it concerns. Field types give the encoding: dates are `YYYY-MM-DD`,
enums their value, nested values objects, tuples lists. Old shapes are upcast on reading.
"""

import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

from ledger.domain.ids import BYSTANDERS
from ledger.domain.kernel import Event, Public, Redacted, Sealed, Search

Json = Any
Encode = Callable[[Any], Json]
Decode = Callable[[Json], Any]
Fits = Callable[[Json], bool]
Upcast = Callable[[dict[str, Json]], dict[str, Json]]

UPCASTS: dict[str, Upcast] = {}
"""Old shape → today's, by kind. A field that is added with a default needs none."""


class UnknownKind(Exception):
    """A kind of fact that this version does not know: newer, not wrong."""


class Misfit(Exception):
    """A body from outside that this version could not have written for its kind."""


class Plain(NamedTuple):
    """A public field: how it is written and read; None where JSON already has the value."""

    name: str
    encode: Encode | None
    decode: Decode | None


class Secret(NamedTuple):
    """A sealed field, and the mark its type carries."""

    name: str
    mark: Sealed


class Plan(NamedTuple):
    """How one kind of event is written and read."""

    cls: type[Event]
    stream: str  # name of the first field
    person: str | None  # name of the first PersonId field
    plain: tuple[Plain, ...]
    secret: tuple[Secret, ...]
    searched: tuple[
        tuple[str, Search], ...
    ]  # the sealed fields by which somebody is found, and how
    defaults: Mapping[str, Any]
    readers: tuple[tuple[str, Decode], ...]  # of those plain fields that JSON does not have as is
    names: frozenset[str]


class Encoded(NamedTuple):
    """An event taken apart: its public fields, and the sealed ones by group."""

    body: dict[str, Json]
    person: str | None
    groups: dict[str, dict[str, str]]


@cache
def plan_of(kind: str) -> Plan:
    """The plan of a kind. Raises: UnknownKind; TypeError where a field is undeclared text."""
    cls = Event.kinds.get(kind)
    if cls is None:
        raise UnknownKind(kind)
    hints = get_type_hints(cls, include_extras=True)
    plain: list[Plain] = []
    secret: list[Secret] = []
    person: str | None = None
    declared = [f for f in fields(cls) if f.name in hints]  # type: ignore[arg-type]  (a kind is a dataclass: `Event` makes it one)
    defaults = {f.name: f.default for f in declared if f.default is not MISSING}
    for f in declared:
        hint = hints[f.name]
        if f.name == "sealed":
            raise TypeError(f"{kind}.sealed: this name is taken by the body's commitments")
        mark = _mark(hint)
        if isinstance(mark, Sealed):
            secret.append(Secret(f.name, mark))
            continue
        if person is None and "PersonId" in _names(hint) and f.name not in BYSTANDERS:
            person = f.name
        plain.append(Plain(f.name, *_coder(hint, f"{kind}.{f.name}")))
    if secret and person is None:
        raise TypeError(f"{kind} seals text but concerns nobody")
    readers = tuple((each.name, each.decode) for each in plain if each.decode is not None)
    names = frozenset(f.name for f in declared)
    found_by = tuple((name, mark.search) for name, mark in secret if mark.search is not None)
    return Plan(
        cls, declared[0].name, person, tuple(plain), tuple(secret), found_by, defaults, readers,
        names,
    )  # fmt: skip


def stream_of(event: Event) -> str:
    """The stream that an event belongs to: its first field."""
    return getattr(event, plan_of(type(event).__name__).stream)


def person_of(event: Event) -> str | None:
    """The person whom an event's sealed texts concern."""
    name = plan_of(type(event).__name__).person
    return getattr(event, name) if name else None


def encode(event: Event) -> Encoded:
    """Takes an event apart into its body and its sealed groups (commitments come later)."""
    plan = plan_of(type(event).__name__)
    held = event.__dict__
    body: dict[str, Json] = {}
    for name, to_json, _ in plan.plain:
        value = held[name]
        body[name] = value if to_json is None or value is None else to_json(value)
    groups: dict[str, dict[str, str]] = {}
    for name, mark in plan.secret:
        text = held[name]
        if text:
            groups.setdefault(mark.group.value, {})[name] = str(text)
    return Encoded(body, held[plan.person] if plan.person else None, groups)


def decode(
    kind: str, body: Mapping[str, Json], opened: Mapping[str, Mapping[str, str]] | None = None,
    why: str = "closed",
) -> Event:  # fmt: skip
    """Puts an event together again; sealed texts that are not opened read as `Redacted(why)`.

    `opened` gives the texts by group. Raises: UnknownKind.
    """
    plan = plan_of(kind)
    upcast = UPCASTS.get(kind)
    if upcast is not None:
        body = upcast(dict(body))
    # What JSON already has is taken over in one step; only the rest is read field by field.
    held = {**plan.defaults, **body}
    for name, from_json in plan.readers:
        value = body.get(name)
        if value is not None:
            held[name] = from_json(value)
    held.pop("sealed", None)
    if plan.secret:
        person = held.get(plan.person) if plan.person else None
        committed = body.get("sealed", {}).get(person, ())
        closed = _redacted(why)
        for name, mark in plan.secret:
            texts = opened.get(mark.group) if opened else None
            if texts is not None:
                held[name] = texts.get(name, "")
            else:
                held[name] = closed if mark.group in committed else ""
    if not held.keys() <= plan.names:  # a newer version has fields that this one does not know
        held = {name: value for name, value in held.items() if name in plan.names}
    event = plan.cls.__new__(plan.cls)
    object.__setattr__(event, "__dict__", held)  # the frozen __init__ would set field by field
    return event


_redacted = cache(Redacted)
"""One text for each reason: replay meets millions of closed ones."""


# ── from outside ─────────────────────────────────────────────────────────────────────────────


def check(kind: str, body: Mapping[str, Json]) -> None:
    """Refuses a body that does not have the fields of its kind, each of its type.

    A field more is a newer version's and no fault. Raises: UnknownKind, Misfit.
    """
    plan = plan_of(kind)
    upcast = UPCASTS.get(kind)
    if upcast is not None:
        body = upcast(dict(body))
    fits = _fits_of(plan.cls)
    for name, _, _ in plan.plain:
        if name not in body:
            if name not in plan.defaults:
                raise Misfit(f"{kind}.{name} is missing")
        elif not fits[name](body[name]):
            raise Misfit(f"{kind}.{name} is of another type")


@cache
def _fits_of(cls: type[Any]) -> Mapping[str, Fits]:
    """For each field of a class, whether a value from JSON is of its type."""
    hints = get_type_hints(cls, include_extras=True)
    declared = [f.name for f in fields(cls) if f.name in hints]
    return {name: _fits(hints[name]) for name in declared}


def _fits(hint: Any) -> Fits:
    origin = get_origin(hint)
    if origin is Annotated:
        return _is(str)
    if origin in (types.UnionType, typing.Union):
        fits, *_ = [_fits(one) for one in get_args(hint) if one is not type(None)]
        return lambda value: value is None or fits(value)
    if origin is tuple:
        inner = _fits(get_args(hint)[0])
        return lambda value: (
            type(value) is list and all(map(inner, typing.cast("list[Json]", value)))
        )
    if isinstance(hint, typing.NewType):
        return _fits(hint.__supertype__)
    if hint is date:
        return _is_date
    if issubclass(hint, Enum):
        values = frozenset(member.value for member in hint)
        return lambda value: type(value) is str and value in values
    if hint in (str, int, bool):
        return _is(hint)
    return lambda value: (
        type(value) is dict and _fits_value(hint, typing.cast("dict[str, Json]", value))
    )


def _is(kind: type[Any]) -> Fits:
    return lambda value: type(value) is kind


def _fits_value(cls: type[Any], value: Mapping[str, Json]) -> bool:
    fits = _fits_of(cls)
    return all(
        fits[f.name](value[f.name])
        if f.name in value
        else f.default is not MISSING or f.default_factory is not MISSING
        for f in fields(cls)
    )


def _is_date(value: Json) -> bool:
    try:
        return type(value) is str and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


# ── types ────────────────────────────────────────────────────────────────────────────────────


def _mark(hint: Any) -> Sealed | Public | None:
    if get_origin(hint) is Annotated:
        for extra in get_args(hint)[1:]:
            if isinstance(extra, Sealed | Public):
                return extra
    return None


def _names(hint: Any) -> set[str]:
    if hint is None:
        return set()
    names = {getattr(hint, "__name__", "")}
    for inner in get_args(hint):
        if inner is not Ellipsis and get_origin(hint) in (types.UnionType, typing.Union):
            names |= _names(inner)
    return names


def _coder(hint: Any, where: str) -> tuple[Encode | None, Decode | None]:
    """How a public field of this type is written and read. TypeError for undeclared text."""
    origin = get_origin(hint)
    if origin is Annotated:
        if not isinstance(_mark(hint), Public):
            raise TypeError(f"{where}: sealed text is a plain field of its own, empty by default")
        return None, None
    if origin in (types.UnionType, typing.Union):
        inner = [each for each in get_args(hint) if each is not type(None)]
        if len(inner) != 1:
            raise TypeError(f"{where}: a field has one type, or one type and None")
        return _coder(inner[0], where)
    if origin is tuple:
        to_json, from_json = _coder(get_args(hint)[0], where)
        return (
            list if to_json is None else lambda items: [to_json(each) for each in items],
            tuple if from_json is None else lambda items: tuple(from_json(each) for each in items),
        )
    if isinstance(hint, typing.NewType):
        return None, None
    if isinstance(hint, type):
        if issubclass(hint, Enum):
            members = {member.value: member for member in hint}
            values = {member: value for value, member in members.items()}
            return (
                values.__getitem__,
                members.__getitem__,
            )  # `.value` would cost three times as much
        if hint is date:
            return date.isoformat, date.fromisoformat
        if hint in (int, bool):
            return None, None
        value = typing.cast("type[Any]", hint)
        if is_dataclass(value):
            return _value_coder(value, where)
    raise TypeError(
        f"{where}: {hint!r} may not stand in an event; text is PublicText or one of the sealed ones"
    )


def _value_coder(cls: type[Any], where: str) -> tuple[Encode, Decode]:
    hints = get_type_hints(cls, include_extras=True)
    parts = [Plain(f.name, *_coder(hints[f.name], f"{where}.{f.name}")) for f in fields(cls)]

    def to_json(value: Any) -> Json:
        made: dict[str, Json] = {}
        for name, encoder, _ in parts:
            held = getattr(value, name)
            made[name] = held if encoder is None or held is None else encoder(held)
        return made

    def from_json(body: Json) -> Any:
        held: dict[str, Any] = {}
        for name, _, decoder in parts:
            if name in body:
                value = body[name]
                held[name] = value if decoder is None or value is None else decoder(value)
        return cls(**held)

    return to_json, from_json
