"""Choosing (选定): the references of a form, each by the name of what it points to.

What is typed is looked for and shown; it is taken only once it has been looked at and sent again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from api.console.forms import PLACE, Field, column_of
from api.console.pickers import PAPER, Choice, choices, listable, typed
from ledger.book import Reader
from ledger.desk import Visitor
from ledger.domain.ids import PersonId, is_id

TYPED = frozenset({"per", "mem"})
"""References that are found by a name or a number, as in the search."""
UNION = "uni"
"""One that is typed where there are more than a list holds."""
CONSENT = "con"


def is_digest(text: str) -> bool:
    """Whether a text is the digest of a content that was seen."""
    return len(text) == 64 and not set(text) - set("0123456789abcdef")


def flat(fields: Iterable[Field]) -> Iterator[Field]:
    for one in fields:
        yield one
        yield from flat(one.parts)


@dataclass(frozen=True)
class Meant:
    """Each thing that was typed in one field, with whom it may mean; `of`: what kind of thing."""

    of: str
    lines: tuple[tuple[str, tuple[Choice, ...]], ...]

    @property
    def choices(self) -> tuple[Choice, ...]:
        return tuple(dict(each for _, found in self.lines for each in found).items())

    @property
    def clear(self) -> tuple[str, ...]:
        """Of what can mean one only, that one."""
        return tuple(found[0][0] for _, found in self.lines if len(found) == 1)

    @property
    def unknown(self) -> tuple[str, ...]:
        return tuple(line for line, found in self.lines if not found)

    @property
    def named(self) -> tuple[str, ...]:
        """The ids, where each line is the whole name of one thing alone; else nothing."""
        whole = all(
            len(found) == 1 and found[0][1].partition("（")[0] in {line, ""}
            for line, found in self.lines
        )
        return self.clear if whole else ()


def sought(reader: Reader, who: Visitor, asked: Iterable[Field]) -> dict[str, Meant]:
    """Whom what was typed may mean, field by field; nothing where every reference is one already.

    Nothing is recorded of somebody who was typed and not yet looked at.
    """
    open_ = [one for one in flat(asked) if one.prefix in {*TYPED, UNION} and not one.fixed]
    said = {
        one: [line.strip() for value in one.values for line in value.splitlines() if line.strip()]
        for one in open_
    }
    unclear = {one: lines for one, lines in said.items() if not all(is_id(line) for line in lines)}
    return {
        one.name: Meant(one.prefix, tuple(
            (line, ((line, ""),) if is_id(line) else typed(reader, who, one.prefix, line))
            for line in lines
        ))
        for one, lines in unclear.items()
    }  # fmt: skip


@dataclass(frozen=True)
class Choosing:
    """Gives the references of a form their choices, or the names of what is given already."""

    reader: Reader
    who: Visitor
    names: Mapping[str, str]
    persons: Sequence[PersonId]
    found: Mapping[str, Meant]
    at_hand: Mapping[str, tuple[Choice, ...]] = field(default_factory=dict[str, tuple[Choice, ...]])
    """What the thing at hand offers, by the column of a field."""
    kept: dict[str, tuple[Choice, ...]] = field(default_factory=dict[str, tuple[Choice, ...]])

    def of(self, one: Field) -> Field:
        if one.parts:
            return replace(one, parts=tuple(map(self.of, one.parts)))
        if one.name == "act.office":
            mine = {post.office.value for post in self.who.posts}
            return replace(one, options=tuple(each for each in one.options if each[0] in mine))
        if one.fixed and one.kind == "text" and is_digest(one.value):
            return replace(one, shown=f"打开此页时所见（摘要 {one.value[:8]}…）")
        if one.fixed:
            unnamed = "已选" if one.kind in {"reference", "references"} else ""
            named = {**dict(self.at_hand.get(column_of(one.name), ())), **self.names}
            told = "、".join(named.get(value, "") or unnamed or value for value in one.values)
            return replace(one, shown=told)
        offered = self.at_hand.get(column_of(one.name))
        if offered is not None:
            return _offered(one, offered)
        if one.name.rpartition(".")[2] == "evidence" and (held := self._choices(PAPER)):
            return _offered(one, held)
        if one.prefix == PLACE:
            return replace(one, options=self._choices(PLACE))
        if one.kind not in {"reference", "references"}:
            return one
        if one.name == "act.union":
            unions = dict.fromkeys(post.union for post in self.who.posts)
            return replace(
                one, options=tuple((each, self.names.get(each, each)) for each in unions)
            )
        if one.name in self.found and not self.found[one.name].unknown:
            meant = self.found[one.name]
            options = tuple((id_, name or self.names.get(id_, "")) for id_, name in meant.choices)
            clear = meant.clear
            return replace(
                one, options=options, value=clear[0] if len(clear) == 1 else "", values=clear,
                hint="请核对是不是这家工会" if one.prefix == UNION else "请核对是不是本人",
            )  # fmt: skip
        known = [value for value in one.values for value in value.split() if value in self.names]
        if one.prefix in TYPED and known:
            return replace(
                one, options=tuple((each, self.names[each]) for each in known), values=tuple(known)
            )
        if one.name == "union" and one.needed and not one.value:
            one = replace(one, value=self.who.union or "")
        if one.prefix == UNION and not self.listable:
            called = tuple(self.names.get(value, value) for value in one.values or (one.value,))
            return replace(
                one,
                value=called[0],
                values=tuple(filter(None, called)),
                hint="写工会名称，或其中一段",
            )
        hint = one.hint
        if one.prefix in TYPED:
            lines = "，每行一人" if one.kind == "references" else ""
            hint = f"写姓名、证件号码或电话{lines}"
        options = self._choices(one.prefix)
        if one.prefix == CONSENT and not options:  # an id is nothing to be typed
            return _offered(replace(one, hint=""), options)
        return replace(one, options=options, hint=hint)

    @cached_property
    def listable(self) -> bool:
        return listable(self.reader)

    def _choices(self, prefix: str) -> tuple[Choice, ...]:
        if prefix not in self.kept:
            self.kept[prefix] = choices(self.reader, self.who, prefix, self.persons)
        return self.kept[prefix]


_SEVERAL = frozenset({"references", "words", "many"})


def _offered(one: Field, options: tuple[Choice, ...]) -> Field:
    """A field that is chosen from what the thing at hand offers; the only one there is, chosen."""
    values = tuple(value for text in one.values for value in text.split())
    if not values and one.needed and len(options) == 1:
        values = (options[0][0],)
    kind = "many" if one.kind in _SEVERAL else "choice"
    nothing = "没有可选的；先在职工档案登记同意" if one.prefix == CONSENT else "没有可选的"
    hint = one.hint if options else nothing
    value = values[0] if values else ""
    return replace(one, kind=kind, options=options, value=value, values=values, hint=hint)
