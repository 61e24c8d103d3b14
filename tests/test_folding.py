"""Folding on: what the book keeps of a long history is what the history tells, whoever asks."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import procedures, replay
from ledger.book import Reader
from ledger.domain.corrections import Why
from ledger.domain.funds import Fund, Source
from ledger.domain.ids import CaseId, StepId, UnionId, new_fund, new_step
from ledger.domain.kernel import Aggregate, Code, Fen, Office, Refused, standing
from ledger.domain.rights import (
    Doing,
    Handover,
    HelpKind,
    LetterKind,
    Objection,
    Outcome,
    Proof,
    Reopening,
    Revision,
    RightsCase,
    Said,
    ShareRecovered,
)
from ledger.procedures import casework
from tests.pair import BASIS, Pair, close, open_pair
from tests.test_casework import RIGHTS, THERE, opened, paid, yuan
from tests.world import World

Side = tuple[World, UnionId]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = open_pair(tmp_path).agree(RIGHTS)
    yield made
    close(made)


def joint(pair: Pair, claimants: int = 2) -> CaseId:
    """A case that both sides work on."""
    people = [pair.home.worker() for _ in range(claimants)]
    case = opened(pair.home, pair.village, people, place=THERE, basis=BASIS)
    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        casework.ask_help(entry, case, HelpKind.JOIN, pair.street)
    pair.sync()
    with pair.host.entry(pair.street, Office.LIAISON) as entry:
        casework.record(entry, case, lambda told: told.join(entry.act))
    pair.sync()
    return case


def same(reader: Reader, cls: type[Aggregate], stream: str) -> None:
    """The kept fold, folded on, is the whole history folded anew."""
    history = reader.history(stream)
    anew = cls.of(history)
    anew.version = sum(fact.origin == reader.ledger.origin for fact in history)
    assert vars(reader.find(cls, stream)) == vars(anew)


def apart(reader: Reader, cls: type[Aggregate], stream: str) -> None:
    """Whoever folds on a copy changes nothing of what it is a copy of."""
    thing = cls()
    for fact in standing(reader.history(stream)):
        before, following = deepcopy(vars(thing)), thing.copy()
        following.after(fact)
        assert vars(thing) == before
        thing = following


# ── whatever both sides do, in whatever order it is read ─────────────────────────────────────


def _talk(world: World, union: UnionId, case: CaseId, at: int) -> None:
    with world.entry(union, Office.LEGAL) as entry:
        casework.record(entry, case, lambda told: told.take_step(entry.act, Doing.TALKED))


def _revise(world: World, union: UnionId, case: CaseId, at: int) -> None:
    with world.entry(union, Office.LEGAL) as entry:
        casework.record(entry, case, lambda told: told.revise(
            entry.act, sorted(told.claims)[at % 2], yuan(1000 + at), Revision.EVIDENCE
        ))  # fmt: skip


def _withdraw(world: World, union: UnionId, case: CaseId, at: int) -> None:
    with world.entry(union, Office.LEGAL) as entry:
        casework.record(
            entry, case, lambda told: told.withdraw_claim(entry.act, sorted(told.claims)[at % 2])
        )


def _pay(world: World, union: UnionId, case: CaseId, at: int) -> None:
    paid(world, union, case, at)


def _receive(world: World, union: UnionId, case: CaseId, at: int) -> None:
    with world.entry(union, Office.REVIEWER) as entry:
        told = entry.read(RightsCase, case)
        recovery = next(iter(told.recoveries), StepId("stp_none"))
        person = sorted(told.claims)[at % 2]
        casework.receive(entry, case, recovery, [person], Proof.CALL)


def _deny(world: World, union: UnionId, case: CaseId, at: int) -> None:
    with world.entry(union, Office.LEGAL) as entry:
        casework.record(entry, case, lambda told: told.deny(
            entry.act, next(iter(told.recoveries), StepId("stp_none")), min(told.claims)
        ))  # fmt: skip


def _call(world: World, union: UnionId, case: CaseId, at: int) -> None:
    with world.entry(union, Office.LEGAL) as entry:
        casework.record(entry, case, lambda told: [
            told.call_back(entry.act, person, reached=True, said=Said.PARTLY)
            for person in sorted(told.claims)
        ])  # fmt: skip


def _close(world: World, union: UnionId, case: CaseId, at: int) -> None:
    with world.entry(union, Office.LEGAL) as entry:
        casework.record(entry, case, lambda told: told.close(
            entry.act, new_step(), Outcome.RECOVERED_IN_FULL
        ))  # fmt: skip


def _dispute(world: World, union: UnionId, case: CaseId, at: int) -> None:
    with world.entry(union, Office.LEGAL) as entry:
        casework.record(entry, case, lambda told: told.dispute(entry.act, Objection.AMOUNT_DIFFERS))


def _reopen(world: World, union: UnionId, case: CaseId, at: int) -> None:
    with world.entry(union, Office.LEGAL) as entry:
        casework.record(entry, case, lambda told: told.reopen(entry.act, Reopening.STILL_OWED))


def _write(world: World, union: UnionId, case: CaseId, at: int) -> None:
    with world.entry(union, Office.LEGAL) as entry:
        casework.send_letter(entry, case, LetterKind.OFFICIAL, "荣光物流", Code(f"函{at}"))


def _hand_over(world: World, union: UnionId, case: CaseId, at: int) -> None:
    with world.entry(union, Office.LIAISON) as entry:
        told = entry.read(RightsCase, case)
        to = next((each for each in told.sides if each != union), union)
        casework.offer_lead(entry, case, to, Handover.AGREED)


def _accept(world: World, union: UnionId, case: CaseId, at: int) -> None:
    with world.entry(union, Office.LIAISON) as entry:
        offer = entry.read(RightsCase, case).offer
        if offer is not None:
            casework.accept_lead(entry, case, offer.id)


def _correct(world: World, union: UnionId, case: CaseId, at: int) -> None:
    """A share of ours turns out to have been another amount, or none."""
    with world.ledger.reading() as reader:
        facts = reader.history(case)
    done = {fact.corrects for fact in facts if fact.origin == world.origin}
    ours = [
        fact
        for fact in facts
        if fact.origin == world.origin
        and isinstance(fact.event, ShareRecovered)
        and fact.position not in done
    ]
    if not ours:
        return
    second = world.officer(union, Office.REVIEWER)
    with world.entry(union, Office.LEGAL) as entry:
        fact = ours[at % len(ours)]
        if at % 2:
            procedures.annul(entry, fact.position, Why.NOT_SO, "没有这一笔", confirmed_by=second)
        else:
            procedures.correct(
                entry, fact.position, {"wages": Fen(at)}, Why.MISTYPED, "录错", confirmed_by=second
            )


ACTS: list[Callable[[World, UnionId, CaseId, int], None]] = [
    _talk, _revise, _withdraw, _pay, _pay, _receive, _deny, _call, _close, _dispute, _reopen,
    _write, _hand_over, _accept, _correct,
]  # fmt: skip
STEPS = st.lists(
    st.tuples(st.sampled_from(ACTS), st.booleans(), st.integers(1, 900), st.booleans()),
    max_size=14,
)


@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # one pair of ledgers for all examples: each has a case of its own
@given(STEPS)
def test_a_case_folded_on_is_the_case_folded_anew_on_both_sides(
    pair: Pair, steps: list[tuple[Callable[..., None], bool, int, bool]]
) -> None:
    case = joint(pair)
    sides: dict[bool, Side] = {True: (pair.home, pair.village), False: (pair.host, pair.street)}
    for act, home, at, exchanged in steps:
        with suppress(Refused):
            act(*sides[home], case, at)
        if exchanged:
            pair.sync()
        for world, _ in sides.values():
            with world.ledger.reading() as reader:
                same(reader, RightsCase, case)
    for world, _ in sides.values():
        with world.ledger.reading() as reader:
            apart(reader, RightsCase, case)
            now = replay.case(reader, case, as_of=world.today).state
            for as_known in (False, True):
                told = replay.case_steps(reader, case, as_known=as_known)
                assert told[-1].state == now


def test_a_lead_handed_over_is_folded_on_by_both(pair: Pair) -> None:
    case = joint(pair)
    _hand_over(pair.home, pair.village, case, 1)
    pair.sync()
    _accept(pair.host, pair.street, case, 1)
    pair.sync()
    for world in (pair.home, pair.host):
        with world.ledger.reading() as reader:
            lead = reader.find(RightsCase, case).lead
            assert lead is not None
            assert lead.union == pair.street
            same(reader, RightsCase, case)
            apart(reader, RightsCase, case)


# ── who asks ─────────────────────────────────────────────────────────────────────────────────


def test_whoever_reads_an_older_state_of_the_ledger_is_told_that_one(pair: Pair) -> None:
    case = joint(pair)
    with pair.home.ledger.reading() as earlier:
        before = earlier.history(case)  # its view of the ledger begins here
        _pay(pair.home, pair.village, case, 100)
        with pair.home.ledger.reading() as now:
            assert now.find(RightsCase, case).all_recovered == yuan(100)

        assert len(earlier.history(case)) == len(before)
        assert not earlier.find(RightsCase, case).all_recovered
    with pair.home.ledger.reading() as reader:
        same(reader, RightsCase, case)


def test_what_one_visit_does_to_a_thing_is_not_seen_by_another(pair: Pair) -> None:
    case = joint(pair)
    with suppress(RuntimeError), pair.home.entry(pair.village, Office.LEGAL) as entry:
        told = entry.read(RightsCase, case)
        entry.write(told.revise(entry.act, min(told.claims), yuan(7), Revision.EVIDENCE))
        assert told.claims[min(told.claims)].asked == yuan(7)
        raise RuntimeError("the line went dead")

    with pair.home.ledger.reading() as reader:
        told = reader.find(RightsCase, case)
        assert told.claims[min(told.claims)].asked == yuan(1000)
        same(reader, RightsCase, case)


def test_a_fund_is_folded_on(pair: Pair) -> None:
    fund = new_fund()
    with pair.home.entry(pair.home.root, Office.CHAIR) as entry:
        entry.write(Fund.open(entry.act, fund, pair.home.root, "帮扶资金", Source.OWN))
    for _ in range(3):
        with pair.home.entry(pair.home.root, Office.ACCOUNTANT) as entry:
            procedures.credit(entry, fund, Fen(500))
        with pair.home.ledger.reading() as reader:
            same(reader, Fund, fund)
            assert reader.find(Fund, fund).balance == 500 * (reader.find(Fund, fund).version - 1)
