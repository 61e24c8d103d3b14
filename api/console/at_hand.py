"""What the thing at hand offers (手头的事): with what a form begins, and what it can be chosen from.

An act upon a case is about that case's own claimants, clocks, letters and payments: nobody types
what the case knows already. The sheets of a settlement and of a payment begin with everybody in
them and their amounts; whoever leaves an amount empty is left out.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, cast

from api.console.forms import Written
from api.console.pickers import Choice
from api.showing import check_case, may_see, partners, people, signals_for
from ledger import procedures
from ledger.book import Reader
from ledger.desk import Visitor
from ledger.domain.auditing import Finding
from ledger.domain.consents import Consent
from ledger.domain.forgetting import Ground
from ledger.domain.ids import CaseId, ConsentId, PartnershipId, PersonId, StationId, TripId
from ledger.domain.kernel import Event, Fen, Scope
from ledger.domain.money import NoAmount, ThirdDecimal, fen_of, yuan
from ledger.domain.partnerships import Annex, Partnership
from ledger.domain.questions import Question, kinds_raised_by
from ledger.domain.retention import USUAL, Retention
from ledger.domain.rights import (
    ClockState,
    Instalment,
    Money,
    Result,
    RightsCase,
    ShareAgreed,
    ShareConfirmed,
    by_plan,
)
from ledger.domain.services import Trip
from ledger.domain.stations import Station, StationService
from ledger.projections import VIEWS, arrears, case_boards, union_tree
from ledger.projections.arrears import Arrear
from ledger.replay import title, word

MOST = 400  # claimants of a sheet on a page; larger cases are settled by the plan, paid by a total
Choices = tuple[Choice, ...]
Upon = Mapping[str, str]


@dataclass(frozen=True)
class Begun:
    """With what a form begins, and what of it is not to be changed."""

    values: Written = field(default_factory=dict[str, Sequence[str]])
    fixed: frozenset[str] = frozenset()


def begun(reader: Reader, who: Visitor, act: str, upon: Upon, given: Written) -> Begun:
    """What the thing says already that `act` is done upon; nothing where it says nothing."""
    beginner = _BEGINNERS.get(act)
    return beginner(reader, who, upon, given) if beginner else Begun()


def offered(reader: Reader, who: Visitor, act: str, upon: Upon) -> Mapping[str, Choices]:
    """What the fields of `act` can be chosen from, by their column (`claims.*.person`)."""
    room = act.partition("/")[0]
    offer = _OFFERS.get(act) or (_case_offers if room == "cases" and "case" in upon else None)
    return offer(reader, who, act, upon) if offer else {}


# ── cases ────────────────────────────────────────────────────────────────────────────────────

_STEPS: Mapping[str, str] = {
    "interrupt": "running", "pause": "running", "extend": "running", "meet": "running",
    "resume": "paused", "accept_lead": "offer", "decline_lead": "offer", "withdraw_lead": "offer",
    "answer_letter": "letter", "number_outside": "unnumbered", "answer_outside": "outside",
}  # fmt: skip
"""Which steps of a case an act is about."""
_NEWCOMERS = frozenset({"add", "open"})


def whole_case(reader: Reader, case: str) -> RightsCase:
    """A case by the records that tell of the whole of it, however many claim in it."""
    told = case_boards.whole(reader.conn, reader.ledger.origin, case)
    return RightsCase.of(each.fact for each in told)


def confirmed(reader: Reader, case: str) -> dict[str, set[PersonId]]:
    """Who has confirmed that a payment came, by payment; nothing where too many claim."""
    if arrears.sheet(reader.conn, reader.ledger.origin, case, limit=MOST).next is not None:
        return {}
    found: dict[str, set[PersonId]] = {}
    for fact in reader.history(case):
        if isinstance(fact.event, ShareConfirmed):
            found.setdefault(fact.event.recovery, set()).add(fact.event.person)
    return found


def claimants(reader: Reader, who: Visitor, case: str) -> list[tuple[Arrear, str]]:
    """Everybody who claims in a case with her name, by name; none where there are too many."""
    page = arrears.sheet(reader.conn, reader.ledger.origin, case, limit=MOST)
    if page.next is not None:
        return []
    shown = people(reader, who, [row.person for row in page.rows])
    named = [
        (row, (shown[row.person].name if row.person in shown else "") or "姓名未提供")
        for row in page.rows
        if row.made_on is not None
    ]
    return sorted(named, key=lambda one: (one[1], one[0].person))


def _case_offers(reader: Reader, who: Visitor, act: str, upon: Upon) -> Mapping[str, Choices]:
    case, name = CaseId(upon["case"]), act.partition("/")[2]
    check_case(reader, who, case)
    held = whole_case(reader, case)
    parties = tuple((str(n), f"{n}. {party.name}") for n, party in sorted(held.parties.items()))
    found: dict[str, Choices] = {
        "party": parties,
        "claims.*.against": parties,
        "recovery": tuple(_payments(held, counted=True)),
        "report": tuple(_payments(held, counted=False)),
        "into": _other_cases(reader, who, case),
    }
    if name in _STEPS:
        found["step"] = tuple(_steps(held, _STEPS[name]))
    if name not in _NEWCOMERS:
        everybody = tuple(
            (row.person, f"{said} · 尚欠 {yuan(row.open.total)} 元")
            for row, said in claimants(reader, who, case)
            if not row.withdrawn
        )
        if everybody:
            found |= {"person": everybody, "persons": everybody, "shares.*.person": everybody}
    return found


def _steps(held: RightsCase, which: str) -> Iterable[Choice]:
    match which:
        case "running" | "paused":
            wanted = ClockState.RUNNING if which == "running" else ClockState.PAUSED
            for clock in held.clocks.values():
                if clock.state is wanted:
                    until = f"{clock.due} 止" if clock.due else f"中止，余 {clock.left}"
                    yield clock.id, f"{word(clock.kind)}（{until}）"
        case "offer":
            for offer in held.offers.values():
                if offer.open and offer.accepted is None:
                    yield offer.id, f"{offer.offered_on} 移交主办（{word(offer.reason)}）"
        case "letter":
            for letter in held.letters.values():
                if letter.reply is None:
                    yield letter.id, f"{letter.paper} {word(letter.kind)}：{letter.addressee}"
        case _:
            for one in held.outside.values():
                open_ = one.result in (None, Result.TAKEN_UP)
                if one.number is None if which == "unnumbered" else open_:
                    number = f"（{one.number}）" if one.number else ""
                    yield one.id, f"{one.since} {word(one.to)}：{one.body}{number}"


def _payments(held: RightsCase, *, counted: bool) -> Iterable[Choice]:
    matched = held.matched
    for one in sorted(held.recoveries.values(), key=lambda each: (each.on, each.instalment)):
        if one.counted is counted and (counted or one.id not in matched):
            what = f"第 {one.instalment} 笔" if counted else "通报"
            amount, slip = yuan(one.amount.total), f" {one.reference}" if one.reference else ""
            yield one.id, f"{one.on} {what} {word(one.payer)} {amount} 元{slip}"


def _other_cases(reader: Reader, who: Visitor, case: str) -> Choices:
    sought = case_boards.Sought(who.today, tab=case_boards.Tab.OPEN, union=who.union)
    rows = case_boards.listing(reader.conn, reader.ledger.origin, sought, limit=MOST).rows
    return tuple((row.case, f"{row.number} {row.employer}") for row in rows if row.case != case)


@dataclass(frozen=True)
class Planned:
    """What all claimants together are to get by a day (一期)."""

    number: int
    due: date | None
    money: Money


def plan_of(given: Mapping[str, str]) -> list[Planned]:
    """The plan of a settlement as an address has it. Raises: ValueError where it is unreadable."""
    found: list[Planned] = []
    for number in range(1, 13):
        due = given.get(f"plan.{number}.due", "").strip()
        sums = [given.get(f"plan.{number}.{each}", "").strip() for each in ("wages", "more")]
        if not due and not any(sums):
            continue
        try:
            wages, more = (fen_of(each) if each else Fen(0) for each in sums)
            found.append(
                Planned(number, date.fromisoformat(due) if due else None, Money(wages, more))
            )
        except (NoAmount, ThirdDecimal) as refused:
            raise ValueError(f"第 {number} 期：{refused.zh}") from refused
        except ValueError:
            raise ValueError(f"第 {number} 期：日期写成 2026-03-22 的样子。") from None
    return found


def _settlement(reader: Reader, who: Visitor, upon: Upon, given: Written) -> Begun:
    case = CaseId(upon["case"])
    check_case(reader, who, case)
    rows = [row for row, _ in claimants(reader, who, case) if not row.withdrawn]
    plan = plan_of({key: values[0] for key, values in given.items() if key.startswith("plan.")})
    asked = (
        sum((row.asked.wages for row in rows), 0),
        sum((row.asked.compensation for row in rows), 0),
    )
    plan = plan or [Planned(1, None, Money(Fen(asked[0]), Fen(asked[1])))]
    parts = [
        Instalment(one.number, one.due or date.min, one.money.wages, one.money.compensation)
        for one in plan
    ]
    shares = by_plan(parts, {row.person: row.asked for row in rows}) if rows else {}
    values: dict[str, Sequence[str]] = {}
    fixed: set[str] = set()
    for at, (person, hers) in enumerate(shares.items()):
        values[f"shares.{at}.person"] = (person,)
        fixed.add(f"shares.{at}.person")
        for line, (part, planned) in enumerate(zip(hers, plan, strict=True)):
            row = f"shares.{at}.instalments.{line}"
            values[f"{row}.number"] = (str(part.number),)
            fixed.add(f"{row}.number")
            values[f"{row}.due"] = (planned.due.isoformat() if planned.due else "",)
            if planned.due:
                fixed.add(f"{row}.due")
            values |= _amounts(row, part.money)
    return Begun(values, frozenset(fixed))


def _amounts(row: str, money: Money) -> dict[str, Sequence[str]]:
    return {
        f"{row}.{name}".lstrip("."): (yuan(fen) if fen else "",)
        for name, fen in (("wages", money.wages), ("compensation", money.compensation))
    }


def _recovery(reader: Reader, who: Visitor, upon: Upon, given: Written) -> Begun:
    """Everybody with what the next instalment gives her, and no more than is open to her."""
    case = CaseId(upon["case"])
    check_case(reader, who, case)
    held = whole_case(reader, case)
    rows = [row for row, _ in claimants(reader, who, case) if row.open]
    leads = held.lead is not None and held.lead.union in {post.union for post in who.posts}
    number = held.next_instalment(counted=leads)
    agreed: dict[PersonId, Mapping[int, Money]] = {}
    if rows and held.settlement is not None:
        for fact in reader.history(case):
            if isinstance(fact.event, ShareAgreed):
                agreed[fact.event.person] = {
                    part.number: part.money for part in fact.event.instalments
                }
    values: dict[str, Sequence[str]] = {"instalment": (str(number),)}
    fixed: set[str] = set()
    for at, row in enumerate(rows):
        values[f"shares.{at}.person"] = (row.person,)
        fixed.add(f"shares.{at}.person")
        part = agreed.get(row.person, {}).get(number)
        if part is not None:
            wages, more = (
                min(part.wages, row.open.wages),
                min(part.compensation, row.open.compensation),
            )
            values |= _amounts(f"shares.{at}", Money(Fen(wages), Fen(more)))
    if len(held.parties) == 1:
        values["party"] = ("1",)
    return Begun(values, frozenset(fixed))


def _receipts(reader: Reader, who: Visitor, upon: Upon, given: Written) -> Begun:
    """Everybody who has not said yet that the money came."""
    case = CaseId(upon["case"])
    check_case(reader, who, case)
    rows = [row for row, _ in claimants(reader, who, case) if row.received < row.shares]
    have = confirmed(reader, case).get(given.get("recovery", ("",))[0], set())
    waits = [row.person for row in rows if row.person not in have]
    return Begun({"persons": waits})


def _calls(reader: Reader, who: Visitor, upon: Upon, given: Written) -> Begun:
    """Everybody who is still to be called back."""
    case = CaseId(upon["case"])
    check_case(reader, who, case)
    rows = [row for row, _ in claimants(reader, who, case) if not row.withdrawn]
    asked = [row for row in rows if row.represents] or rows
    return Begun({"persons": [row.person for row in asked if not row.called]})


def _revision(reader: Reader, who: Visitor, upon: Upon, given: Written) -> Begun:
    """What she asks for now."""
    case, person = CaseId(upon["case"]), given.get("person", ("",))[0]
    check_case(reader, who, case)
    row = next((row for row, _ in claimants(reader, who, case) if row.person == person), None)
    if row is None:
        return Begun()
    return Begun(_amounts("", row.asked))


# ── trips ────────────────────────────────────────────────────────────────────────────────────


def _trip_offers(reader: Reader, who: Visitor, act: str, upon: Upon) -> Mapping[str, Choices]:
    trip = reader.find(Trip, TripId(upon["trip"]))
    wanted: Iterable[PersonId] = [each for each in trip.seats if each not in trip.departed]
    if act == "services/agree":
        wanted = trip.awaiting_guardian
    seen = [each for each in wanted if may_see(reader, who, each)]
    shown = people(reader, who, seen)
    named = tuple(
        sorted(((each, shown[each].name or "姓名未提供") for each in seen if each in shown),
               key=lambda one: one[1])
    )  # fmt: skip
    return {"person": named, "persons": named}


def _departures(reader: Reader, who: Visitor, upon: Upon, given: Written) -> Begun:
    trip = reader.find(Trip, TripId(upon["trip"]))
    waits = set(trip.awaiting_guardian)
    ready = [each for each in trip.seats if each not in trip.departed and each not in waits]
    return Begun({"persons": [each for each in ready if may_see(reader, who, each)]})


# ── stations ─────────────────────────────────────────────────────────────────────────────────


def _staff(reader: Reader, who: Visitor, act: str, upon: Upon) -> Mapping[str, Choices]:
    held = reader.find(Station, StationId(upon["station"]))
    seen = [person for person, _ in held.staff(who.today) if may_see(reader, who, person)]
    shown = people(reader, who, seen)
    return {
        "person": tuple(
            (person, f"{shown[person].name}（{word(duty)}）")
            for person, duty in held.staff(who.today)
            if person in shown
        )
    }


def _station(reader: Reader, who: Visitor, upon: Upon, given: Written) -> Begun:
    """How the station stands now."""
    held = reader.find(Station, StationId(upon["station"]))
    services: tuple[StationService, ...] = held.services
    return Begun({
        "name": (held.name,), "location": (held.location or "",), "address": (held.address,),
        "telephone": (held.telephone,), "host": (held.host,), "owner": (held.owner or "",),
        "services": [each.value for each in services],
    })  # fmt: skip


def _new_station(reader: Reader, who: Visitor, upon: Upon, given: Written) -> Begun:
    return Begun({"owner": (who.union or "",)})


# ── agreements and consents ──────────────────────────────────────────────────────────────────


def _waiting(reader: Reader, who: Visitor, act: str, upon: Upon) -> Mapping[str, Choices]:
    held = reader.find(Partnership, PartnershipId(upon["partnership"]))
    return {
        "proposal": tuple(
            (ref, f"第 {annex.version} 版附件，自 {annex.since} 起")
            for ref, (annex, _) in held.waiting_annexes().items()
        )
    }


def _sharable(reader: Reader, who: Visitor, act: str, upon: Upon) -> Mapping[str, Choices]:
    """What an agreement can share: neither the agreement itself nor what stays here."""
    return {"annex.scopes": _words(each for each in Scope if each not in _UNASKED)}


_UNASKED = frozenset({Scope.ALWAYS, Scope.NEVER})


def annexed(path: str, annex: Annex) -> dict[str, Sequence[str]]:
    """An annex as the fields of a form."""
    found: dict[str, Sequence[str]] = {}
    for name, value in annex.__dict__.items():
        if name == "liaisons":
            for at, each in enumerate(annex.liaisons):
                for part, said in each.__dict__.items():
                    found[f"{path}liaisons.{at}.{part}"] = (str(said),)
        elif isinstance(value, tuple):
            found[path + name] = [str(each) for each in cast("tuple[StrEnum, ...]", value)]
        elif value is not None:
            found[path + name] = (str(value),)
    return found


def _annex(reader: Reader, who: Visitor, upon: Upon, given: Written) -> Begun:
    """The terms that hold now, to be changed."""
    held = reader.find(Partnership, PartnershipId(upon["partnership"]))
    terms, ends = held.terms(who.today), held.ends()
    values = annexed("annex.", terms) if terms else {}
    return Begun({**values, "until": (ends.isoformat() if ends else "",)})


def _agreement(reader: Reader, who: Visitor, upon: Upon, given: Written) -> Begun:
    """Our own federation first, then the partners' that are known here."""
    origin = reader.ledger.origin
    roots = sorted(
        union_tree.roots(reader.conn, origin), key=lambda root: (root.origin != origin, root.name)
    )
    values: dict[str, Sequence[str]] = {}
    for at, root in enumerate(roots):
        values |= {
            f"parties.{at}.{name}": (str(value),)
            for name, value in (
                ("union", root.union), ("origin", root.origin), ("name", root.name),
                ("province", (root.division or root.location or "")[:2]),
            )
        }  # fmt: skip
    return Begun(values)


def _partner_offers(reader: Reader, who: Visitor, act: str, upon: Upon) -> Mapping[str, Choices]:
    found = partners(reader)
    return {"receiver.partner": found, "partner": found} if found else {}


def _receiver(reader: Reader, who: Visitor, upon: Upon, given: Written) -> Begun:
    """The one partner there is."""
    found = partners(reader)
    if len(found) != 1:
        return Begun()
    ((origin, name),) = found
    return Begun({"receiver.partner": (origin,), "receiver.name": (name,), "partner": (origin,)})


def _standing(reader: Reader, who: Visitor, act: str, upon: Upon) -> Mapping[str, Choices]:
    held = reader.find(Consent, ConsentId(upon["consent"]))
    if held.given is None:
        return {}
    receiver = held.given.receiver
    groups = held.groups(receiver.partner or receiver.union or "", who.today)
    return {"groups": _words(sorted(groups))}


def _words(codes: Iterable[StrEnum]) -> Choices:
    return tuple((code.value, word(code)) for code in codes)


# ── persons at rest ──────────────────────────────────────────────────────────────────────────


def _grounds(reader: Reader, who: Visitor, act: str, upon: Upon) -> Mapping[str, Choices]:
    """Why an officer restricts; what a partner has forgotten is restricted by procedure."""
    return {"ground": _words(each for each in Ground if each is not Ground.PARTNER)}


def _terms(reader: Reader, who: Visitor, upon: Upon, given: Written) -> Begun:
    """The terms that hold now, or the usual ones, to be changed or adopted as they stand."""
    held = reader.get(Retention, procedures.retention_stream(reader)).adopted
    values: dict[str, Sequence[str]] = {}
    for at, term in enumerate(held[0].terms if held else USUAL):
        values |= {
            f"terms.{at}.{name}": (str(value),)
            for name, value in (
                ("kept", term.kept.value), ("years", term.years),
                ("counted", term.counted.value), ("source", term.source),
            )
        }  # fmt: skip
    return Begun(values)


# ── audit ────────────────────────────────────────────────────────────────────────────────────


def _of_cited(reader: Reader, who: Visitor, act: str, upon: Upon) -> Mapping[str, Choices]:
    """The records of the things that a question cites, the newest first; without what it cites."""
    raised = reader.find(Question, upon["question"]).raised
    cited: set[tuple[str, int]] = set()
    if raised is not None:
        cited = {(str(each.origin), each.position) for each in raised.cites}
    streams = dict.fromkeys(one.stream for one, _ in reader.facts_at(sorted(cited)))
    found: list[Choice] = []
    for stream in streams:
        for fact in reversed(reader.history(stream)):
            if (fact.origin, fact.position) not in cited and len(found) < MOST:
                found.append((fact.ref, f"{fact.on} {title(fact.event)}（第 {fact.position} 笔）"))
    return {"remedies": tuple(found), "cites": tuple(found)}


def _raisable(reader: Reader, who: Visitor, act: str, upon: Upon) -> Mapping[str, Choices]:
    """The kinds of question that are this visitor's to raise."""
    kinds = kinds_raised_by({post.office for post in who.posts})
    return {"kind": tuple((each.value, word(each)) for each in kinds)}


AUDITABLE = (
    "PaymentMade", "SheetPaid", "PastAidRecorded", "AidApproved", "PaymentInstructed",
    "MoneyTakenBack", "ServiceGiven", "ServicesTallied", "CostRecorded", "HardshipFileOpened",
    "MembershipApproved", "RecoveryRecorded", "ShareConfirmed", "CaseClosed",
)  # fmt: skip
"""The kinds of record that samples are mostly drawn of; those that there are, are offered."""


def _kinds(reader: Reader, who: Visitor, act: str, upon: Upon) -> Mapping[str, Choices]:
    ledger = reader.ledger
    own = (ledger.origin, ledger.province.name)
    return {
        "kinds": tuple((each, said) for each in AUDITABLE if (said := kind_text(each))),
        "origin": (own, *partners(reader)),
    }


def kind_text(kind: str) -> str:
    """What a kind of record is called; empty where there is no such kind."""
    found: Any = Event.kinds.get(kind)
    return "" if found is None else (found.__doc__ or "").partition(":")[0].strip()


def _rules(reader: Reader, who: Visitor, act: str, upon: Upon) -> Mapping[str, Choices]:
    return {"rule": tuple((name, kind.zh) for name, kind in Finding.kinds.items())}


def _views(reader: Reader, who: Visitor, act: str, upon: Upon) -> Mapping[str, Choices]:
    return {"view": tuple((each.name, each.zh) for each in VIEWS if each.tables)}


_Beginner = Callable[[Reader, Visitor, Upon, Written], Begun]
_BEGINNERS: Mapping[str, _Beginner] = {
    "cases/settle": _settlement,
    "cases/recover": _recovery,
    "cases/receive": _receipts,
    "cases/call_back": _calls,
    "cases/revise": _revision,
    "services/depart": _departures,
    "stations/establish": _new_station,
    "stations/rename": _station,
    "stations/move": _station,
    "stations/list_services": _station,
    "partnerships/propose": _agreement,
    "partnerships/annex": _annex,
    "consents/give": _receiver,
    "consents/record_basis": _receiver,
    "consents/share": _receiver,
    "forgetting/adopt": _terms,
}


def _alarms(reader: Reader, who: Visitor, act: str, upon: Upon) -> Mapping[str, Choices]:
    """The alarms that stand and that an officer may settle."""
    return {
        "alarms": tuple(
            (digest, f"{each.name}：{each.zh.rstrip('。')}（{digest[:8]}）")
            for each in signals_for(reader, who)
            for digest in each.alarms
        )
    }


_Offer = Callable[[Reader, Visitor, str, Upon], Mapping[str, Choices]]
_OFFERS: Mapping[str, _Offer] = {
    "services/depart": _trip_offers,
    "services/agree": _trip_offers,
    "services/give_up": _trip_offers,
    "stations/withdraw": _staff,
    "system/rebuild": _views,
    "partnerships/sign_annex": _waiting,
    "partnerships/propose": _sharable,
    "partnerships/annex": _sharable,
    "consents/give": _partner_offers,
    "consents/record_basis": _partner_offers,
    "consents/share": _partner_offers,
    "consents/withdraw": _standing,
    "forgetting/restrict": _grounds,
    "questions/draw": _kinds,
    "questions/raise_question": _raisable,
    "audit/query": _rules,
    "system/settle": _alarms,
    "questions/answer_question": _of_cited,
    "questions/close": _of_cited,
}
