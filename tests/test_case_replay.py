"""Replay of a case: as at, as known on, step by step, between two moments; and what it sums up to."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from ledger import procedures, replay
from ledger.book import NotFound
from ledger.domain.corrections import Why
from ledger.domain.ids import CaseId, PersonId, new_case
from ledger.domain.kernel import Fen, Office
from ledger.domain.rights import CaseState, HelpKind, Payer, Reopening
from ledger.procedures import casework
from ledger.projections import arrears
from ledger.replay import CaseFile
from tests.pair import BASIS, Pair, close, open_pair
from tests.test_casework import RIGHTS, THERE, closed, opened, paid, yuan
from tests.world import World

OPENED, PAID, CLOSED, LATER = (date(2026, 3, day) for day in (2, 4, 11, 20))


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = open_pair(tmp_path).agree(RIGHTS)
    yield made
    close(made)


def lived(pair: Pair) -> tuple[CaseId, list[PersonId]]:
    """Opened, joined; 600 come on the spot and are entered two days late; the rest; closed; again."""
    people = [pair.member("韦秀英")[0], pair.member("蓝志强")[0]]
    case = opened(pair.home, pair.village, people, place=THERE, basis=BASIS)
    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        casework.ask_help(entry, case, HelpKind.JOIN, pair.street)
    pair.sync()
    with pair.host.entry(pair.street, Office.LIAISON) as entry:
        casework.record(entry, case, lambda told: told.join(entry.act))
    pair.home.time.to(date(2026, 3, 6))
    paid(pair.home, pair.village, case, 600, on=PAID)
    pair.home.time.to(CLOSED)
    pair.sync()
    closed(pair, case, people)
    pair.home.time.to(LATER)
    with pair.home.entry(pair.village, Office.LEGAL) as entry:
        casework.record(
            entry, case,
            lambda told: told.reopen(entry.act, Reopening.OWED_AGAIN, people[0], "三月又拖欠"),
        )  # fmt: skip
    pair.sync()
    return case, people


def file(
    world: World, case: CaseId, as_of: date | None = None, known_on: date | None = None
) -> CaseFile:
    with world.ledger.looking(world.look()) as reader:
        return replay.case(reader, case, as_of=as_of, known_on=known_on)


def test_the_file_of_today_and_a_replay_of_all_records_say_the_same(pair: Pair) -> None:
    case, people = lived(pair)

    for world in (pair.home, pair.host):
        now, folded = file(world, case), file(world, case, as_of=world.today)
        assert now.state == folded.state
        assert [line.ref for line in now.lines] == [line.ref for line in folded.lines]
        assert now.state.state is CaseState.RECOVERING
        assert now.state.totals.recovered == yuan(2600)
        with world.ledger.reading() as reader:
            rows = arrears.sheet(reader.conn, world.origin, case).rows
            told = replay.claimants(reader, case)
        assert [(r.person, r.recovered, r.open) for r in rows] == [
            (c.person, c.recovered, c.open) for c in told
        ]
        assert {r.person for r in rows} == set(people)


def test_a_case_paid_in_full_is_in_one_state_on_the_board_and_in_the_replay(pair: Pair) -> None:
    people = [pair.member("韦秀英")[0], pair.member("蓝志强")[0]]
    case = opened(pair.home, pair.village, people)
    paid(pair.home, pair.village, case, 2000)

    now, folded = file(pair.home, case), file(pair.home, case, as_of=pair.home.today)

    assert now.state == folded.state
    assert now.state.totals.paid_in_full == len(people)


def test_as_at_a_day_and_as_known_on_it_are_two_questions(pair: Pair) -> None:
    case, _ = lived(pair)

    as_at = file(pair.home, case, as_of=PAID).state
    as_known = file(pair.home, case, as_of=PAID, known_on=PAID).state

    assert (as_at.totals.recovered, as_at.state) == (yuan(600), CaseState.RECOVERING)
    assert (as_known.totals.recovered, as_known.state) == (yuan(0), CaseState.OPEN)
    assert file(pair.home, case, as_of=CLOSED).state.state is CaseState.CLOSED
    assert file(pair.home, case, as_of=OPENED).state.totals.open == yuan(2000)
    assert file(pair.home, case, as_of=date(2026, 1, 1)).state.state is None


def test_step_by_step_each_record_of_the_whole_and_the_state_after_it(pair: Pair) -> None:
    case, _ = lived(pair)

    with pair.home.ledger.looking(pair.home.look()) as reader:
        steps = replay.case_steps(reader, case)
        known = replay.case_steps(reader, case, as_known=True)

    kinds = [step.line.kind for step in steps]
    assert kinds == [
        "CaseOpened", "HelpAsked", "CaseJoined", "RecoveryRecorded", "RecoveryRecorded",
        "CaseClosed", "CaseReopened",
    ]  # fmt: skip
    assert [step.state.totals.recovered for step in steps[2:5]] == [yuan(0), yuan(600), yuan(2600)]
    assert [step.state.state for step in steps[-2:]] == [CaseState.CLOSED, CaseState.RECOVERING]
    assert steps[0].state.totals.claimants == 2
    assert sorted(step.line.kind for step in known) == sorted(kinds)
    assert "韦秀英" in steps[-1].line.text


def test_between_two_moments_what_is_different_and_why(pair: Pair) -> None:
    case, _ = lived(pair)

    with pair.home.ledger.looking(pair.home.look()) as reader:
        found = replay.case_between(reader, case, (PAID, PAID), (CLOSED, None))

    assert ("状态", "办理中", "已结案") in found.changes
    assert ("追回合计", "0.00元", "2,600.00元") in found.changes
    assert {line.line.kind: line.why for line in found.lines}["RecoveryRecorded"] == "后来登记"


def test_the_claimants_own_file_tells_of_her_case_and_of_nobody_elses(pair: Pair) -> None:
    _, (first, second) = lived(pair)

    with pair.host.ledger.looking(pair.host.look()) as reader:
        lines = replay.worker(reader, first).lines

    told = [line.text for line in lines if line.kind == "ShareRecovered"]
    assert told == ["到账工资300.00元", "到账工资1,000.00元"]
    assert not any(second in line.text for line in lines)


def test_a_corrected_amount_stands_beside_the_old_one_in_yuan(pair: Pair) -> None:
    case, (first, _) = lived(pair)
    with pair.home.ledger.reading() as reader:
        share = next(o.position for o in reader.records(case) if o.kind == "ShareRecovered")
    checker = pair.home.officer(pair.village, Office.REVIEWER)
    with pair.home.entry(pair.village) as entry:
        procedures.correct(
            entry, share, {"wages": Fen(299_99)}, Why.MISTYPED, "多录一分",
            confirmed_by=checker,
        )  # fmt: skip

    with pair.home.ledger.looking(pair.home.look()) as reader:
        lines = replay.worker(reader, first).lines

    changed = [(c.field, c.old, c.new) for line in lines for c in line.changes]
    assert ("工资", "300.00元", "299.99元") in changed


def test_what_does_not_exist_is_not_replayed(pair: Pair) -> None:
    with pair.home.ledger.reading() as reader:
        with pytest.raises(NotFound):
            replay.case(reader, new_case())
        with pytest.raises(NotFound):
            replay.case(reader, new_case(), as_of=OPENED)


def test_a_day_before_a_recovery_was_known_shows_nothing_of_it(pair: Pair) -> None:
    case, people = lived(pair)
    with pair.home.entry(pair.village, Office.STATION) as entry:
        casework.recover(entry, case, {people[0]: yuan(5)}, Payer.DEPOSIT)

    before = file(pair.home, case, known_on=CLOSED).state

    assert [p.recovery.amount for p in before.payments] == [yuan(600), yuan(2000)]
