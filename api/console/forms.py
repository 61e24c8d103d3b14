"""Forms (表单): an act's body as fields on paper, and what was written back as a body.

The shape of every act is told once, by its body in `api/routes`: labels are the descriptions,
choices the closed lists, what is owed the fields without a default. So a form never lacks a field,
and what a page can do is exactly what a machine can do.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum, StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ledger.domain.ids import PREFIXES
from ledger.domain.kernel import Fen
from ledger.domain.money import NoAmount, ThirdDecimal, fen_of, yuan
from ledger.replay import label, word

ROWS = 3  # empty rows of a table at the beginning
DEEP = frozenset({"rows", "many", "references", "group", "lines"})
"""What a row of a table cannot hold: such rows stand below each other, a sheet each."""
LONG = 201  # from how many letters on a text has lines of its own
MOST_ROWS = 1000

_DECIDER = "(per|uni)"
"""The pattern of who decided on paper: a person, or a committee by its union."""
_DIVISION = "^[0-9]{6}("
"""The pattern of a code of a division: text, with the province's own to choose from."""
PLACE = "div"

Written = Mapping[str, Sequence[str]]
"""What stands in a form: each name with all its values, as a browser sends them."""


@dataclass(frozen=True)
class Field:
    """One question of a form."""

    name: str
    """Where its value goes in the body: `act.on`, `claims.0.person`."""
    label: str
    kind: str
    """text · lines · date · number · money · yes · choice · many · reference · references · group
    · rows · words · section"""
    needed: bool = False
    value: str = ""
    values: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    prefix: str = ""
    """Of a reference: to what kind of thing it points (`per`)."""
    hint: str = ""
    errors: tuple[str, ...] = ()
    parts: tuple["Field", ...] = ()
    """Of a group or a section: its fields. Of rows: one group a row."""
    limit: int = 0
    fixed: bool = False
    """Given by the page that leads here: shown, not asked."""
    shown: str = ""
    """How a fixed reference is called."""

    @property
    def id(self) -> str:
        return "f-" + self.name.replace(".", "-")

    @property
    def failed(self) -> bool:
        return bool(self.errors) or any(part.failed for part in self.parts)

    @property
    def lines(self) -> tuple[tuple[tuple["Field", int], ...], ...]:
        """A row of a table as the lines of the page: each field with over how many it goes.

        Rows within a row (the instalments of each claimant) are lines of their own beside it.
        """
        within = next((part for part in self.parts if part.kind == "rows"), None)
        plain = [part for part in self.parts if part.kind != "rows"]
        if within is None:
            return (tuple((part, 1) for part in plain),)
        below = [line for row in within.parts for line in row.lines]
        first = tuple((part, len(below)) for part in plain)
        return tuple((*(first if at == 0 else ()), *line) for at, line in enumerate(below))

    @property
    def columns(self) -> tuple["Field", ...]:
        """Of a table: the fields of its first line, for its heads."""
        return tuple(part for part, _ in self.parts[0].lines[0]) if self.parts else ()

    @property
    def sums(self) -> Mapping[str, str]:
        """Of a table: each of its amounts added up, by column; what is no amount is left out."""
        found: dict[str, int] = {}
        for part in (part for row in self.parts for line in row.lines for part, _ in line):
            if part.kind == "money":
                column = column_of(part.name)
                found[column] = found.get(column, 0) + _fen(part.value)
        return {column: yuan(Fen(fen)) for column, fen in found.items()}

    @property
    def deep(self) -> bool:
        """Of rows: whether each is a sheet of its own; rows within alone are lines beside it."""
        kinds = [part.kind for row in self.parts[:1] for part in row.parts]
        beside = kinds.count("rows") == 1 and (DEEP | {"section"}).isdisjoint(
            kind for kind in kinds if kind != "rows"
        )
        return not beside and not (DEEP | {"section"}).isdisjoint(kinds)


@dataclass(frozen=True)
class Shape:
    """What a field of a body asks for."""

    kind: str
    of: Any = None
    limit: int = 0
    empty: bool = False
    """Whether it may be left out."""
    blank: bool = False
    """Whether nothing is an answer like any other here."""


_ROW = re.compile(r"\.\d+(?=\.|$)")


def column_of(name: str) -> str:
    """The column of a table that a field stands in: `claims.*.person`."""
    return _ROW.sub(".*", name)


def _fen(text: str) -> int:
    try:
        return fen_of(text) if text.strip() else 0
    except (NoAmount, ThirdDecimal):
        return 0


# ── a body's shape ───────────────────────────────────────────────────────────────────────────


def shape_of(hint: Any, info: FieldInfo | None = None) -> Shape:
    """Which kind of question a type asks."""
    extra: list[Any] = list(info.metadata) if info else []
    empty = False
    while True:
        origin = get_origin(hint)
        if origin is Annotated:
            hint, *more = get_args(hint)
            extra += more
        elif origin in (Union, UnionType):
            parts = [each for each in get_args(hint) if each is not NoneType]
            empty = empty or len(parts) < len(get_args(hint))
            hint = parts[0]
        else:
            break
    limit = max((getattr(each, "max_length", None) or 0 for each in extra), default=0)
    kind, of = _kind(hint, limit)
    if kind == "text" and any(_DECIDER in str(getattr(each, "pattern", "")) for each in extra):
        kind, of = "reference", "per"
    if kind == "text" and any(_DIVISION in str(getattr(each, "pattern", "")) for each in extra):
        of = PLACE
    least = max((getattr(each, "min_length", None) or 0 for each in extra), default=0)
    bound = any(getattr(each, "pattern", None) for each in extra)
    blank = kind in {"text", "lines", "many"} and not least and not bound
    return Shape(kind, of, limit, empty, blank)


def _kind(hint: Any, limit: int) -> tuple[str, Any]:
    name = getattr(hint, "__name__", "")
    if name in PREFIXES:
        return "reference", PREFIXES[name]
    if hint is Fen:
        return "money", None
    if get_origin(hint) in (list, tuple):
        inner = shape_of(get_args(hint)[0])
        if inner.kind == "choice":
            return "many", inner.of
        if inner.kind == "reference":
            return "references", inner.of
        return ("rows", inner.of) if inner.kind == "group" else ("words", None)
    if isinstance(hint, type):
        if issubclass(hint, BaseModel):
            return "group", hint
        if issubclass(hint, Enum):
            return "choice", hint
        for base, kind in ((bool, "yes"), (int, "number"), (date, "date"), (dict, "pairs")):
            if issubclass(hint, base):
                return kind, None
    if get_origin(hint) is dict:
        return "pairs", None
    return ("lines" if limit >= LONG else "text"), None


# ── as fields ────────────────────────────────────────────────────────────────────────────────


def fields_of(
    model: type[BaseModel], written: Written, faults: Mapping[str, Sequence[str]],
    path: str = "", fixed: frozenset[str] = frozenset(),
) -> tuple[Field, ...]:  # fmt: skip
    """The questions of a body, with what was written and what was wrong with it.

    What has to be said comes first.
    """
    asked = [
        _field(path + name, info, written, faults, fixed)
        for name, info in model.model_fields.items()
        if not (name == "act" and not path)
    ]
    return tuple(sorted(asked, key=lambda one: not one.needed))


def _field(
    name: str, info: FieldInfo, written: Written, faults: Mapping[str, Sequence[str]],
    fixed: frozenset[str],
) -> Field:  # fmt: skip
    shape = shape_of(info.annotation, info)
    values = tuple(written[name]) if name in written else _default(info, shape)
    label_text, hint = _label(info, name)
    made = Field(
        name, label_text, shape.kind, info.is_required() and not shape.blank,
        value=values[0] if values else "", values=values, limit=shape.limit, hint=hint,
        errors=tuple(faults.get(name, ())), fixed=name in fixed,
        prefix=shape.of if shape.kind in {"reference", "references", "text"} and shape.of else "",
    )  # fmt: skip
    match shape.kind:
        case "choice" | "many":
            return replace(made, options=tuple((str(each), word_of(each)) for each in shape.of))
        case "group":
            return replace(made, parts=fields_of(shape.of, written, faults, f"{name}.", fixed))
        case "rows":
            rows = tuple(
                Field(
                    f"{name}.{at}", f"第{at + 1}行", "group", errors=tuple(faults.get(f"{name}.{at}", ())),
                    parts=fields_of(shape.of, written, faults, f"{name}.{at}.", fixed),
                )
                for at in range(_lines(name, shape.of, written, fixed))
            )  # fmt: skip
            return replace(made, parts=rows)
        case _:
            return made


_UNITS = re.compile(r"（(分|per_…|uni_…)）|，(单位)?分$")
"""What a machine has to know of a field, and a form takes care of."""


def _label(info: FieldInfo, name: str) -> tuple[str, str]:
    return parted(info.description or label(name.rpartition(".")[2]))


def parted(said: str) -> tuple[str, str]:
    """What a field is called, and what is said beside it: `业务日期（默认今天）` is two things."""
    text = _UNITS.sub("", said)
    for mark in ("，", "："):
        head, found, tail = text.partition(mark)
        if found and "（" not in head:
            return head, tail
    head, found, tail = text.partition("（")
    if found and tail.endswith("）") and tail.count("）") == 1:
        return head, tail[:-1]
    return text, ""


def _default(info: FieldInfo, shape: Shape) -> tuple[str, ...]:
    if info.is_required() or info.default is None:
        return ()
    value = info.get_default(call_default_factory=True, validated_data={})
    if shape.kind == "money":
        return (yuan(value),) if value else ()
    if shape.kind == "yes":
        return ("1",) if value else ()
    if isinstance(value, list | tuple):
        return tuple(str(each) for each in cast("list[Any]", value) if shape.kind == "many")
    return () if isinstance(value, BaseModel) else (str(value),)


def deep(model: type[BaseModel]) -> bool:
    """Whether a row of these is more than cells side by side."""
    return any(shape_of(info.annotation, info).kind in DEEP for info in model.model_fields.values())


def _lines(name: str, model: type[BaseModel], written: Written, fixed: frozenset[str]) -> int:
    """How many rows a table shows; where a sheet began with them, those."""
    given = any(each.startswith(f"{name}.") for each in fixed)
    if given and "." in name:
        return _rows(name, written) - 1
    return _rows(name, written, 1 if deep(model) or given else ROWS)


def _rows(name: str, written: Written, least: int = ROWS) -> int:
    given = {
        key[len(name) + 1 :].partition(".")[0] for key in written if key.startswith(f"{name}.")
    }
    highest = max((int(each) for each in given if each.isdecimal() and len(each) < 5), default=-1)
    asked = written.get(f"rows:{name}", ("",))[0]
    more = int(asked) if asked.isdecimal() and len(asked) < 5 else 0
    if "." in name:  # within a sheet of rows: what is there, and one more
        return min(MOST_ROWS, max(highest + 2, more))
    return min(MOST_ROWS, max(highest + 1, more, least))


def word_of(code: Enum) -> str:
    """What a choice is called; one without a word of its own says nothing in particular."""
    return (word(code) if isinstance(code, StrEnum) else str(code.value)) or "—"


# ── back as a body ───────────────────────────────────────────────────────────────────────────


class Unreadable(ValueError):
    """What stands in a field cannot be put in a body; `faults` say where and why."""

    def __init__(self, faults: Mapping[str, Sequence[str]]) -> None:
        super().__init__("unreadable")
        self.faults = faults


@dataclass
class _Reading:
    written: Written
    given: frozenset[str] = frozenset()
    """What the leading page has given: a row that says no more than that was not filled in."""
    faults: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def body(self, model: type[BaseModel], path: str = "") -> dict[str, Any]:
        """What was written for a body; what was left empty is left out."""
        made: dict[str, Any] = {}
        for key, info in model.model_fields.items():
            shape = shape_of(info.annotation, info)
            value = self.value(path + key, shape)
            if value is None and shape.blank and info.is_required():
                if shape.kind == "many":
                    value = []
                elif path + key in self.written:
                    value = ""
            if value is not None:
                made[key] = value
        return made

    def value(self, name: str, shape: Shape) -> Any:
        texts = [each.strip() for each in self.written.get(name, ()) if each.strip()]
        match shape.kind:
            case "group":
                return self.body(shape.of, f"{name}.") or None
            case "rows":
                rows = [
                    (self.body(shape.of, f"{name}.{at}."), f"{name}.{at}.")
                    for at in range(_rows(name, self.written))
                ]
                # A row that only says what its choices say by themselves was not filled in.
                return [row for row, at in rows if self.filled(row, shape.of, at)] or None
            case "many":
                return texts or None
            case "references" | "words":
                return [each for text in texts for each in text.split()] or None
            case "pairs":
                return None
            case "yes":
                if not texts and f"no:{name}" not in self.written:
                    return None
                return texts[-1:] == ["1"]
            case _:
                return self.single(name, shape.kind, texts[0]) if texts else None

    def single(self, name: str, kind: str, text: str) -> Any:
        try:
            if kind == "money":
                return fen_of(text)
            if kind == "number":
                return int(text)
        except (NoAmount, ThirdDecimal) as refused:
            self.faults.setdefault(name, []).append(f"{refused.zh}{refused.instead}")
        except ValueError:
            self.faults.setdefault(name, []).append("只写数字。")
        return text

    def filled(self, row: Mapping[str, Any], model: type[BaseModel], path: str) -> bool:
        """Whether anything in a row was written, beyond what stood there when nobody touched it."""
        asks = {
            name: shape_of(info.annotation, info).kind for name, info in model.model_fields.items()
        }
        # A sheet of amounts begins with everybody in it: who has no amount is left out.
        sheet = not {"money", "rows"}.isdisjoint(asks.values())
        return any(
            asks[name] not in {"choice", "yes"}
            and value not in ("", [], model.model_fields[name].get_default())
            and not (sheet and path + name in self.given)
            for name, value in row.items()
        )


# ── what stands there already ────────────────────────────────────────────────────────────────


def written_of(values: Mapping[str, Any], path: str = "") -> dict[str, tuple[str, ...]]:
    """Values of a body as a form would send them: `{"caps": [{"most": 100}]}` → `caps.0.most`.

    Amounts are in fen by their type in the body, and in yuan in a form: give them as texts.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, value in values.items():
        at = f"{path}{name}"
        if isinstance(value, Mapping):
            found |= written_of(cast("Mapping[str, Any]", value), f"{at}.")
        elif isinstance(value, list | tuple):
            several = cast("Sequence[Any]", value)
            if several and isinstance(several[0], Mapping):
                for row, each in enumerate(several):
                    found |= written_of(each, f"{at}.{row}.")
            else:
                found[at] = tuple(map(str, several))
        elif isinstance(value, bool):
            found[at] = ("1" if value else "",)
        elif value is not None:
            found[at] = (str(value),)
    return found


# ── in the order of the paper ────────────────────────────────────────────────────────────────

Layout = Mapping[str, Sequence[str]]
"""The headings of a form, each with its fields; what is not named comes last, without one."""


def arranged(fields: Sequence[Field], layouts: Mapping[str, Layout], at: str) -> tuple[Field, ...]:
    """The questions under their headings; those of rows by the layout `<at>.<rows>`."""
    made = {
        one.name.rpartition(".")[2]: replace(
            one,
            parts=tuple(
                replace(row, parts=arranged(row.parts, layouts, f"{at}.{one.name}"))
                for row in one.parts
            ),
        )
        if one.kind == "rows" and f"{at}.{one.name}" in layouts
        else one
        for one in fields
    }
    sections = [
        Field(
            f"{one_of[0].name}-s", heading, "section",
            parts=tuple(one_of),
        )
        for heading, names in layouts.get(at, {}).items()
        if (one_of := [made.pop(name) for name in names if name in made])
    ]  # fmt: skip
    return (*sections, *made.values())


def body_of(
    model: type[BaseModel], written: Written, given: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """The body that a form's fields say; `given` stood there before. Raises: Unreadable."""
    reading = _Reading(written, given)
    body = reading.body(model)
    if reading.faults:
        raise Unreadable(reading.faults)
    return body


_SAID = {
    "missing": "必填。",
    "enum": "请从列表中选择。",
    "string_pattern_mismatch": "格式不对。",
    "string_too_short": "必填。",
    "string_too_long": "太长了。",
    "int_parsing": "只写整数。",
    "extra_forbidden": "没有这一项。",
    "too_short": "至少填一项。",
    "too_long": "太多了，请分次办理。",
    "greater_than": "数目太小。",
    "greater_than_equal": "数目太小。",
    "less_than": "数目太大。",
    "less_than_equal": "数目太大。",
    "int_type": "只写数字。",
}


def faults_of(errors: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """What the API found wrong with a body, by field; `""` is the body as a whole."""
    found: dict[str, list[str]] = {}
    for each in errors:
        name = str(each["pointer"]).strip("/").replace("/", ".")
        said = _SAID.get(str(each.get("code", "")))
        if said is None:
            said = (
                "日期写成 2026-03-22 的样子。"
                if "date" in str(each["message"])
                else "填写有误，请核对。"
            )
        found.setdefault(name, []).append(said)
    return found


# ── one value by itself ──────────────────────────────────────────────────────────────────────


def field_of(
    name: str, hint: Any, label_text: str, values: tuple[str, ...], errors: tuple[str, ...] = ()
) -> Field:
    """The question for a value of this type, with what stands in it."""
    shape = shape_of(hint)
    kind = (
        "lines" if shape.kind == "text" and any(len(each) > 60 for each in values) else shape.kind
    )
    made = Field(
        name, label_text, kind, value=values[0] if values else "", values=values, errors=errors,
        limit=shape.limit or 1000, needed=shape.kind == "choice" and not shape.empty,
    )  # fmt: skip
    if kind in {"choice", "many"}:
        return replace(made, options=tuple((str(each), word_of(each)) for each in shape.of))
    return made


def value_of(name: str, hint: Any, written: Written) -> Any:
    """What was written for a value of this type; None where nothing was. Raises: Unreadable."""
    reading = _Reading(written)
    value = reading.value(name, shape_of(hint))
    if reading.faults:
        raise Unreadable(reading.faults)
    return value
