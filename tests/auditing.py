"""What the world does to aid, for tests of its audit: on paper, late, corrected, taken back."""

from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import select

from ledger.domain.aid import TakenBackFor
from ledger.domain.aiding import AidKind, PayMode
from ledger.domain.corrections import (
    FactAnnulled,
    FactCorrected,
    Why,
    kind_of,
    person_of,
    stream_of,
)
from ledger.domain.ids import GrantId, PersonId
from ledger.domain.kernel import Act, Code, Decision, Event, Fen, Late, Office
from ledger.journal.tables import record
from ledger.procedures import aiding
from tests.aid import YUAN, AidOffice
from tests.world import World


def place(world: World, stream: str, kind: type[Event]) -> int:
    """Where the newest record of a kind stands in a stream of ours."""
    with world.ledger.database.reading() as conn:
        rows = conn.execute(
            select(record.c.position)
            .where(record.c.origin == world.origin, record.c.stream == stream)
            .where(record.c.kind == kind.__name__)
            .order_by(record.c.position)
        )
        return list(rows.scalars())[-1]


def granted(office: AidOffice, person: PersonId | None = None, **more: Any) -> GrantId:
    """A study grant that was examined and approved."""
    grant = office.apply(person or office.world.worker(), **more)
    office.examined(grant)
    office.approve(grant)
    return grant


def settled(office: AidOffice, person: PersonId | None = None, **more: Any) -> GrantId:
    grant = granted(office, person, **more)
    office.sign(grant, office.pay(grant))
    return grant


def on_paper(
    office: AidOffice, who: PersonId, held: Office = Office.APPROVER, on: date | None = None
) -> Act:
    """An act that the clerk of the province types in, decided on paper by somebody."""
    world = office.world
    decided = Decision(who, held, Code("纸面1号"))
    day = on or world.today
    late = Late.TYPED_UP if day < world.today else None
    return Act(
        world.officer(world.root, Office.CLERK), world.root, Office.CLERK, day, world.today,
        decided, (), late,
    )  # fmt: skip


def approve_on_paper(
    office: AidOffice, grant: GrantId, who: PersonId | None = None, minutes: str | None = None
) -> None:
    decider = who or office.world.officer(office.world.root, Office.APPROVER)
    with office.entry(Office.CLERK, act=on_paper(office, decider)) as entry:
        content = office.grant(grant).content
        aiding.approve(
            entry, grant, content, office.fund, minutes=Code(minutes) if minutes else None
        )


def correct(
    world: World, stream: str, kind: type[Event], on: date | None = None, *,
    decided_by: Decision | None = None, **changes: Any,
) -> None:  # fmt: skip
    """The newest fact of a kind corrected, as a journal may have it from before that was refused."""
    act = replace(world.act(world.root, Office.CHAIR), decided_by=decided_by)
    at, second = place(world, stream, kind), world.officer(world.root, Office.PRIVACY)
    with world.ledger.entry(act, lock=True) as entry:
        [(one, fact)] = entry.facts_at([(world.origin, at)])
        told: Any = entry.restated(one).event
        entry.write(
            FactCorrected(
                stream_of(told), at, kind_of(told), person_of(told), Why.MISTYPED, second,
                *_reason(told, "录入有误"),
            )
        )  # fmt: skip
        instead = replace(act, on=on or fact.on, late=Late.CORRECTION)
        entry.write(replace(told, **changes), act=instead, corrects=at)


def annul(world: World, stream: str, kind: type[Event]) -> None:
    """The newest fact of a kind annulled, as a journal may have it from before that was refused."""
    at, second = place(world, stream, kind), world.officer(world.root, Office.PRIVACY)
    with world.entry(world.root, Office.CHAIR) as entry:
        [(_, fact)] = entry.facts_at([(world.origin, at)])
        gone = FactAnnulled(
            stream_of(fact.event), at, kind_of(fact.event), person_of(fact.event), Why.NOT_SO,
            second, *_reason(fact.event, "查无此事"),
        )  # fmt: skip
        entry.write(gone, corrects=at)


def _reason(event: Event, text: str) -> tuple[str, str]:
    return (text, "") if person_of(event) is not None else ("", text)


def past(office: AidOffice, person: PersonId, amount: int = 1000 * YUAN, **more: Any) -> GrantId:
    """Aid of last year's paper, approved and signed for where nothing else is said."""
    approver = office.world.officer(office.world.root, Office.APPROVER)
    told: dict[str, Any] = {
        "mode": PayMode.CASH, "signed": True, "need": Code("2026-2027"),
        "approver": approver, **more,
    }  # fmt: skip
    kind = told.pop("kind", AidKind.STUDY)
    with office.entry(Office.ACCOUNTANT, office.world.root) as entry:
        return aiding.record_past(
            entry, person, kind, Fen(amount), office.fund, Code("2025-88"), **told
        )


def take_back(office: AidOffice, grant: GrantId, amount: int) -> None:
    with office.entry(Office.APPROVER, office.world.root) as entry:
        aiding.order_back(entry, grant, Fen(amount), TakenBackFor.TWICE, "追回")
    with office.entry(Office.CASHIER, office.world.root) as entry:
        aiding.took_back(entry, grant, Fen(amount), Code("收9"))
