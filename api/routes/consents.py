"""Consents (知情同意): given, otherwise founded in law, taken back; and who looked at whom."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from api.asking import (
    Acting,
    Body,
    ConsentRef,
    Day,
    Name,
    Part,
    PersonRef,
    Room,
    Seen,
    SignedIn,
    UnionRef,
    Word,
    answer,
)
from api.showing import Listing, Page, check_sight, looks_at, mentioned, names_of, turned
from ledger import procedures
from ledger.book import Entry, NotFound
from ledger.domain.channels import Cause
from ledger.domain.consents import (
    Consent,
    ConsentGiven,
    Evidence,
    LegalBasisRecorded,
    Purpose,
    Receiver,
)
from ledger.domain.ids import ConsentId, PersonId, new_consent
from ledger.domain.kernel import Basis, Group
from ledger.projections import worker_files

ROUTER = Room("/consents", "知情同意")


# ── views ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class ConsentShape:
    """One consent, or another legal basis, and what of it stands on a day."""

    consent: str
    person: str
    receiver: Receiver
    purpose: Purpose
    basis: Basis | None
    groups: tuple[Group, ...]
    standing: list[Group]
    since: date
    until: date | None
    evidence: Evidence | None
    provision: str | None
    notice: str | None
    guardian: str | None


class ConsentsSought(Listing):
    """Whose consents, as they stood on a day."""

    person: PersonRef = Field(description="人员")
    as_of: Day | None = Field(None, description="在哪一天，默认今天")


@ROUTER.view("", "一个人的同意与法律依据", Page[ConsentShape])
def consents(who: SignedIn, asked: Annotated[ConsentsSought, Query()]) -> Response:
    turn = turned(who, "consents", asked)
    ask, on = turn.asked, turn.asked.as_of or who.today
    with who.ledger.reading() as reader:
        check_sight(reader, who, ask.person)
        ids = mentioned(reader, ask.person, "con")
        held = {each: reader.get(Consent, each) for each in ids}
        persons = worker_files.identity(reader.conn, who.ledger.origin, ask.person)
    found = [_told(each, one, on) for one, each in held.items() if each.given is not None]
    rows = [each for each in found if each.person in persons]
    return turn.answer(*turn.cut(rows, lambda row: (row.consent,)))


class AsOf(Part):
    """As it stood on a day."""

    as_of: Day | None = Field(None, description="在哪一天，默认今天")


@ROUTER.view("/{consent}", "一份同意或法律依据", ConsentShape)
def consent(consent: ConsentRef, who: SignedIn, when: Annotated[AsOf, Query()]) -> Response:
    with who.ledger.reading() as reader:
        held = reader.find(Consent, consent)
        told = _told(held, consent, when.as_of or who.today)
        check_sight(reader, who, PersonId(told.person))
    return answer(told, version=held.version)


def _told(held: Consent, consent: str, on: date) -> ConsentShape:
    e = held.given
    if e is None:  # its record was annulled
        raise NotFound(consent)
    given = e if isinstance(e, ConsentGiven) else None
    law = e if isinstance(e, LegalBasisRecorded) else None
    receiver = e.receiver.partner or e.receiver.union or ""
    return ConsentShape(
        consent, e.person, e.receiver, e.purpose, held.basis, e.groups,
        sorted(held.groups(receiver, on)), e.since, e.until, given.evidence if given else None,
        law.provision if law else None, e.notice, given.guardian if given else None,
    )  # fmt: skip


# ── acts ─────────────────────────────────────────────────────────────────────────────────────


class ReceiverTold(Part):
    """To whom data are given: a partner's journal or one union, by name and contact."""

    name: Name = Field(description="接收方名称", examples=["广东省总工会"])
    partner: Word | None = Field(
        None, description="对方省总账", examples=["liangdi.example/guangdong"]
    )
    union: UnionRef | None = Field(None, description="接收工会")
    contact: Name = Field("", description="联系方式")

    def receiver(self) -> Receiver:
        return Receiver(self.name, self.partner, self.union, self.contact)


class Basing(Body):
    """Of whom, to whom, for what, which groups of data, and how long."""

    person: PersonRef = Field(description="人员")
    receiver: ReceiverTold = Field(description="接收方")
    purpose: Purpose = Field(description="处理目的")
    groups: list[Group] = Field(max_length=10, description="数据组")
    since: Day | None = Field(None, description="自哪一天，默认业务日期")
    until: Day | None = Field(None, description="至哪一天（不含）")


class Consenting(Basing):
    """How the person consented, and after which notice."""

    evidence: Evidence | None = Field(None, description="同意凭据")
    notice: Word | None = Field(None, description="告知书版本", examples=["告知书-2026-1"])
    guardian: PersonRef | None = Field(None, description="监护人")


@ROUTER.act("", "登记同意")
def give(body: Consenting, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        made = _new(entry, asked, body.person)
        entry.write(
            Consent.give(
                entry.act, made, body.person, body.receiver.receiver(), body.purpose, body.groups,
                body.evidence, body.notice, born=procedures.born(entry, body.person), guardian=body.guardian,
                since=body.since, until=body.until,
            )
        )  # fmt: skip
        return {"consent": made}

    return asked.record(body, decide)


class BasingOnLaw(Basing):
    """Which basis other than consent, and its provision."""

    basis: Basis = Field(description="法律依据")
    provision: Word | None = Field(None, description="条款", examples=["个人信息保护法13-3"])
    notice: Word | None = Field(None, description="告知书版本")
    paper: Word | None = Field(None, description="文号")


@ROUTER.act("/legal-bases", "登记法律依据（无须同意）")
def record_basis(body: BasingOnLaw, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        made = _new(entry, asked, body.person)
        entry.write(
            Consent.record_basis(
                entry.act, made, body.person, body.receiver.receiver(), body.purpose, body.groups,
                body.basis, body.provision, born=procedures.born(entry, body.person), since=body.since, until=body.until,
                notice=body.notice, paper=body.paper,
            )
        )  # fmt: skip
        return {"consent": made}

    return asked.record(body, decide)


class Withdrawing(Body):
    """Which groups are no longer allowed; none named: all."""

    groups: list[Group] | None = Field(None, max_length=10, description="撤回哪些数据组")
    guardian: PersonRef | None = Field(None, description="监护人")


@ROUTER.act("/{consent}/withdrawal", "撤回同意")
def withdraw(consent: ConsentRef, body: Withdrawing, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held = entry.read(Consent, consent)
        if held.given is not None:
            check_sight(entry, asked.who, held.given.person)
        procedures.withdraw_consent(entry, consent, body.groups, guardian=body.guardian)

    return asked.record(body, decide, {consent: seen})


class Sharing(Body):
    """Which worker is opened to which partner, for what cause, and on what basis."""

    person: PersonRef = Field(description="人员")
    partner: Word = Field(description="对方省总账", examples=["liangdi.example/guangdong"])
    cause: Cause = Field(description="开通缘由")
    basis: Basis | None = Field(None, description="法律依据")
    consent: ConsentRef | None = Field(None, description="所依据的同意")
    groups: list[Group] | None = Field(None, max_length=10, description="数据组，默认按附件")


@ROUTER.act("/links", "向对方省开通")
def share(body: Sharing, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        check_sight(entry, asked.who, body.person)
        link = procedures.share(
            entry, body.person, body.partner, body.basis, body.cause, groups=body.groups,
            consent=body.consent,
        )  # fmt: skip
        return {"link": link}

    return asked.record(body, decide)


def _new(entry: Entry, asked: Acting, person: PersonId) -> ConsentId:
    check_sight(entry, asked.who, person)
    return new_consent()


# ── who looked at me ─────────────────────────────────────────────────────────────────────────

READS = Room("/persons", "知情同意")


@dataclass(frozen=True)
class Read:
    """One look at a person's data: when, who, for which union, through which view, why."""

    at: str
    officer: str
    union: str
    union_name: str
    view: str
    purpose: str


@READS.view("/{person}/reads", "谁看过这个人的资料", Page[Read])
def reads(person: PersonRef, who: SignedIn, asked: Annotated[Listing, Query()]) -> Response:
    turn = turned(who, f"reads {person}", asked)
    with who.ledger.reading() as reader:
        check_sight(reader, who, person)
        page, last = looks_at(reader, person, limit=turn.asked.limit, after=turn.pair)
        names = names_of(reader, [row.union for row in page])
    return turn.answer(
        [
            Read(r.at, r.officer, r.union, names.get(r.union, ""), r.view, r.purpose)
            for r in page
        ],
        last,
    )  # fmt: skip
