"""The codec: which fields an event may have, how they are written, and how old bodies are read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

import pytest
from eventsourcing.persistence import StoredEvent

from ledger.domain.ids import MembershipId, PersonId
from ledger.domain.kernel import (
    Code,
    Event,
    Fen,
    Group,
    NameText,
    NewerKind,
    NumberText,
    Office,
    PhoneText,
    PublicText,
    Redacted,
    Sealed,
)
from ledger.journal import canonical, codec
from ledger.journal.record import PLAIN, place
from ledger.projections.posting import fact_in

PERSON = PersonId("per_a")


class Colour(StrEnum):
    """A word of a list."""

    RED = "red"


@dataclass(frozen=True)
class Part:
    """A nested value."""

    amount: Fen
    on: date | None = None


@pytest.fixture
def kinds() -> Iterator[dict[str, type[Event]]]:
    """Kinds that a test makes up are forgotten after it."""
    before = dict(Event.kinds)
    codec.plan_of.cache_clear()
    yield Event.kinds
    Event.kinds.clear()
    Event.kinds.update(before)
    codec.UPCASTS.pop("Made", None)
    codec.plan_of.cache_clear()


def made_up(**hints: Any) -> Any:
    """A kind with these fields after its stream and its person."""
    annotations = {"membership": MembershipId, "person": PersonId, **hints}
    namespace: dict[str, Any] = {"__annotations__": annotations, "__module__": __name__}
    return type("Made", (Event,), namespace, by=Office.CLERK)


# ── which fields there may be ────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("kinds")
@pytest.mark.parametrize(
    "hint",
    [
        str, str | None, tuple[str, ...], float, bytes, dict, object, tuple[NameText, ...],
        int | bool,
    ],
    ids=str,
)  # fmt: skip
def test_a_field_that_is_no_declared_kind_of_text_fails(hint: Any) -> None:
    made_up(remark=hint)

    with pytest.raises(TypeError, match=r"Made\.remark"):
        codec.plan_of("Made")


@pytest.mark.usefixtures("kinds")
@pytest.mark.parametrize(
    "hint",
    [
        PublicText, NameText, Code, Fen, int, bool, date, Colour, Part, date | None,
        tuple[Colour, ...], tuple[Part, ...], Part | None, Annotated[str, Sealed(Group.CASE)],
    ],
    ids=str,
)  # fmt: skip
def test_a_declared_field_is_taken(hint: Any) -> None:
    made_up(remark=hint)

    assert codec.plan_of("Made").person == "person"


@pytest.mark.usefixtures("kinds")
def test_sealed_text_concerns_somebody() -> None:
    namespace = {"__annotations__": {"membership": MembershipId, "name": NameText}}
    type("Made", (Event,), {**namespace, "__module__": __name__}, by=Office.CLERK)

    with pytest.raises(TypeError, match="concerns nobody"):
        codec.plan_of("Made")


@pytest.mark.usefixtures("kinds")
def test_no_field_is_called_like_the_commitments() -> None:
    made_up(sealed=Code)

    with pytest.raises(TypeError, match="sealed"):
        codec.plan_of("Made")


# ── writing and reading ──────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("kinds")
def test_fields_are_written_by_their_types() -> None:
    cls = made_up(
        on=date, colour=Colour, part=Part, parts=tuple[Part, ...], fee=Fen, left=date | None,
        name=NameText, number=NumberText, phone=PhoneText,
    )  # fmt: skip
    told = cls(
        MembershipId("mem_a"), PERSON, date(2026, 3, 2), Colour.RED, Part(Fen(1)),
        (Part(Fen(2), date(2026, 1, 1)),), Fen(3), None, "韦秀英", "45", "",
    )  # fmt: skip

    parts = codec.encode(told)

    assert canonical.encode(parts.body).decode() == (
        '{"colour":"red","fee":3,"left":null,"membership":"mem_a","on":"2026-03-02",'
        '"part":{"amount":1,"on":null},"parts":[{"amount":2,"on":"2026-01-01"}],"person":"per_a"}'
    )
    assert parts.person == PERSON
    assert parts.groups == {"identity": {"name": "韦秀英", "number": "45"}}
    assert codec.decode("Made", parts.body, parts.groups) == told
    assert codec.stream_of(told) == "mem_a"
    assert codec.person_of(told) == PERSON


@pytest.mark.usefixtures("kinds")
def test_what_is_sealed_and_closed_reads_as_redacted_and_what_was_empty_as_empty() -> None:
    made_up(name=NameText, phone=PhoneText)
    body = {"membership": "mem_a", "person": "per_a", "sealed": {"per_a": {"identity": "00"}}}

    closed: Any = codec.decode("Made", body)
    shredded: Any = codec.decode("Made", body, {}, "shredded")

    assert isinstance(closed.name, Redacted)
    assert (closed.name, closed.name.why) == ("", "closed")
    assert shredded.name.why == "shredded"
    assert not isinstance(closed.phone, Redacted)
    assert closed.phone == ""


# ── old and new ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("kinds")
def test_a_field_that_came_later_reads_as_its_default_in_an_old_body() -> None:
    cls = made_up(channel=Code)
    cls.__dataclass_fields__["channel"].default = Code("plain")
    codec.plan_of.cache_clear()

    old: Any = codec.decode("Made", {"membership": "mem_a", "person": "per_a"})

    assert old.channel == "plain"


@pytest.mark.usefixtures("kinds")
def test_an_old_shape_is_upcast() -> None:
    made_up(channel=Code)
    codec.UPCASTS["Made"] = lambda body: {**body, "channel": body.pop("way")}

    old: Any = codec.decode("Made", {"membership": "mem_a", "person": "per_a", "way": "plain"})

    assert old.channel == "plain"


@pytest.mark.usefixtures("kinds")
def test_a_field_of_a_newer_version_is_passed_over() -> None:
    made_up()

    new = codec.decode("Made", {"membership": "mem_a", "person": "per_a", "later": 1})

    assert not hasattr(new, "later")


def test_a_kind_of_a_newer_version_is_shown_as_that() -> None:
    stored = StoredEvent("mem_a", 1, "MemberHonoured", b'{"medal":"gold","membership":"mem_a"}')
    one = place(
        "a.example", 7, "2026-03-02T04:00:00.000000Z", "ent_x", (1, 1), stored, PLAIN.header
    )

    with pytest.raises(codec.UnknownKind):
        codec.decode("MemberHonoured", {})
    fact, header, body = fact_in(one)

    assert fact.event == NewerKind("mem_a", "MemberHonoured")  # type: ignore[arg-type]
    assert (fact.position, header["position"], body["medal"]) == (7, 7, "gold")


# ── bodies from outside ──────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("kinds")
@pytest.mark.parametrize(
    "wrong",
    [
        {"on": "2026-02-30"}, {"on": 7}, {"fee": "3"}, {"fee": True}, {"fee": 1.5},
        {"colour": "blue"}, {"parts": {}}, {"parts": [{"amount": "x"}]}, {"parts": [7]},
        {"person": None},
    ],
)  # fmt: skip
def test_a_body_from_outside_has_the_types_of_its_kind(wrong: dict[str, Any]) -> None:
    made_up(on=date, fee=Fen, colour=Colour, parts=tuple[Part, ...])
    body = {
        "membership": "mem_a", "person": "per_a", "on": "2026-03-02", "fee": 3, "colour": "red",
        "parts": [{"amount": 1}],
    }  # fmt: skip
    codec.check("Made", body)

    with pytest.raises(codec.Misfit):
        codec.check("Made", {**body, **wrong})


# ── the header's quick way ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "value",
    [
        {"b": 1, "a": "x", "part": (1, 2)}, {"paper": "桂工〔2026〕12号"}, {"a": [True, None, -5]},
        {"decided_by": {"who": "uni_a", "paper": "é"}}, {}, {"a": "\x7f\"\\\n"},
    ],
)  # fmt: skip
def test_the_quick_way_to_encode_gives_the_same_bytes(value: Any) -> None:
    assert canonical.encode_own(value) == canonical.encode(value)


@pytest.mark.parametrize(
    "value", [{"paper": "e\u0301"}, {"n": 2**53}, {"t": "\ud800"}, {"x": "y" * 70_000}]
)
def test_the_quick_way_refuses_what_the_other_refuses(value: Any) -> None:
    with pytest.raises(canonical.NotCanonical):
        canonical.encode(value)
    with pytest.raises(canonical.NotCanonical):
        canonical.encode_own(value)
