"""One case (一件维权案件): both provinces' steps and every claimant, as at a date, as known on a date.

How a case stands now is told by its few records of the whole and by the sums that the views keep,
however many claim in it. A day of the past is folded from all its records, every claimant's too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from ledger.book import NotFound, Reader
from ledger.clock import beijing
from ledger.domain.ids import CaseId, PersonId, StepId, UnionId
from ledger.domain.kernel import Fact, standing
from ledger.domain.money import yuan
from ledger.domain.rights import (
    Before,
    CaseKind,
    CaseOpened,
    CaseParty,
    CaseState,
    ClaimOf,
    Closure,
    Instalment,
    Intake,
    Lead,
    LeadOffer,
    Letter,
    Money,
    Priority,
    Recovery,
    RightsCase,
    Running,
    Side,
    summed,
)
from ledger.journal.record import Record, instant
from ledger.projections import arrears, case_boards
from ledger.projections.arrears import Totals
from ledger.projections.case_boards import of_the_whole
from ledger.projections.posting import fact_in
from ledger.projections.two_times import known_before
from ledger.replay.moments import Difference, differences
from ledger.replay.people import people
from ledger.replay.told import (
    KnownOn,
    Lane,
    Line,
    Names,
    Told,
    effective,
    gather_streams,
    lines,
    records_at,
    records_known,
    tell,
    tell_known,
)
from ledger.replay.words import word

# ── what a file shows ────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class SideNow:
    """A union that has to do with a case, and as what (办案各方)."""

    union: UnionId
    name: str
    role: case_boards.Role
    lane: Lane
    since: date | None


@dataclass(frozen=True)
class Payment:
    """One payment as the file shows it; `is_` the recorded one that a report was found to be."""

    recovery: Recovery
    report: bool
    is_: StepId | None


@dataclass(frozen=True)
class CaseNow:
    """How a case stands on a day (案件现状)."""

    on: date
    state: CaseState | None  # None: nothing had happened yet
    number: str
    kind: CaseKind | None
    channel: Intake | None
    priority: Priority | None
    place: str
    opened_on: date | None
    lead: Lead | None
    sides: tuple[SideNow, ...]
    offer: LeadOffer | None
    parties: tuple[CaseParty, ...]
    totals: Totals
    unknown: int  # claims that are not open here
    clocks: tuple[Running, ...]
    letters: tuple[Letter, ...]
    outside: tuple[Before, ...]
    schedule: tuple[Instalment, ...]
    payments: tuple[Payment, ...]
    closure: Closure | None

    @property
    def unmatched(self) -> int:
        """Payments that another side reports and the lead has not recorded."""
        return sum(each.report and each.is_ is None for each in self.payments)


class CaseStep(NamedTuple):
    """One record of the whole case, and how the case stood after it."""

    line: Line
    state: CaseNow


@dataclass(frozen=True)
class CaseFile:
    """One case as at a date, as known on a date."""

    case: CaseId
    as_of: date | None
    known_on: KnownOn
    day: date
    lanes: tuple[Lane, ...]
    lines: tuple[Line, ...]  # of the whole case; what is one claimant's stands in the sheet
    state: CaseNow

    @property
    def historical(self) -> bool:
        return self.as_of is not None or self.known_on is not None


@dataclass(frozen=True)
class ClaimantNow:
    """One claimant on a day (职工一行)."""

    person: PersonId
    claim: ClaimOf
    recovered: Money
    open: Money


@dataclass(frozen=True)
class CaseBetween:
    """What changed in a case between two moments."""

    before: CaseFile
    after: CaseFile
    lines: tuple[Difference, ...]
    changes: tuple[tuple[str, str, str], ...]  # what, then, now


# ── asking ───────────────────────────────────────────────────────────────────────────────────


def case(
    reader: Reader, case_: str, *, as_of: date | None = None, known_on: KnownOn = None,
    mask: bool = True,
) -> CaseFile:  # fmt: skip
    """One case. Texts are open where the reader was opened by `Ledger.looking`.

    Raises: NotFound.
    """
    conn, origin = reader.conn, reader.ledger.origin
    if as_of is not None or known_on is not None:
        story = _Story(reader, case_, known_on)
        return story.file(as_of, mask=mask)
    found = case_boards.places(conn, origin, case_)
    if not found:
        raise NotFound(case_)
    told = tell(reader, found, records_at(reader, [one.place for one in found]))
    names = _names(reader, told, known_on)
    held = RightsCase.of(each.fact for each in told)
    sums = arrears.totals(conn, origin, [case_])[CaseId(case_)]
    known = sums.claimants + sums.withdrawn
    now = _now(held, told, names, reader.ledger.today, sums, max(0, held.declared - known))
    return _file(reader, case_, told, names, None, None, now, mask=mask)


def case_steps(
    reader: Reader, case_: str, *, as_of: date | None = None, known_on: KnownOn = None,
    as_known: bool = False, mask: bool = True,
) -> list[CaseStep]:  # fmt: skip
    """The records of the whole case, with its state after each: in the order in which they took
    effect, or (`as_known`) in that in which they became known here. Raises: NotFound.
    """
    return list(_Story(reader, case_, known_on).steps(as_of, as_known=as_known, mask=mask))


def claimants(
    reader: Reader, case_: str, *, as_of: date | None = None, known_on: KnownOn = None
) -> list[ClaimantNow]:
    """Every claimant of a case on a day, in the order of their ids. Raises: NotFound."""
    return _claimants(_Story(reader, case_, known_on).held(as_of))


def case_with_claimants(
    reader: Reader, case_: str, *, as_of: date | None = None, known_on: KnownOn = None,
    mask: bool = True,
) -> tuple[CaseFile, list[ClaimantNow]]:  # fmt: skip
    """One case as at a date, and every claimant of it, read once for both. Raises: NotFound."""
    story = _Story(reader, case_, known_on)
    return story.file(as_of, mask=mask), _claimants(story.held(as_of))


def case_between(
    reader: Reader, case_: str, before: tuple[date | None, KnownOn],
    after: tuple[date | None, KnownOn], *, mask: bool = True,
) -> CaseBetween:  # fmt: skip
    """What changed between two moments, each (as at, as known on). Raises: NotFound."""
    one = _Story(reader, case_, before[1])
    other = one if after[1] == before[1] else _Story(reader, case_, after[1])
    then, now = one.file(before[0], mask=mask), other.file(after[0], mask=mask)
    return CaseBetween(then, now, tuple(differences(then, now)), tuple(_changes(then, now)))


# ── folding ──────────────────────────────────────────────────────────────────────────────────


class _Story:
    """All that is known of one case, every claimant's records too.

    What is one claimant's is folded and not shown: it stays closed, and only its fact is kept.
    """

    def __init__(self, reader: Reader, case_: str, known_on: KnownOn) -> None:
        self._reader, self._case, self._known_on = reader, case_, known_on
        before, known = known_before(known_on), records_known(reader, [case_])
        if not known:
            raise NotFound(case_)
        self._facts: list[Fact] = []
        whole: list[tuple[Record, int, str]] = []
        for one, seq, at in known:
            fact, header, _ = fact_in(one)
            known_at = at or header["at"]
            if known_at < before:
                self._facts.append(fact)
                if of_the_whole(fact):
                    whole.append((one, seq, known_at))
        self._whole = tell_known(reader, whole)
        self._names = _names(reader, self._whole, known_on)
        self._held: dict[date | None, RightsCase] = {}

    def held(self, as_of: date | None) -> RightsCase:
        """The case as at a day, its facts in the order in which they became known."""
        if as_of not in self._held:
            stood = standing(self._facts)
            self._held[as_of] = RightsCase.of(
                fact for fact in stood if as_of is None or fact.on <= as_of
            )
        return self._held[as_of]

    def file(self, as_of: date | None, *, mask: bool) -> CaseFile:
        held, day = self.held(as_of), as_of or self._reader.ledger.today
        told = [each for each in self._whole if as_of is None or each.fact.on <= as_of]
        now = _now(held, told, self._names, day, _sums(held), held.unknown)
        return _file(
            self._reader, self._case, self._whole, self._names, as_of, self._known_on, now,
            mask=mask,
        )  # fmt: skip

    def steps(self, as_of: date | None, *, as_known: bool, mask: bool) -> Iterator[CaseStep]:
        own = self._reader.ledger.origin
        shown = lines(self._whole, self._names, own, as_of, mask=mask)
        by_ref = {line.ref: line for line in shown}
        every = gather_streams(self._reader, [self._case], self._known_on, of_the_whole)
        ordered = every if as_known else effective(every, as_of)
        folding = _Folding(as_known=as_known)
        for at, each in enumerate(ordered, 1):
            line = by_ref.get(each.ref)
            following = ordered[at].fact if at < len(ordered) else None
            # What one entry says of each claimant belongs to its head: the state is that after it.
            if line is None:
                continue
            end = at
            while following is not None and not of_the_whole(following):
                end += 1
                following = ordered[end].fact if end < len(ordered) else None
            day = each.fact.on
            if as_known:
                day = as_of or beijing(instant(each.known)).date()
            held = folding.to(ordered, end, day)
            yield CaseStep(
                line, _now(held, ordered[:end], self._names, day, _sums(held), held.unknown)
            )


class _Folding:
    """A case folded step by step: on from the last step, as long as what follows comes in order.

    What stands in another's place, or takes effect later than the step's day, or was known before
    what took effect before it, is folded anew.
    """

    def __init__(self, *, as_known: bool) -> None:
        self._as_known, self._held = as_known, RightsCase()
        self._folded, self._rank, self._in_order = 0, -1, True

    def to(self, ordered: Sequence[Told], end: int, day: date) -> RightsCase:
        """The case after so many of these, on a day. It is the same object from step to step."""
        for each in ordered[self._folded : end]:
            fact = each.fact
            late = self._as_known and (fact.corrects is not None or fact.on > day)
            self._in_order = self._in_order and each.rank > self._rank and not late
            if not self._in_order:
                break
            self._held.after(fact)
            self._rank = each.rank
        self._folded = end
        if self._in_order:
            return self._held
        stood = effective(ordered[:end], day if self._as_known else None)
        return RightsCase.of(_facts(stood))


def _claimants(held: RightsCase) -> list[ClaimantNow]:
    recovered = held.recovered_by_all
    return [
        ClaimantNow(person, claim, recovered[person], recovered[person].short_of(claim.due))
        for person, claim in sorted(held.claims.items())
    ]


def _facts(told: Sequence[Told]) -> list[Fact]:
    return [each.fact for each in sorted(told, key=lambda one: one.rank)]


def _names(reader: Reader, told: Sequence[Told], known_on: KnownOn) -> Names:
    """How the unions are called; and the few persons whom the records of the whole name."""
    names = Names(reader, told, known_on)
    if reader.look is not None:
        persons = {p for each in told if (p := each.fact.event.__dict__.get("person"))}
        shown = people(reader, sorted(persons))
        names.learn({person: one.name for person, one in shown.items() if one.name})
    return names


def _file(
    reader: Reader, case_: str, told: Sequence[Told], names: Names, as_of: date | None,
    known_on: KnownOn, now: CaseNow, *, mask: bool,
) -> CaseFile:  # fmt: skip
    own = reader.ledger.origin
    shown = [line for line in lines(told, names, own, as_of, mask=mask) if not line.hidden]
    used = {each.record.origin for each in told}
    return CaseFile(
        CaseId(case_), as_of, known_on, now.on, tuple(n for n in names.lanes if n.origin in used),
        tuple(shown), now,
    )  # fmt: skip


def _now(
    held: RightsCase, told: Sequence[Told], names: Names, on: date, sums: Totals, unknown: int
) -> CaseNow:
    opened = next((e.fact.event for e in told if isinstance(e.fact.event, CaseOpened)), None)
    payments = sorted(
        held.recoveries.values(), key=lambda each: (each.on, each.instalment, each.id)
    )
    matched = held.matched
    return CaseNow(
        on, held.state if held.lead else None, held.number, held.kind,
        opened.channel if opened else None, opened.priority if opened else None,
        opened.place if opened else "", held.opened_on, held.lead,
        tuple(_sides(held, names, on)), replace(held.offer) if held.offer else None,
        tuple(party for _, party in sorted(held.parties.items())), sums, unknown,
        tuple(sorted(held.clocks.values(), key=lambda c: (c.met_on or date.max, c.due or date.max))),
        tuple(held.letters.values()), tuple(held.outside.values()),
        tuple(sorted(
            (part for agreed in held.in_force for part in agreed.instalments),
            key=lambda part: part.due,
        )),
        tuple(Payment(each, not each.counted, matched.get(each.id)) for each in payments),
        held.closure,
    )  # fmt: skip


def _sides(held: RightsCase, names: Names, on: date) -> Iterator[SideNow]:
    lead, roles = held.lead, case_boards.Role
    if lead is None:
        return
    yield SideNow(
        lead.union, names.union(lead.union, on), roles.LEAD, names.lane(lead.origin), lead.since
    )
    for side in held.sides.values():
        if side.union == lead.union or not (side.takes_part or side.waiting):
            continue
        role = roles.HELPS if side.takes_part else roles.ASKED
        yield _side(side, names, role, on)


def _side(side: Side, names: Names, role: case_boards.Role, on: date) -> SideNow:
    since = side.joined_on or side.asked_on
    return SideNow(side.union, names.union(side.union, on), role, names.lane(side.origin), since)


def _sums(held: RightsCase) -> Totals:
    """The sums as the view keeps them, from the facts themselves."""
    every, active = held.claims.values(), held.active
    recovered = held.recovered_by_all
    open_ = {claim.person: recovered[claim.person].short_of(claim.due) for claim in active}
    return Totals(
        claimants=len(active),
        withdrawn=sum(claim.withdrawn_on is not None for claim in every),
        settled=sum(claim.agreed is not None for claim in active),
        paid_in_full=sum(
            bool(recovered[c.person]) and not open_[c.person] and not c.denied for c in active
        ),
        asked=held.claimed, agreed=held.agreed,
        recovered=summed(recovered[person] for person in held.claims),
        open=summed(open_.values()), denied=sum(claim.denied for claim in every),
        to_call=sum(not claim.called for claim in active),
    )  # fmt: skip


# ── between two moments ──────────────────────────────────────────────────────────────────────


def _changes(then: CaseFile, now: CaseFile) -> Iterator[tuple[str, str, str]]:
    before, after = _said(then.state), _said(now.state)
    yield from ((what, before[what], after[what]) for what in after if before[what] != after[what])


def _said(now: CaseNow) -> dict[str, str]:
    """What stands beside each other."""
    sums = now.totals
    return {
        "状态": word(now.state),
        "主办": next((each.name for each in now.sides), ""),
        "职工人数": str(sums.claimants),
        "诉求合计": f"{yuan(sums.asked.total)}元",
        "协议合计": f"{yuan(sums.agreed.total)}元",
        "追回合计": f"{yuan(sums.recovered.total)}元",
        "尚欠合计": f"{yuan(sums.open.total)}元",
        "结案方式": word(now.closure.outcome if now.closure else None),
    }
