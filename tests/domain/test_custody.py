"""Custody: no clock, no silent partner and no fault can make two holders of a membership, or none.

Every state that two provinces can get into is searched, breadth first, with the real law on both
sides: officers who change their minds, clocks that differ, news that comes late, and one fault
beside: an acceptance lost with its disk, or a record applied twice. News that is lost is news that
is late, and a crash stands between any two steps; one journal's records are read in their order,
for its channel proves it, and those of two in every order that there is.

A search that finds nothing may be blind: the last part breaks the rule, and the search must see it.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Any, NamedTuple

import pytest

from ledger.domain.ids import MembershipId, PersonId, TransferId, UnionId
from ledger.domain.kernel import Act, Claim, Code, Decision, Event, Fact, Office, Refused
from ledger.domain.membership import (
    AcceptanceVoided,
    AlreadyAMember,
    Answer,
    Card,
    Ground,
    Holder,
    MemberLeft,
    Membership,
    MembershipLoaded,
    MembershipReceived,
    MembershipReleased,
    Outcome,
    Proof,
    TransferAccepted,
    TransferDeclined,
    TransferLapsed,
    TransferOffered,
    TransferReason,
    TransferReturned,
    TransferWithdrawn,
    WithdrawReason,
)

MEM, WEI = MembershipId("mem_1"), PersonId("per_wei")
HECHI, SHUNDE, PROVINCE = (UnionId(f"uni_{n}") for n in ("hechi", "shunde", "province"))
GX, GD = Code("gx.example/liangdi"), Code("gd.example/liangdi")
LONG_AGO = date(2015, 6, 1)
MONDAY, DEADLINE, AFTER = (date(2026, 3, day) for day in (2, 16, 17))
LOADED = Fact(MembershipLoaded(MEM, WEI, HECHI, LONG_AGO, Proof.CARD), LONG_AGO, GX, 1)

UNION = {GX: HECHI, GD: SHUNDE}
OTHER = {GX: GD, GD: GX}
PROCEDURES = (MembershipReleased, TransferReturned, MembershipReceived, AcceptanceVoided)
ANSWERS = (TransferAccepted, TransferDeclined)
OUTCOMES = (MembershipReleased, TransferReturned, TransferLapsed, TransferWithdrawn)
COMMITTEE = Decision(PROVINCE, Office.APPROVER)

Facts = tuple[int, ...]  # by their number, so that a state is quick to compare


class Side(NamedTuple):
    """One province: what it recorded, what it knows in the order of knowing, what it has read."""

    journal: Facts = ()
    known: Facts = ()
    read: int = 0
    late: bool = False

    def wrote(self, facts: Facts) -> "Side":
        return self._replace(journal=self.journal + facts, known=self.known + facts)


class World(NamedTuple):
    """Two provinces, and whether the one fault that is looked for has happened."""

    gx: Side
    gd: Side
    faulty: bool = False

    def side(self, origin: Code) -> Side:
        return self.gx if origin == GX else self.gd

    def put(self, origin: Code, side: Side, *, faulty: bool | None = None) -> "World":
        gx, gd = (side, self.gd) if origin == GX else (self.gx, side)
        return World(gx, gd, self.faulty if faulty is None else faulty)


Step = tuple[str, World]


@dataclass
class Search:
    """Every world that can be reached, each looked at once; `law` decides on both sides."""

    offers: int
    fault: str = ""  # lost · twice
    calm: bool = False  # nobody changes their mind, no clock passes a deadline
    law: type[Membership] = Membership
    facts: list[Fact] = field(default_factory=list[Fact])
    numbers: dict[Fact, int] = field(default_factory=dict[Fact, int])
    folds: dict[Facts, Membership] = field(default_factory=dict[Facts, Membership])
    held: dict[Facts, frozenset[Claim] | None] = field(
        default_factory=dict[Facts, frozenset[Claim] | None]
    )
    decided: dict[Any, list[Facts]] = field(default_factory=dict[Any, list[Facts]])
    checked: set[tuple[Facts, Facts]] = field(default_factory=set[tuple[Facts, Facts]])

    def run(self) -> int:
        """Looks at every state; returns how many there are. Raises: AssertionError, with the way."""
        start = World(Side().wrote((self.number(LOADED),)), Side())
        came: dict[World, tuple[World, str] | None] = {start: None}
        ahead = deque([start])
        while ahead:
            world = ahead.popleft()
            try:
                self.check(world)
                for how, new in self.steps(world):
                    if new not in came:
                        came[new] = world, how
                        ahead.append(new)
            except AssertionError as broken:
                broken.add_note("reached by: " + ", ".join(way(came, world)))
                raise
        return len(came)

    # ── what is remembered, so that nothing is worked out twice ──

    def number(self, fact: Fact) -> int:
        if fact not in self.numbers:
            self.numbers[fact] = len(self.facts)
            self.facts.append(fact)
        return self.numbers[fact]

    def fold(self, facts: Facts) -> Membership:
        found = self.folds.get(facts)
        if found is None:
            found = self.folds[facts] = self.law.of(self.facts[at] for at in facts)
        return found

    def claims(self, journal: Facts) -> frozenset[Claim] | None:
        """What a journal holds of unique facts; None where it would have refused one."""
        if journal not in self.held:
            self.held[journal] = self._claims(journal)
        return self.held[journal]

    def _claims(self, journal: Facts) -> frozenset[Claim] | None:
        held: set[Claim] = set()
        for event in (self.facts[at].event for at in journal):
            for freed in event.frees():
                held = {claim for claim in held if claim.rule is not freed.rule}
            for taken in event.takes():
                if taken in held:
                    return None
                held.add(taken)
        return frozenset(held)

    # ── what can happen next ──

    def steps(self, world: World) -> Iterator[Step]:
        """Everything that anyone can do next, or that can happen; when calm, only moves and news."""
        made = sum(
            isinstance(self.facts[at].event, TransferOffered)
            for side in world[:2]
            for at in side.journal
        )
        fresh = TransferId(f"trf_{made}") if made < self.offers else None
        for origin in (GX, GD):
            mine = world.side(origin)
            for entry in self.decisions(origin, mine.known, mine.late, fresh):
                after = mine.wrote(entry)
                first = self.facts[entry[0]].event
                if self.claims(after.journal) is not None:
                    yield f"{origin} {type(first).__name__}", world.put(origin, after)
                else:
                    assert not isinstance(first, PROCEDURES), f"{first} was refused to a procedure"
            yield from self.news(world, origin)
            if not self.calm and not mine.late:
                yield f"{origin} is late", world.put(origin, mine._replace(late=True))
            if self.fault == "lost" and not world.faulty:
                yield from self.losses(world, origin)

    def decisions(
        self, origin: Code, known: Facts, late: bool, fresh: TransferId | None
    ) -> list[Facts]:
        """What one side's officers, clock and procedures can write now, each as one entry."""
        key = origin, known, late, fresh
        if key not in self.decided:
            membership, today = self.fold(known), AFTER if late else MONDAY
            entries = [(today, e) for e in self.of_officers(membership, origin, today, fresh)]
            entries += [(on, (event,)) for on, event in procedures(membership, origin, today)]
            self.decided[key] = [
                tuple(self.number(Fact(event, on, origin)) for event in events)
                for on, events in entries
            ]
        return self.decided[key]

    def of_officers(
        self, membership: Membership, origin: Code, today: date, fresh: TransferId | None
    ) -> Iterator[tuple[Event, ...]]:
        union, to = UNION[origin], OTHER[origin]
        by = Act(PersonId("per_liaison"), union, Office.LIAISON, today, today)
        tries: list[Callable[[], Event | tuple[Event, ...]]] = []
        if fresh is not None:
            tries.append(
                lambda: membership.offer_to(
                    by, fresh, UNION[to], to, DEADLINE, TransferReason.WORKS_THERE
                )
            )
        tries += [partial(membership.accept, by, offer, union) for offer in membership.offers]
        if not self.calm:
            on_its_paper = replace(by, decided_by=COMMITTEE)
            tries.append(lambda: membership.leave(on_its_paper, Card.NONE))
            for offer in membership.offers:
                tries += [
                    partial(membership.withdraw, by, offer, WithdrawReason.OTHER),
                    partial(membership.decline_offer, by, offer, union, Ground.NOT_FOUND),
                ]
        for attempt in tries:
            try:
                events = attempt()
            except Refused:
                continue
            yield events if isinstance(events, tuple) else (events,)

    def news(self, world: World, origin: Code) -> Iterator[Step]:
        """The other side's records: the next one, or, where that is the fault, the last one again."""
        mine, theirs = world.side(origin), world.side(OTHER[origin]).journal
        if mine.read < len(theirs):
            after = mine._replace(read=mine.read + 1, known=(*mine.known, theirs[mine.read]))
            yield f"{origin} reads", world.put(origin, after)
        if self.fault == "twice" and not world.faulty and mine.read:
            after = mine._replace(known=(*mine.known, theirs[mine.read - 1]))
            yield f"{origin} reads again", world.put(origin, after, faulty=True)

    def losses(self, world: World, origin: Code) -> Iterator[Step]:
        """A disk is lost with the acceptance that was written last; read by the other side or not."""
        mine = world.side(origin)
        if not mine.journal or not isinstance(self.facts[mine.journal[-1]].event, TransferAccepted):
            return
        last = mine.journal[-1]
        unread = world.side(OTHER[origin]).read < len(mine.journal)
        after = mine._replace(
            journal=mine.journal[:-1] if unread else mine.journal,
            known=tuple(at for at in mine.known if at != last),
        )
        yield f"{origin} loses its acceptance", world.put(origin, after, faulty=True)

    # ── what must hold ──

    def check(self, world: World) -> None:
        """What must hold at every instant."""
        pair = world.gx.journal, world.gd.journal
        if pair not in self.checked:
            self.check_records(*pair, world.faulty)
            self.checked.add(pair)
        truth = self.fold(world.gx.journal + world.gd.journal).holder

        # Neither side thinks that it holds what the other holds; where neither does, the release
        # is on its way to the one that does.
        sure = [
            o for o in (GX, GD) if (h := self.fold(world.side(o).known).holder) and h.origin == o
        ]
        if truth is not None and not sure:
            there = world.side(Code(truth.origin))
            news = world.side(OTHER[Code(truth.origin)]).journal[there.read :]
            assert any(isinstance(self.facts[at].event, MembershipReleased) for at in news), "none"
        elif truth is not None:
            assert sure == [truth.origin], "two holders"
        assert len(sure) <= 1, "two holders"

        # Somebody serves.
        if truth is not None and not (world.faulty and self.fault == "lost"):
            day = AFTER if world.gx.late or world.gd.late else MONDAY
            serving = [self.fold(world.side(o).known).serving(day) == UNION[o] for o in (GX, GD)]
            assert any(serving), "nobody serves"

        # When all is read and nothing is left for procedures, both sides say the same, and whoever
        # was released to has received.
        if all(
            world.side(o).read == len(world.side(OTHER[o]).journal)
            and not procedures(self.fold(world.side(o).known), o, MONDAY)
            for o in (GX, GD)
        ):
            told = [self.fold(world.side(o).known).holder for o in (GX, GD)]
            assert told == [truth, truth], "they differ for good"
            offers = self.fold(world.gd.known).offers.values()
            moved = [offer for offer in offers if offer.outcome is Outcome.RELEASED]
            assert all(offer.received for offer in moved), "never received"

    def check_records(self, gx: Facts, gd: Facts, faulty: bool) -> None:
        """What must hold of the two journals together."""
        records = [self.facts[at].event for at in gx + gd]
        ended = any(isinstance(event, MemberLeft) for event in records)

        # There is one holder, in whatever order the journals are read; a member is somebody's.
        holder = self.fold(gx + gd).holder
        assert holder == self.fold(gd + gx).holder, "two holders"
        assert (holder is None) == ended, "no holder"

        # One membership a person, one answer and one outcome an offer.
        held = [claim.rule for journal in (gx, gd) for claim in self.claims(journal) or ()]
        assert held.count(AlreadyAMember) <= 1, "two memberships"
        for kinds in (ANSWERS, OUTCOMES):
            named = [event.offer for event in records if isinstance(event, kinds)]
            again = faulty and self.fault == "lost" and kinds is ANSWERS
            assert len(named) == len(set(named)) or again, "two outcomes"


def procedures(membership: Membership, here: Code, today: date) -> list[tuple[date, Event]]:
    """What follows at this side, with nobody's choice."""
    found: list[tuple[date, Event | None]] = []
    for told in membership.offers.values():
        found += [
            (told.answered_on or today, membership.conclude(told.id, here)),
            (today, membership.lapse(told.id, here, today)),
            (told.outcome_on or today, membership.receive(told.id, here)),
            (today, membership.void(told.id, here)),
        ]
    return [(on, event) for on, event in found if event is not None]


def way(came: dict[World, tuple[World, str] | None], world: World) -> list[str]:
    """The steps from the beginning to a world."""
    steps: list[str] = []
    while (before := came[world]) is not None:
        world, how = before
        steps.append(how)
    return steps[::-1]


@pytest.mark.parametrize(
    ("offers", "fault", "calm", "states"),
    [
        (2, "", False, 48_539),
        (2, "lost", False, 106_536),
        (1, "twice", False, 6_528),
        (3, "twice", True, 354),
        (5, "", True, 47),
    ],
)
def test_in_no_state_are_there_two_holders_or_none(
    offers: int, fault: str, calm: bool, states: int
) -> None:
    found = Search(offers, fault, calm=calm).run()

    print(f"{offers} offers, {fault or 'no'} fault: {found:,} states")
    assert found == states, "the rule has other states now: look at them, then say so here"


# ── a broken rule is seen ──


class ReleasesAtOnce(Membership):
    """The holder releases with the offer, and waits for no acceptance."""

    def conclude(self, offer: TransferId, here: str) -> Any:
        told = self.offers[offer]
        if told.answer is None and told.to_union is not None and told.from_origin == here:
            self.offers[offer] = replace(
                told, answer=Answer.ACCEPTED, answered_on=MONDAY, receiver=told.to_union
            )
        try:
            return super().conclude(offer, here)
        finally:
            self.offers[offer] = told


class HoldsFromTheAcceptance(Membership):
    """The receiver takes what it has accepted for its own."""

    def after(self, fact: Fact) -> None:
        super().after(fact)
        match fact.event:
            case TransferAccepted() as e:
                self._move(fact, self.moves + 1, Holder(e.union, fact.origin), LONG_AGO)
            case _:
                pass


class WithdrawsAfterTheAnswer(Membership):
    """An officer takes back what was accepted, while the procedure releases it."""

    def withdraw(
        self, act: Act, offer: TransferId, reason: WithdrawReason, note: str = ""
    ) -> TransferWithdrawn:
        told = self.offers[offer]
        self.offers[offer] = replace(told, answer=None, outcome=None)
        try:
            return super().withdraw(act, offer, reason, note)
        finally:
            self.offers[offer] = told


class NeedsItsOwnAcceptance(Membership):
    """The receiver does not believe a release that it has no acceptance to."""

    def receive(
        self, offer: TransferId, here: str, beside: MembershipId | None = None
    ) -> MembershipReceived | None:
        told = self.offers[offer]
        return super().receive(offer, here, beside) if told.answered_at == here else None


class DecidesBeforeItsReceipt(Membership):
    """The receiver decides as soon as the release is known, before its own receipt stands."""

    def _held(self, act: Act, *also: UnionId) -> tuple[MembershipId, PersonId, Holder]:
        known = self.offers
        self.offers = {name: replace(told, moves=0) for name, told in known.items()}
        try:
            return super()._held(act, *also)
        finally:
            self.offers = known


@pytest.mark.parametrize(
    ("law", "fault", "says"),
    [
        (ReleasesAtOnce, "", "nobody serves"),
        (HoldsFromTheAcceptance, "", "two holders"),
        (WithdrawsAfterTheAnswer, "", "two outcomes"),
        (NeedsItsOwnAcceptance, "lost", "never received"),
        (DecidesBeforeItsReceipt, "", "two holders"),
    ],
)
def test_a_broken_rule_is_found_with_the_way_to_it(
    law: type[Membership], fault: str, says: str
) -> None:
    with pytest.raises(AssertionError, match=says) as found:
        Search(2, fault, law=law).run()

    assert found.value.__notes__[0].startswith("reached by: gx.example/liangdi TransferOffered")
