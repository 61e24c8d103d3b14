"""Casework (维权办理): what an act upon a case needs beside the law.

A case is opened under the next number of its year, and shared with the province that its claimants
belong to or work in. Whatever is recorded of a claimant later follows to the provinces that take
part, on the basis on which she was shared. The lead moves as custody does: released by procedure
when an acceptance is read. Working days are those of the calendar.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date

from ledger.book import Conflict, Entry, Ledger, NotFound
from ledger.clock import working_days_after, working_days_between
from ledger.domain.channels import Cause, NoLivePartnership
from ledger.domain.ids import (
    CaseId,
    ConsentId,
    PersonId,
    StationId,
    StepId,
    UnionId,
    new_case,
    new_step,
)
from ledger.domain.kernel import Basis, Code, Event, Group, Scope
from ledger.domain.partnerships import Annex, Partnership
from ledger.domain.rights import (
    CaseKind,
    CaseParty,
    Claiming,
    ClockKind,
    Handover,
    HelpKind,
    Instalment,
    Intake,
    Interruption,
    LetterKind,
    Means,
    Money,
    NoHelp,
    Pause,
    Payer,
    Priority,
    Proof,
    RightsCase,
    Route,
    Said,
    by_plan,
    shared_out,
    summed,
)
from ledger.procedures.delegation import acted_for
from ledger.procedures.sharing import agreement_with, links, read_links, share, share_back
from ledger.procedures.transferring import origin_of
from ledger.projections import case_boards, rosters
from ledger.projections.channels import partners

GIVEN = (Group.IDENTITY, Group.CONTACT, Group.CASE)
"""What the other side of a case needs of a claimant; neither health nor bank card."""

SHORT = {
    "11": "京", "12": "津", "13": "冀", "14": "晋", "15": "蒙", "21": "辽", "22": "吉", "23": "黑",
    "31": "沪", "32": "苏", "33": "浙", "34": "皖", "35": "闽", "36": "赣", "37": "鲁", "41": "豫",
    "42": "鄂", "43": "湘", "44": "粤", "45": "桂", "46": "琼", "50": "渝", "51": "川", "52": "黔",
    "53": "滇", "54": "藏", "61": "陕", "62": "甘", "63": "青", "64": "宁", "65": "新",
}  # fmt: skip
"""How a province is called in the number of a paper (简称)."""


class WorkingDays:
    """The calendar that clocks are counted by (工作日历)."""

    def after(self, day: date, count: int) -> date:
        return working_days_after(day, count)

    def between(self, start: date, end: date) -> int:
        return working_days_between(start, end)


CALENDAR = WorkingDays()


# ── opening ──────────────────────────────────────────────────────────────────────────────────


def next_number(entry: Entry) -> Code:
    """The next number of the year: 桂维〔2026〕0012号. Asked with the head held, it is nobody else's."""
    province, year = entry.ledger.province.code, entry.act.today.year
    prefix = f"{SHORT.get(province, province)}维〔{year}〕"
    last: str | None = entry.noted.get(("number", prefix))
    last = last or case_boards.last_number(entry.conn, entry.ledger.origin, prefix)
    count = int(last.removeprefix(prefix).removesuffix("号")) if last else 0
    number = f"{prefix}{count + 1:04}号"
    entry.noted["number", prefix] = number
    return Code(number)


def open_case(
    entry: Entry, kind: CaseKind, channel: Intake, place: Code, parties: Sequence[CaseParty],
    claims: Sequence[Claiming], *, priority: Priority = Priority.ORDINARY,
    station: StationId | None = None, paper: Code | None = None, basis: Basis | None = None,
    consent: ConsentId | None = None,
) -> CaseId:  # fmt: skip
    """Opens a case, a record for each claimant. With a basis, the claimants who belong to the
    partner province, or all where the work was done there, are shared with it.

    Raises: NotFound, NoClaimant, NoEmployerNamed, NoSuchParty, ClaimantAlready, AmountBelowZero,
    NoLegalBasis.
    """
    known(entry, [claim.person for claim in claims])
    case = new_case()
    events = RightsCase.open(
        entry.act, case, next_number(entry), kind, channel, place, parties, claims,
        priority=priority, station=station, paper=paper,
    )  # fmt: skip
    if basis is not None or consent is not None:
        for partner in _with_agreement(entry):
            them = _theirs(entry, partner, place, claims)
            let_see(entry, them, partner, basis, consent=consent)
    entry.start(events[0])
    entry.write(*events[1:])
    return case


def add_claims(
    entry: Entry, case: CaseId, claims: Sequence[Claiming], *, basis: Basis | None = None,
    consent: ConsentId | None = None,
) -> None:  # fmt: skip
    """Takes in further claimants; with a basis they are shared with who takes part.

    Raises: NotFound, what `RightsCase.add` raises, NoLegalBasis, NoLivePartnership.
    """
    known(entry, [claim.person for claim in claims])
    told = entry.read(RightsCase, case)
    events = told.add(entry.act, claims)
    if basis is not None or consent is not None:
        persons = [claim.person for claim in claims]
        for partner in sorted(told.origins - {entry.ledger.origin}):
            let_see(entry, persons, partner, basis, consent=consent)
    _write(entry, told, events)


def known(entry: Entry, persons: Sequence[PersonId]) -> None:
    """Whoever claims is a person on record here. Raises: NotFound."""
    entry.read_ahead(dict.fromkeys(persons))
    for person in persons:
        if not entry.history(person):
            raise NotFound(person)


def _with_agreement(entry: Entry) -> list[str]:
    """The partners with whom rights cases are shared by a live agreement."""
    found = partners(entry.conn)
    return [each for each in found if agreement_with(entry, each, Scope.RIGHTS) is not None]


def _theirs(entry: Entry, partner: str, place: str, claims: Sequence[Claiming]) -> list[PersonId]:
    """The claimants who have to do with the partner: all, where the work was done there."""
    every = [claim.person for claim in claims]
    if place[:2] == province_of(entry, partner):
        return every
    conn, origin = entry.conn, entry.ledger.origin
    held = rosters.of_persons(conn, origin, every)
    shared = {
        person for person in every if any(row["open"] for row in links(entry, partner, person))
    }
    return [
        person
        for person in every
        if person in shared or any(m.origin == partner for m in held.get(person, ()))
    ]


def province_of(entry: Entry, partner: str) -> str | None:
    """The two digits of the province that a partner's journal is of, by the agreement with it."""
    under = agreement_with(entry, partner, Scope.RIGHTS)
    if under is None:
        return None
    bound = entry.look_up(Partnership, under[0]).partners(entry.ledger.origin, entry.act.today)
    return next((str(party.province) for party in bound if party.origin == partner), None)


# ── whom the other side reads of ─────────────────────────────────────────────────────────────


def let_see(
    entry: Entry, persons: Iterable[PersonId], partner: str, basis: Basis | None, *,
    consent: ConsentId | None = None,
) -> None:  # fmt: skip
    """Shares claimants with a partner who has to do with the case; who is shared already, stays.

    Raises: NoLegalBasis, NoLivePartnership.
    """
    every = list(dict.fromkeys(persons))
    if agreement_with(entry, partner, Scope.RIGHTS) is None:
        raise NoLivePartnership(partner=partner)
    read_links(entry, entry.ledger.origin, every)
    read_links(entry, partner, every)
    for person in every:
        if _reads(entry, entry.ledger.origin, partner, person):
            continue
        if (
            basis is None
            and consent is None
            and _reads(entry, partner, entry.ledger.origin, person)
        ):
            share_back(entry, person, partner, GIVEN, Cause.CASE)
        else:
            share(entry, person, partner, basis, Cause.CASE, groups=GIVEN, consent=consent)


def _follow(entry: Entry, told: RightsCase, events: Iterable[Event]) -> None:
    """What is recorded of a claimant goes to the provinces that take part, where it may."""
    persons = {person for e in events if (person := e.__dict__.get("person")) is not None}
    others = sorted(told.origins - {entry.ledger.origin})
    if not persons or not others:
        return
    every = sorted(persons)
    for partner in others:
        if agreement_with(entry, partner, Scope.RIGHTS) is None:
            continue
        read_links(entry, entry.ledger.origin, every)
        read_links(entry, partner, every)
        for person in every:
            seen = _reads(entry, entry.ledger.origin, partner, person)
            if not seen and _reads(entry, partner, entry.ledger.origin, person):
                share_back(entry, person, partner, GIVEN, Cause.CASE)


def _reads(entry: Entry, giver: str, reader: str, person: PersonId) -> bool:
    """Whether one journal lets the other read of this person's cases."""
    if giver == entry.ledger.origin and ("link", person, reader) in entry.noted:
        return True  # opened in this very entry
    return any(
        row["open"] and row["partner"] == reader and Scope.RIGHTS.value in row["scopes"].split()
        for row in links(entry, giver, person)
    )


def record(
    entry: Entry, case: CaseId, decide: Callable[[RightsCase], Event | Sequence[Event]]
) -> None:
    """One act upon a case, by the law. Raises: NotFound, and the law's rules."""
    told = entry.read(RightsCase, case)
    _write(entry, told, decide(told))


def _write(entry: Entry, told: RightsCase, events: Event | Sequence[Event]) -> None:
    every = [events] if isinstance(events, Event) else list(events)
    _follow(entry, told, every)
    entry.write(*every)


# ── leading and helping ──────────────────────────────────────────────────────────────────────


def ask_help(
    entry: Entry, case: CaseId, kind: HelpKind, to_union: UnionId, *, due: date | None = None,
    basis: Basis | None = None, consent: ConsentId | None = None,
) -> StepId:  # fmt: skip
    """Asks another union to take part; one in the partner province reads of all claimants.

    Raises: NotFound, UnionNotOpen, what `RightsCase.ask_help` raises, NoLegalBasis,
    NoLivePartnership.
    """
    told, origin = entry.read(RightsCase, case), origin_of(entry, to_union)
    step = new_step()
    asked = told.ask_help(entry.act, step, kind, to_union, Code(origin), _due(entry, origin, due))
    _share_all(entry, told, origin, basis, consent)
    entry.write(asked)
    return step


def offer_lead(
    entry: Entry, case: CaseId, to_union: UnionId, reason: Handover, *,
    deadline: date | None = None, basis: Basis | None = None, consent: ConsentId | None = None,
) -> StepId:  # fmt: skip
    """Offers the lead; who leads must know of every claimant, so all are shared.

    Raises: as `ask_help`, and what `RightsCase.offer_lead` raises.
    """
    told, origin = entry.read(RightsCase, case), origin_of(entry, to_union)
    step = new_step()
    offered = told.offer_lead(
        entry.act, step, to_union, Code(origin), reason, _due(entry, origin, deadline)
    )
    _share_all(entry, told, origin, basis, consent)
    entry.write(offered)
    return step


def accept_lead(entry: Entry, case: CaseId, step: StepId) -> None:
    """Raises: NotFound, and what `RightsCase.accept_lead` raises."""
    told = entry.read(RightsCase, case)
    entry.write(told.accept_lead(entry.act, step))
    _share_all(entry, told, told.offers[step].from_origin, None, None)
    conclude_lead(entry, told, step)


def decline_lead(entry: Entry, case: CaseId, step: StepId, ground: NoHelp) -> None:
    """Raises: NotFound, and what `RightsCase.decline_lead` raises."""
    told = entry.read(RightsCase, case)
    entry.write(told.decline_lead(entry.act, step, ground))
    conclude_lead(entry, told, step)


def conclude_lead(
    entry: Entry, told: RightsCase, step: StepId, causation: str | None = None
) -> Event | None:
    """At the lead: the release on an acceptance, the return on a decline; by nobody's choice."""
    outcome = told.conclude_lead(step, entry.ledger.origin)
    if outcome is not None:
        act = entry.ledger.procedure(outcome.union, told.offers[step].answered_on)
        entry.write(outcome, act=act, causation=causation)
    return outcome


def lapse_leads(ledger: Ledger, today: date | None = None) -> list[StepId]:
    """By our own clock: offers of the lead that were not answered in time lapse."""
    day = today or ledger.today
    with ledger.reading() as reader:
        late = case_boards.late_offers(reader.conn, ledger.origin, day)
    lapsed: list[StepId] = []
    for due in late:
        try:
            with ledger.entry(ledger.procedure(ledger.root)) as entry:
                told = entry.read(RightsCase, due.case)
                event = told.lapse_lead(due.step, ledger.origin, day)
                if event is not None:
                    entry.write(event, act=ledger.procedure(event.union))
                    lapsed.append(due.step)
        except Conflict:
            continue  # somebody wrote to it just now: it is looked at again the next time
    return lapsed


def _share_all(
    entry: Entry, told: RightsCase, origin: str, basis: Basis | None, consent: ConsentId | None
) -> None:
    if origin not in ("", entry.ledger.origin):
        let_see(entry, [claim.person for claim in told.active], origin, basis, consent=consent)


def _due(entry: Entry, origin: str, due: date | None) -> date:
    """By when it is answered: as is said, else as was agreed with that side, else as here."""
    terms = _terms(entry, origin)
    days = terms.case_days if terms else entry.ledger.terms.case_days
    return due or working_days_after(entry.act.today, days)


def _terms(entry: Entry, origin: str) -> Annex | None:
    found = agreement_with(entry, origin, Scope.RIGHTS) if origin != entry.ledger.origin else None
    return found[1] if found else None


def call_back(
    entry: Entry, case: CaseId, persons: Iterable[PersonId], *, reached: bool, tries: int = 1,
    said: Said | None = None, remark: str = "",
) -> None:  # fmt: skip
    """Calls claimants back; after as many tries as the sides agreed, one counts as not reached.

    Raises: NotFound, and what `RightsCase.call_back` raises.
    """

    def decide(told: RightsCase) -> Sequence[Event]:
        agreed = [terms for origin in told.origins if (terms := _terms(entry, origin))]
        own = entry.ledger.terms.call_back_tries
        needed = max((terms.call_back_tries for terms in agreed), default=own)
        return [
            told.call_back(
                entry.act, person, reached=reached, tries=tries, needed=needed, said=said,
                remark=remark,
            )
            for person in persons
        ]  # fmt: skip

    record(entry, case, decide)


# ── clocks, letters ──────────────────────────────────────────────────────────────────────────


def start_clock(
    entry: Entry, case: CaseId, kind: ClockKind, since: date, person: PersonId | None = None
) -> StepId:
    """Raises: NotFound, and what `RightsCase.start_clock` raises."""
    step = new_step()
    record(
        entry, case, lambda told: told.start_clock(entry.act, step, kind, since, CALENDAR, person)
    )
    return step


def interrupt(entry: Entry, case: CaseId, clock: StepId, why: Interruption) -> None:
    """Raises: NotFound, and what `RightsCase.interrupt` raises."""
    record(entry, case, lambda told: told.interrupt(entry.act, clock, why, CALENDAR))


def pause(entry: Entry, case: CaseId, clock: StepId, why: Pause) -> None:
    """Raises: NotFound, and what `RightsCase.pause` raises."""
    record(entry, case, lambda told: told.pause(entry.act, clock, why, CALENDAR))


def resume(entry: Entry, case: CaseId, clock: StepId) -> None:
    """Raises: NotFound, and what `RightsCase.resume` raises."""
    record(entry, case, lambda told: told.resume(entry.act, clock, CALENDAR))


def extend(entry: Entry, case: CaseId, clock: StepId, paper: Code | None = None) -> None:
    """Raises: NotFound, and what `RightsCase.extend` raises."""
    record(entry, case, lambda told: told.extend(entry.act, clock, CALENDAR, paper))


def send_letter(
    entry: Entry, case: CaseId, kind: LetterKind, addressee: str, paper: Code, *,
    party: int | None = None, due: date | None = None,
) -> StepId:  # fmt: skip
    """Sends a letter, to be answered by the day said, or an opinion within the days of the law here.

    Raises: NotFound, and what `RightsCase.send_letter` raises.
    """
    step, days = new_step(), None
    if due is None and kind is LetterKind.OPINION:
        days = entry.ledger.terms.opinion_days
        due = working_days_after(entry.act.on, days)
    record(
        entry, case,
        lambda told: told.send_letter(entry.act, step, kind, addressee, paper, party, due, days),
    )  # fmt: skip
    return step


# ── money ────────────────────────────────────────────────────────────────────────────────────


def settle(
    entry: Entry, case: CaseId, route: Route, shares: Mapping[PersonId, Sequence[Instalment]], *,
    total: Money | None = None, paper: Code | None = None,
) -> StepId:  # fmt: skip
    """Raises: NotFound, and what `RightsCase.settle` raises."""
    step = new_step()
    record(
        entry, case, lambda told: told.settle(
            entry.act, step, route, shares, total=total, paper=paper
        ),
    )  # fmt: skip
    return step


def settle_by_plan(
    entry: Entry, case: CaseId, route: Route, plan: Sequence[Instalment], *,
    paper: Code | None = None,
) -> StepId:  # fmt: skip
    """Settles for all who claim, however many: the plan's sums go to them by what each asks for.

    Raises: NotFound, and what `RightsCase.settle` raises.
    """
    step, total = new_step(), summed(each.money for each in plan)

    def decide(told: RightsCase) -> Sequence[Event]:
        shares = by_plan(plan, {claim.person: claim.asked for claim in told.active})
        return told.settle(entry.act, step, route, shares, total=total, paper=paper)

    record(entry, case, decide)
    return step


def recover(
    entry: Entry, case: CaseId, shares: Mapping[PersonId, Money] | None, payer: Payer,
    means: Means = Means.BANK, *, total: Money | None = None, instalment: int | None = None,
    party: int | None = None, reference: Code | None = None, report: StepId | None = None,
) -> StepId:  # fmt: skip
    """Records what was paid, or, where another union leads, reports it to the lead.

    Without shares those of the report count, else the total goes to the claimants by what is open
    to each, to the fen.

    Raises: NotFound, and what `RightsCase.recover` or `RightsCase.report` raises.
    """
    step = new_step()

    def decide(told: RightsCase) -> Sequence[Event]:
        parts = shares if shares is not None else _split(told, total, report)
        leads = told.lead is not None and told.lead.union == entry.act.union
        if leads or not told.takes_part(entry.act.union):
            return told.recover(
                entry.act, step, parts, payer, means, instalment=instalment, total=total,
                party=party, reference=reference, report=report,
            )  # fmt: skip
        return told.report(
            entry.act, step, parts, payer, means, instalment=instalment, total=total, party=party,
            reference=reference,
        )  # fmt: skip

    record(entry, case, decide)
    return step


def _split(
    told: RightsCase, total: Money | None, report: StepId | None
) -> Mapping[PersonId, Money]:
    if report is not None:
        return told.shares.get(report, {})
    whole = total or Money()
    open_ = {claim.person: told.open_of(claim.person) for claim in told.active}
    wages = shared_out(whole.wages, {each: money.wages for each, money in open_.items()})
    rest = shared_out(
        whole.compensation, {each: money.compensation for each, money in open_.items()}
    )
    return {person: Money(wages[person], rest[person]) for person in open_}


def receive(
    entry: Entry, case: CaseId, recovery: StepId, persons: Sequence[PersonId], proof: Proof,
    remark: str = "",
) -> None:  # fmt: skip
    """Confirms that these claimants have their shares; not by who recorded the payment, nor by
    who acts for her, nor for whom she acts.

    Raises: NotFound, and what `RightsCase.receive` raises.
    """
    act = entry.act
    hands = acted_for(entry, act.decider, act.union, act.on, act.deciding_office)

    def decide(told: RightsCase) -> Sequence[Event]:
        recorders: Collection[str] = ()
        held = told.recoveries.get(recovery)
        if held is not None and held.decider is not None and held.union is not None:
            recorders = acted_for(entry, held.decider, held.union, held.on, held.office)
        return [
            told.receive(
                entry.act, recovery, person, proof, remark, hands=hands, recorders=recorders
            )
            for person in persons
        ]

    record(entry, case, decide)
