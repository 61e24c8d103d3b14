"""The table of attacks, row by row: who would deceive, and where each way to do it is caught.

`ATTACKS` names for every row of the table in `docs/concepts/proof.md` what catches it and the tests
that show it; those that need no more than a few lines stand here.
"""

import ast
import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from ledger import procedures
from ledger.book import Conflict
from ledger.domain.ids import MembershipId, TransferId, new_person, officer_of
from ledger.domain.kernel import Office
from ledger.domain.membership import OfferAnswered
from ledger.domain.offices import OfficerAppointed, OfficerRelieved, Offices
from ledger.exchange.giving import Giving
from ledger.exchange.reading import Reading
from ledger.exchange.wire import RolledBack
from ledger.exchange.witnessing import attest, introduce
from ledger.journal import alarms, checkpoints, fsck
from ledger.journal.keys import Role
from ledger.journal.merkle import Frontier, leaf_hash
from ledger.journal.notes import Checkpoint, Note, verify
from ledger.journal.record import Record, instant
from ledger.journal.signing import LedgerBehind
from ledger.journal.tables import checkpoint, head, record, vouched
from ledger.journal.witness import Request
from tests.pair import Pair, close, open_pair
from tests.world import World, open_province

HERE = Path(__file__).parent
TABLE = HERE.parent / "docs/concepts/proof.md"

ATTACKS: dict[str, Sequence[str]] = {
    "a row edited, inserted, deleted or reordered in the database": (
        "test_attacks.py::test_a_row_touched_in_the_database_is_named_by_its_position",
        "journal/test_fsck.py::test_one_byte_of_a_record",
        "journal/test_fsck.py::test_a_column_that_is_no_longer_a_copy",
        "journal/test_fsck.py::test_a_row_that_was_deleted",
        "journal/test_fsck.py::test_a_row_that_was_inserted_at_the_end",
        "journal/test_fsck.py::test_two_rows_that_were_swapped",
    ),
    "a partner's records rewritten in our mirror, with every hash": (
        (
            "journal/test_fsck.py::test_a_mirror_rewritten_with_all_its_hashes_goes_against_our_"
            "own_reading"
        ),
        "journal/test_fsck.py::test_a_mirror_cut_off_with_its_head_goes_against_our_own_reading",
    ),
    "a journal rewritten with its signing key": (
        "test_witnessing.py::test_a_journal_rewritten_with_its_own_key_is_refused_and_kept_as_proof",
        "journal/test_witness.py::test_what_does_not_follow_is_refused_and_kept",
    ),
    "a record withheld, reordered or repeated in the channel": (
        "test_exchange.py::test_a_page_that_is_not_what_it_should_be_applies_nothing",
    ),
    "different records shown to two partners under one position": (
        (
            "test_remote.py::test_different_records_under_one_position_are_found_though_the_"
            "partner_committed_to_both"
        ),
    ),
    "two histories shown to two readers": (
        "test_attacks.py::test_two_histories_shown_to_two_readers_prove_the_deceit",
        "test_exchange.py::test_two_histories_of_one_size_are_told",
    ),
    "a record dated back": (
        "test_attacks.py::test_what_is_dated_back_stands_between_two_cosigned_sizes",
        "journal/test_recorder.py::test_time_never_goes_back",
    ),
    "a transfer accepted twice": (
        "test_attacks.py::test_a_transfer_accepted_twice_moves_once",
        "domain/test_custody.py::test_in_no_state_are_there_two_holders_or_none",
    ),
    "a voucher shown twice, in a third province, after its term, or made up": (
        "test_vouchers.py::test_shown_twice_it_is_refused_the_second_time",
        "test_vouchers.py::test_shown_to_two_unions_of_a_province_one_has_taken_it",
        "test_vouchers.py::test_in_a_third_province_it_is_refused",
        "test_vouchers.py::test_after_its_term_it_is_dead_in_both_provinces",
        "test_vouchers.py::test_after_a_lapse_or_a_withdrawal_it_is_dead",
        "test_vouchers.py::test_a_voucher_signed_by_another_key_is_refused",
        "test_vouchers.py::test_with_a_stolen_key_one_still_needs_a_record_of_the_journal",
        "journal/test_vouchers.py::test_no_bit_of_it_can_be_turned",
    ),
    "aid taken for one need in both provinces": (
        "projections/test_disbursement_audit.py::test_both_provinces_find_the_same_after_days_apart",
    ),
    "an old backup restored": (
        "test_attacks.py::test_a_restored_old_backup_is_read_and_not_written",
        "test_exchange.py::test_a_shorter_channel_is_a_rollback_where_it_is_how_ours_began",
        "test_witnessing.py::test_a_witness_that_shows_our_own_later_signature_stops_us",
    ),
    "an administrator who appoints, acts and dismisses": (
        "test_attacks.py::test_who_appoints_acts_and_dismisses_leaves_three_records",
    ),
    "hostile bytes": (
        "test_fuzzing.py::test_outside_bytes_are_read_or_refused_in_our_words",
        "api/test_fuzzing.py::test_no_answer_is_our_fault",
    ),
}


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    opened = open_pair(tmp_path).agree()
    yield opened
    close(opened)


# ── the table ──


def test_every_row_of_the_table_names_a_test_that_is_there() -> None:
    section = TABLE.read_text("utf-8").partition("## Attacks")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+?) \|", section, re.MULTILINE)[2:]  # heading and rule

    assert rows == list(ATTACKS)
    for shown in ATTACKS.values():
        for each in shown:
            file, _, name = each.partition("::")
            functions = ast.walk(ast.parse((HERE / file).read_text("utf-8")))
            assert name in {f.name for f in functions if isinstance(f, ast.FunctionDef)}, each


# ── in one ledger ──


def _records(world: World) -> list[Record]:
    with world.ledger.database.reading() as conn:
        return world.ledger.recorder.page(conn, 0, 10_000)


def _edited(world: World, at: int) -> None:
    body = _records(world)[at - 1].body
    _set(world, at, body=body[:-2] + b" }")


def _deleted(world: World, at: int) -> None:
    with world.ledger.database.writing() as conn:
        conn.execute(delete(record).where(*_place(world, at)))


def _inserted(world: World, at: int) -> None:
    last = _records(world)[-1]
    with world.ledger.database.writing() as conn:
        conn.execute(insert(record).values({**last._asdict(), "position": at, "version": 99}))


def _reordered(world: World, at: int) -> None:
    one, other = _records(world)[at - 1 : at + 1]
    moved = ("stream", "version", "kind", "header", "body", "leaf")
    _set(world, at, stream="aside")
    _set(world, at + 1, **{name: getattr(one, name) for name in moved})
    _set(world, at, **{name: getattr(other, name) for name in moved})


def _set(world: World, at: int, **values: Any) -> None:
    with world.ledger.database.writing() as conn:
        conn.execute(update(record).where(*_place(world, at)).values(values))


def _place(world: World, at: int) -> tuple[Any, ...]:
    return record.c.origin == world.origin, record.c.position == at


@pytest.mark.parametrize("touch", [_edited, _deleted, _inserted, _reordered])
def test_a_row_touched_in_the_database_is_named_by_its_position(pair: Pair, touch: Any) -> None:
    pair.member()
    end = len(_records(pair.home))
    at = end + 1 if touch is _inserted else end // 2

    touch(pair.home, at)

    first = fsck.check(pair.home.ledger.database, pair.home.origin).first
    assert first is not None
    assert (first.log, first.position) == (pair.home.origin, at)


def test_who_appoints_acts_and_dismisses_leaves_three_records(pair: Pair) -> None:
    home, accomplice = pair.home, new_person()
    worker = home.worker()
    membership = home.apply(worker, pair.village)
    begun = len(_records(home))

    with home.procedure(pair.village) as entry:
        entry.write(
            Offices().appoint(entry.act, accomplice, pair.village, Office.APPROVER, line=[])
        )
    home._officers[pair.village, Office.APPROVER] = accomplice
    home.approve(membership, pair.village)
    with home.procedure(pair.village) as entry:
        held = entry.offices_of(accomplice)
        entry.write(held.relieve(entry.act, accomplice, pair.village, Office.APPROVER, line=[]))

    left = [one for one in _records(home)[begun:] if one.stream != pair.village]
    assert [one.kind for one in left] == ["OfficerAppointed", "MemberEnrolled", "OfficerRelieved"]
    with home.ledger.reading() as reader:
        told = [type(fact.event) for fact in reader.history(officer_of(accomplice))]
        enrolled = reader.history(membership)[-1]
    assert told == [OfficerAppointed, OfficerRelieved]
    assert enrolled.officer == accomplice
    with home.ledger.database.writing() as conn:  # and the appointment is taken out of the books
        conn.execute(delete(record).where(record.c.stream == officer_of(accomplice)))
    report = fsck.check(home.ledger.database, home.origin)
    assert {fault.position for fault in report.faults} >= {left[0].position, left[2].position}


# ── towards the partner ──


def _rewritten(world: World) -> None:
    """The keeper changes the first record, every hash above it, and the signer's own memory."""
    ledger = world.ledger
    with ledger.database.writing() as conn:
        leaves = [one.leaf for one in ledger.recorder.page(conn, 0, 10_000)]
        leaves[0] = leaf_hash(b"another beginning")
        conn.execute(update(record).where(*_place(world, 1)).values(leaf=leaves[0]))
        tree = Frontier().extend(leaves)
        conn.execute(
            update(head).where(head.c.log == world.origin).values(frontier=tree.to_bytes())
        )
        for table in (vouched, checkpoint):
            conn.execute(delete(table).where(table.c.log == world.origin))
    ledger.signer._write(tree)
    ledger.recorder._head = None


def test_two_histories_shown_to_two_readers_prove_the_deceit(pair: Pair, tmp_path: Path) -> None:
    third = open_province(tmp_path, "43", time=pair.home.time)
    introduce(pair.home.ledger, third.ledger)
    introduce(pair.host.ledger, third.ledger)

    _rewritten(pair.home)
    attest(pair.home.ledger, [third.ledger.witness])  # who has seen nothing yet, and believes it

    shown = third.ledger.witness.latest(pair.home.origin)
    known = pair.host.ledger.witness.latest(pair.home.origin)
    assert shown is not None
    assert known is not None
    notes = [Note.parse(each) for each in (shown, known)]
    one, other = (Checkpoint.parse(note.text) for note in notes)
    assert one.size == other.size
    assert one.root != other.root
    for note in notes:  # both under the province's own key: whoever has that key can see it
        assert verify(note, pair.home.ledger.signer.keys.public(Role.LOG))
    answer = pair.host.ledger.witness.add_checkpoint(Request(other.size, (), notes[0]).to_bytes())
    assert answer.status == 422
    with pair.host.ledger.database.reading() as conn:
        (kept,) = alarms.contradictions(conn, pair.home.origin)
    assert (kept.size, Request.parse(kept.shown).note.text) == (other.size, notes[0].text)
    third.ledger.close()


def test_what_is_dated_back_stands_between_two_cosigned_sizes(pair: Pair) -> None:
    home = pair.home
    home.time.to(date(2026, 3, 20))
    home.union("此前成立的工会")
    pair.sync()
    before, cosigned_before = len(_records(home)), home.time.at
    home.time.to(date(2026, 3, 27))
    home.time.at -= timedelta(days=14)  # the keeper sets the clock back too

    person = home.worker(on=date(2026, 1, 5))
    home.time.to(date(2026, 3, 30))
    pair.sync()

    with home.ledger.reading() as reader:
        (fact,) = reader.history(person)
        (one,) = reader.records(person)
        states = checkpoints.states(reader.conn, home.origin, [before, one.position])
    assert fact.on == date(2026, 1, 5)  # what the officer says
    assert fact.at is not None
    assert one.position > before
    (not_before,), (not_after,) = (states[at].witnessed for at in (before, one.position))
    assert not_before.at >= cosigned_before - timedelta(seconds=2)
    assert not_before.at < not_after.at
    last = json.loads(_records(home)[before - 1].header)
    assert fact.at >= instant(last["at"])  # time never sinks in a journal


def test_a_transfer_accepted_twice_moves_once(pair: Pair) -> None:
    _, membership = pair.member()
    offer = pair.offer(membership)
    pair.host_reads()
    late = Reading(pair.home.ledger, pair.to_home)

    with pytest.raises(Conflict):
        _accepted_by_two_at_once(pair, membership, offer)
    with pytest.raises(OfferAnswered):
        pair.accept(membership, offer)
    pair.home_reads()
    assert late.once() == 0  # who read the same page beside finds it applied
    pair.sync()
    pair.sync()

    kinds = [one.kind for world in (pair.home, pair.host) for one in _records(world)]
    for kind in ("TransferAccepted", "MembershipReleased", "MembershipReceived"):
        assert kinds.count(kind) == 1
    assert pair.holders(membership) == (pair.host.origin, pair.host.origin)


def _accepted_by_two_at_once(pair: Pair, membership: MembershipId, offer: TransferId) -> None:
    with pair.host.entry(pair.street, Office.LIAISON) as entry:
        procedures.accept(entry, membership, offer)
        pair.accept(membership, offer)  # by another clerk, while this one looks at it


def test_a_restored_old_backup_is_read_and_not_written(pair: Pair, tmp_path: Path) -> None:
    file = Path(str(pair.home.ledger.database.url.database))
    copy = tmp_path / "old.sqlite"
    with closing(sqlite3.connect(file)) as live, closing(sqlite3.connect(copy)) as backup:
        live.backup(backup)
    pair.offer(pair.member()[1])
    pair.sync()
    pair.home.ledger.close()
    for each in tmp_path.glob(f"{file.name}*"):
        each.unlink()
    copy.rename(file)

    again = open_province(tmp_path, "45", time=pair.home.time, begun=pair.home)

    with pytest.raises(LedgerBehind), again.ledger.entry(pair.home.act(pair.home.root)):
        pass
    with pytest.raises(RolledBack):
        Reading(pair.host.ledger, Giving(again.ledger, pair.host.origin)).once()
    again.ledger.close()
