"""What the recorder promises beyond the library's cases: order, hashes, unique facts, commands."""

import hashlib
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from eventsourcing.persistence import (
    IntegrityError,
    OperationalError,
    StoredEvent,
    Tracking,
)
from sqlalchemy import Connection, event, select, text

from ledger.clock import Clock
from ledger.journal import canonical, recorder
from ledger.journal.database import Database, Statement
from ledger.journal.merkle import Frontier, leaf_hash, root_at
from ledger.journal.record import Particulars, Record
from ledger.journal.recorder import (
    ClaimHeld,
    Command,
    Head,
    JournalRecorder,
    LogReader,
    Moved,
    Repeated,
    Visit,
    claimed,
    make_head,
    max_position,
    read_head,
    remembered,
    tracked,
)
from ledger.journal.tables import claim, metadata, record, sealed, token

ORIGIN = "liangdi.example/guangxi"
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


@pytest.fixture
def journal(database: Database) -> JournalRecorder:
    return on(database)


def on(database: Database, origin: str = ORIGIN) -> JournalRecorder:
    with database.writing() as conn:
        make_head(conn, origin)
    return JournalRecorder(database, origin, Clock())


def one(stream: str = "s", version: int = 1, body: bytes = b"{}") -> StoredEvent:
    return StoredEvent(stream, version, "Noted", body)


def many(count: int, stream: str = "s", after: int = 0) -> list[StoredEvent]:
    return [one(stream, after + n) for n in range(1, count + 1)]


def visit(
    *particulars: Particulars, at: datetime = NOON, entry: str = "ent_x", **more: Any
) -> Visit:
    return Visit(particulars, at, entry, **more)


def takes(*keys: str, rule: str = "AlreadyAMember") -> Particulars:
    return Particulars(takes=[(rule, key) for key in keys])


def frees(key: str | None, rule: str = "AlreadyAMember") -> Particulars:
    return Particulars(frees=[(rule, key)])


def records(journal: JournalRecorder) -> list[Record]:
    with journal.database.reading() as conn:
        return journal.page(conn, 0, 100_000)


def sound(journal: JournalRecorder) -> bool:
    """Whether positions are gapless and the head is the tree over what is stored."""
    with journal.database.reading() as conn:
        head = read_head(conn, journal.origin)
        stored = journal.page(conn, 0, 1_000_000)
        return (
            [each.position for each in stored] == list(range(1, head.frontier.size + 1))
            and all(each.leaf == leaf_hash(each.bytes) for each in stored)
            and head.frontier == Frontier().extend([each.leaf for each in stored])
            and root_at(LogReader(conn, journal.origin), head.frontier.size) == head.frontier.root()
            and max_position(conn, journal.origin) == head.frontier.size
        )


# ── the record, to the byte ──────────────────────────────────────────────────────────────────


def test_a_record_is_written_to_the_byte(journal: JournalRecorder) -> None:
    header = {
        "on": "2026-03-01", "officer": "per_a", "union": "uni_a", "office": "clerk",
        "decided_by": {"who": "uni_b", "office": "approver", "paper": "桂工〔2026〕12号"},
        "evidence": ["ab" * 32], "late": "typed_up", "correlation": "imp_a", "corrects": 7,
        "causation": "liangdi.example/guangdong#9",
    }  # fmt: skip

    journal.insert_events(
        [StoredEvent("mem_a", 1, "MemberEnrolled", b'{"membership":"mem_a"}')],
        visit=visit(Particulars(header)),
    )

    (stored,) = records(journal)
    assert stored.bytes.decode() == (
        '{"at":"2026-03-02T04:00:00.000000Z","causation":"liangdi.example/guangdong#9",'
        '"corrects":7,"correlation":"imp_a","decided_by":{"office":"approver",'
        '"paper":"桂工〔2026〕12号","who":"uni_b"},"entry":"ent_x","evidence":['
        '"abababababababababababababababababababababababababababababababab"],'
        '"kind":"MemberEnrolled","late":"typed_up","office":"clerk","officer":"per_a",'
        '"on":"2026-03-01","origin":"liangdi.example/guangxi","part":[1,1],"position":1,'
        '"stream":"mem_a","union":"uni_a","version":1}\n{"membership":"mem_a"}'
    )
    assert stored.leaf == hashlib.sha256(b"\x00" + stored.bytes).digest()
    assert stored.leaf.hex() == ("a3127063b4744f4694f48915943cd80d8392f5b6350d7600ff25d047dfc57d81")
    assert stored.ref == "liangdi.example/guangxi#1"


def test_the_parts_of_an_entry_know_their_place(journal: JournalRecorder) -> None:
    journal.insert_events(many(3), visit=visit(*[Particulars()] * 3, entry="ent_y"))

    headers = [canonical.decode(each.header) for each in records(journal)]

    assert [header["part"] for header in headers] == [[1, 3], [2, 3], [3, 3]]
    assert {header["entry"] for header in headers} == {"ent_y"}


@pytest.mark.parametrize("count", [1, 2, 30])
def test_a_record_that_is_too_long_is_refused(journal: JournalRecorder, count: int) -> None:
    body = canonical.encode({"text": "x" * 65_500})
    events = [*many(count - 1, "other"), one("long", 1, body)]

    with pytest.raises(canonical.NotCanonical):
        journal.insert_events(events)

    assert records(journal) == []
    assert journal.insert_events([one()]) == [1]


def test_a_paper_number_that_is_not_in_nfc_is_refused(journal: JournalRecorder) -> None:
    header = {"decided_by": {"who": "uni_b", "office": "chair", "paper": "e\u0301"}}

    with pytest.raises(canonical.NotCanonical):
        journal.insert_events([one()], visit=visit(Particulars(header)))


# ── positions, versions, time ────────────────────────────────────────────────────────────────


def test_positions_have_no_gap_whatever_fails_in_between(journal: JournalRecorder) -> None:
    positions: list[int] = []
    for n in range(1, 40):
        positions += journal.insert_events([one(f"s{n}")]) or ()
        with pytest.raises(IntegrityError):
            journal.insert_events([one(f"s{n}")])
        with pytest.raises(IntegrityError):
            journal.insert_events([*many(n, f"t{n}"), one(f"s{n}")])
        positions += journal.insert_events(many(n, f"u{n}")) or ()

    assert positions == list(range(1, len(positions) + 1))
    assert sound(journal)


def test_one_entry_writes_to_several_streams_or_to_none(journal: JournalRecorder) -> None:
    journal.insert_events([one("a", 1), one("b", 1), one("a", 2)])

    with pytest.raises(IntegrityError):
        journal.insert_events([one("a", 3), one("b", 1)])

    assert [(each.stream, each.version) for each in records(journal)] == [
        ("a", 1), ("b", 1), ("a", 2),
    ]  # fmt: skip


def test_time_never_goes_back(journal: JournalRecorder) -> None:
    for n, minutes in enumerate((0, 5, -60, 6), 1):
        journal.insert_events(
            [one(f"s{n}")], visit=visit(Particulars(), at=NOON + timedelta(minutes=minutes))
        )
    journal.insert_events(many(30), visit=visit(*[Particulars()] * 30, at=NOON))

    told = [canonical.decode(each.header)["at"] for each in records(journal)]

    assert told == sorted(told)
    assert told[1] == told[2] == "2026-03-02T04:05:00.000000Z"


def test_journals_in_one_database_do_not_touch_each_other(database: Database) -> None:
    one_, other = on(database, "a.example"), on(database, "b.example")

    for n in range(1, 20):
        assert one_.insert_events([one("s", n)]) == [n]
        assert other.insert_events([one("s", n)]) == [n]

    assert sound(one_)
    assert sound(other)


def test_a_journal_that_was_never_begun_takes_nothing(database: Database) -> None:
    stranger = JournalRecorder(database, "nobody.example", Clock())

    for events in ([one()], many(2), many(30)):
        with pytest.raises(OperationalError, match="no head"):
            stranger.insert_events(events)

    assert records(stranger) == []


# ── the head, seen by several ────────────────────────────────────────────────────────────────


def test_two_processes_that_take_turns_miss_and_find_the_head(
    journal: JournalRecorder, ledger_url: str
) -> None:
    beside = Database(ledger_url)
    other = JournalRecorder(beside, ORIGIN, Clock())

    for n in range(1, 300):
        assert (journal, other)[n % 2].insert_events([one("s", n)]) == [n]
    beside.close()

    assert sound(journal)


def test_a_head_that_was_rolled_back_is_not_built_upon(
    journal: JournalRecorder, ledger_url: str
) -> None:
    journal.insert_events([one("a")])
    beside = Database(ledger_url)
    JournalRecorder(beside, ORIGIN, Clock()).insert_events([one("b")])
    beside.close()

    # What a neighbour saw of a record that came to nothing: the size is right, the hashes not.
    journal._head = Head(Frontier().extend([bytes(32)] * 2), "2026-01-01T00:00:00.000000Z")
    journal.insert_events([one("c")])

    assert sound(journal)


def test_writers_in_many_threads_leave_no_gap(journal: JournalRecorder) -> None:
    errors: list[BaseException] = []

    def write(name: str) -> None:
        try:
            for n in range(1, 61):
                events = [one(name, n)] if n % 7 else [one(name, n), *many(25, f"{name}-{n}")]
                journal.insert_events(events)
        except BaseException as fault:  # noqa: BLE001
            errors.append(fault)

    in_threads(*[lambda name=f"w{n}": write(name) for n in range(6)])

    assert errors == []
    assert len(records(journal)) == 6 * (60 + 8 * 25)
    assert sound(journal)


def in_threads(*work: Callable[[], object]) -> None:
    threads = [threading.Thread(target=each) for each in work]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


# ── tiles ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("sizes", [[1] * 520, [255, 1, 1], [256, 256], [100, 300, 1, 111, 600]])
def test_tiles_are_written_when_they_are_full(
    journal: JournalRecorder, sizes: Sequence[int]
) -> None:
    for n, size in enumerate(sizes):
        journal.insert_events(many(size, f"s{n}"))

    with journal.database.reading() as conn:
        tiles = conn.execute(text("SELECT level, number FROM tile ORDER BY number")).all()
    assert [tuple(each) for each in tiles] == [(0, n) for n in range(sum(sizes) // 256)]
    assert sound(journal)


def test_a_tile_of_tiles_is_written_at_65536(sqlite_ledger: str) -> None:
    opened = Database(sqlite_ledger)
    journal = on(opened)
    for start in range(0, 65_000, 13_000):
        journal.insert_events(many(13_000, "s", start))
    journal.insert_events(many(535, "s", 65_000))

    before = [journal.insert_events([one("s", n)]) for n in (65_536, 65_537)]
    journal.insert_events(many(400, "t"))

    assert before == [[65_536], [65_537]]
    with opened.reading() as conn:
        found = conn.execute(text("SELECT count(*), max(level) FROM tile")).one()
        assert tuple(found) == (257 + 1, 1)
        head = read_head(conn, ORIGIN)
        for size in (1, 255, 256, 257, 65_535, 65_536, 65_537, head.frontier.size):
            leaves = LogReader(conn, ORIGIN).leaves(0, size)
            assert root_at(LogReader(conn, ORIGIN), size) == Frontier().extend(leaves).root()
    opened.close()


# ── unique facts ─────────────────────────────────────────────────────────────────────────────


def test_a_fact_that_is_held_is_refused_with_its_holder(journal: JournalRecorder) -> None:
    journal.insert_events([one("m1")], visit=visit(takes("per_a")))

    with pytest.raises(ClaimHeld) as refused:
        journal.insert_events([one("m2")], visit=visit(takes("per_a")))

    assert (refused.value.rule, refused.value.key) == ("AlreadyAMember", "per_a")
    assert (refused.value.position, refused.value.holder) == (1, "m1")
    assert len(records(journal)) == 1


def test_another_rule_or_another_key_is_another_fact(journal: JournalRecorder) -> None:
    journal.insert_events([one("m1")], visit=visit(takes("per_a")))

    journal.insert_events([one("m2")], visit=visit(takes("per_b")))
    journal.insert_events([one("m3")], visit=visit(takes("per_a", rule="ApplicationOpen")))

    assert len(records(journal)) == 3


@pytest.mark.parametrize("key", ["per_a", None])
def test_a_fact_that_was_freed_can_be_taken_again(
    journal: JournalRecorder, key: str | None
) -> None:
    journal.insert_events([one("m1")], visit=visit(takes("per_a", "per_b")))

    journal.insert_events([one("m1", 2)], visit=visit(frees(key)))
    journal.insert_events([one("m2")], visit=visit(takes("per_a")))

    with journal.database.reading() as conn:
        assert claimed(conn, ORIGIN, "AlreadyAMember", "per_a") == (3, "m2")
        left = claimed(conn, ORIGIN, "AlreadyAMember", "per_b")
    assert left == (None if key is None else (1, "m1"))


def test_a_stream_frees_nothing_of_another(journal: JournalRecorder) -> None:
    journal.insert_events([one("m1")], visit=visit(takes("per_a")))
    journal.insert_events([one("m2")], visit=visit(frees(None)))

    with pytest.raises(ClaimHeld):
        journal.insert_events([one("m3")], visit=visit(takes("per_a")))


def test_within_an_entry_the_order_of_its_records_counts(journal: JournalRecorder) -> None:
    freed_then_taken = visit(takes("per_a"), frees("per_a"), takes("per_a"))
    journal.insert_events([one("m1"), one("m1", 2), one("m2")], visit=freed_then_taken)

    taken_then_freed = visit(takes("per_b"), takes("per_b"), frees("per_b"))
    with pytest.raises(ClaimHeld):
        journal.insert_events([one("n1"), one("n2"), one("n1", 2)], visit=taken_then_freed)

    with journal.database.reading() as conn:
        assert claimed(conn, ORIGIN, "AlreadyAMember", "per_a") == (3, "m2")
        assert claimed(conn, ORIGIN, "AlreadyAMember", "per_b") is None


def test_a_fact_that_another_holds_is_not_taken_even_for_a_moment(journal: JournalRecorder) -> None:
    journal.insert_events([one("m1")], visit=visit(takes("per_a")))

    with pytest.raises(ClaimHeld):
        journal.insert_events(
            [one("m2"), one("m2", 2)], visit=visit(takes("per_a"), frees("per_a"))
        )

    with journal.database.reading() as conn:
        assert claimed(conn, ORIGIN, "AlreadyAMember", "per_a") == (1, "m1")


def test_a_fact_that_passed_on_within_an_entry_is_its_new_holders(journal: JournalRecorder) -> None:
    journal.insert_events([one("m1")], visit=visit(takes("per_a")))

    journal.insert_events(
        [one("m2"), one("m3"), one("m1", 2)],
        visit=visit(frees("per_a"), takes("per_a"), frees(None)),
    )

    with journal.database.reading() as conn:
        assert claimed(conn, ORIGIN, "AlreadyAMember", "per_a") == (3, "m3")


def test_many_streams_free_what_they_hold_in_one_entry(journal: JournalRecorder) -> None:
    people = [f"per_{n}" for n in range(700)]
    journal.insert_events(
        [one(f"m_{each}") for each in people], visit=visit(*[takes(each) for each in people])
    )

    journal.insert_events(
        [one(f"m_{each}", 2) for each in people], visit=visit(*[frees(None) for _ in people])
    )

    with journal.database.reading() as conn:
        assert conn.execute(select(claim)).all() == []


def test_what_an_entry_takes_and_frees_is_gone_with_it(journal: JournalRecorder) -> None:
    moved = visit(takes("per_a"), frees(None))
    journal.insert_events([one("m1"), one("m1", 2)], visit=moved)

    with journal.database.reading() as conn:
        assert conn.execute(select(claim)).all() == []


def test_many_facts_are_taken_at_once_or_none(journal: JournalRecorder) -> None:
    journal.insert_events([one("m")], visit=visit(takes("per_700")))

    with pytest.raises(ClaimHeld) as refused:
        journal.insert_events(
            many(1200, "n"), visit=visit(*[takes(f"per_{n}") for n in range(1200)])
        )
    journal.insert_events(many(600, "n"), visit=visit(*[takes(f"per_{n}") for n in range(600)]))

    assert refused.value.key == "per_700"
    with journal.database.reading() as conn:
        assert len(conn.execute(select(claim)).all()) == 601


def test_of_two_who_take_the_same_fact_at_once_one_does(journal: JournalRecorder) -> None:
    said: list[str] = []
    ready = threading.Barrier(4)

    def enrol(stream: str) -> None:
        ready.wait()
        try:
            journal.insert_events([one(stream)], visit=visit(takes("per_a")))
            said.append("taken")
        except ClaimHeld:
            said.append("held")

    in_threads(*[lambda stream=f"m{n}": enrol(stream) for n in range(4)])

    assert sorted(said) == ["held", "held", "held", "taken"]
    assert sound(journal)


# ── what was read ────────────────────────────────────────────────────────────────────────────


def test_what_was_read_and_then_written_by_another_is_a_conflict(journal: JournalRecorder) -> None:
    journal.insert_events([one("read"), one("other")])

    journal.insert_events([one("read", 2)])
    for events in ([one("mine")], many(30, "mine")):
        with pytest.raises(Moved):
            journal.insert_events(
                events,
                visit=visit(*[Particulars()] * len(events), seen=2, streams=frozenset({"read"})),
            )

    assert len(records(journal)) == 3


def test_what_was_not_read_does_not_matter(journal: JournalRecorder) -> None:
    journal.insert_events([one("read"), one("other")])

    journal.insert_events([one("other", 2)])
    journal.insert_events(
        [one("mine")], visit=visit(Particulars(), seen=2, streams=frozenset({"read"}))
    )

    assert len(records(journal)) == 4


def test_who_read_a_partners_facts_meets_the_next_page_of_them(journal: JournalRecorder) -> None:
    journal.insert_events([StoredEvent("chn", 1, "PartnerRead", b"{}")])

    journal.insert_events([one("a")], visit=visit(Particulars(), seen=0, streams=frozenset({"x"})))
    with pytest.raises(Moved):
        journal.insert_events([one("b")], visit=visit(Particulars(), seen=0, partner=True))


# ── commands ─────────────────────────────────────────────────────────────────────────────────


def command(name: str = "c1", account: str = "clerk") -> Command:
    return Command(account, name, b"mac", lambda made: b"%d" % made[0].position)


def test_a_command_is_carried_out_once(journal: JournalRecorder) -> None:
    journal.insert_events([one("a")], visit=visit(Particulars(), command=command()))

    with pytest.raises(Repeated) as repeated:
        journal.insert_events([one("b")], visit=visit(Particulars(), command=command()))
    journal.insert_events([one("c")], visit=visit(Particulars(), command=command("c2")))
    journal.insert_events([one("d")], visit=visit(Particulars(), command=command(account="other")))

    assert (repeated.value.mac, repeated.value.answer) == (b"mac", b"1")
    assert [each.stream for each in records(journal)] == ["a", "c", "d"]


def test_a_command_that_was_refused_is_not_remembered(journal: JournalRecorder) -> None:
    journal.insert_events([one("a")], visit=visit(takes("per_a")))
    refused = Particulars(takes=[("AlreadyAMember", "per_a")])

    with pytest.raises(ClaimHeld):
        journal.insert_events([one("b")], visit=visit(refused, command=command()))

    with journal.database.reading() as conn:
        assert remembered(conn, ORIGIN, "clerk", "c1") is None
    journal.insert_events([one("b")], visit=visit(Particulars(), command=command()))


@pytest.mark.parametrize("same", ["stream", "claim", "nothing"])
def test_a_button_pressed_five_times_at_once_is_one_entry(
    journal: JournalRecorder, same: str
) -> None:
    answers: list[bytes] = []
    positions: list[Sequence[int] | None] = []
    ready = threading.Barrier(5)

    def press(n: int) -> None:
        stream = "m" if same == "stream" else f"m{n}"
        what = takes("per_a") if same == "claim" else Particulars()
        ready.wait()
        try:
            positions.append(
                journal.insert_events(
                    [one(stream)],
                    visit=visit(what, command=command(), seen=0, streams=frozenset({stream})),
                )
            )
        except Repeated as before:
            answers.append(before.answer)

    in_threads(*[lambda n=n: press(n) for n in range(5)])

    assert positions == [[1]]
    assert answers == [b"1"] * 4


# ── all or nothing ───────────────────────────────────────────────────────────────────────────


class Struck(Exception):
    """What a test strikes with."""


def everything(database: Database) -> dict[str, list[Any]]:
    with database.reading() as conn:
        return {
            table.name: [tuple(row) for row in conn.execute(select(table))]
            for table in metadata.sorted_tables
            if table.name
            in {"head", "record", "tile", "claim", "command", "sealed", "token", "tracking"}
        }


class Striking:
    """Lets the n-th thing that is asked of the database fail, before or after it was done."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left: int | None = None
        self.after = False
        for owner, name in (
            (Statement, "run"), (Statement, "drive"), (Statement, "run_many"),
            (recorder, "load"), (recorder, "pour"), (Connection, "execute"),
        ):  # fmt: skip
            monkeypatch.setattr(owner, name, self._striking(getattr(owner, name)))

    def _striking(self, done: Callable[..., Any]) -> Callable[..., Any]:
        def instead(*args: Any, **named: Any) -> Any:
            strikes = self.left == 0
            if self.left is not None:
                self.left -= 1
            if strikes and not self.after:
                raise Struck
            answer = done(*args, **named)
            if strikes:
                raise Struck
            return answer

        return instead


def full_entry(count: int) -> tuple[list[StoredEvent], Visit]:
    """An entry that writes to every table there is."""
    particulars = [
        Particulars(
            {"officer": "per_a"},
            [("AlreadyAMember", f"per_{n}"), ("ApplicationOpen", f"per_{n}")],
            [("ApplicationOpen", None)],
            [(f"per_{n}", "identity", b"box")],
            [("name", b"token", f"per_{n}")],
        )
        for n in range(count)
    ]
    return many(count, "m"), visit(*particulars, command=command(), seen=0)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("count", [1, 30])
def test_whatever_fails_nothing_is_half_written(
    journal: JournalRecorder, monkeypatch: pytest.MonkeyPatch, count: int, *, after: bool
) -> None:
    journal.insert_events(many(250, "before"))
    untouched = everything(journal.database)
    striking = Striking(monkeypatch)
    striking.after = after

    strikes = 0
    while True:
        events, entry = full_entry(count)
        striking.left = strikes
        try:
            positions = journal.insert_events(events, visit=entry, tracking=Tracking("up", 1))
            break
        except Struck:
            striking.left = None
            assert everything(journal.database) == untouched
            strikes += 1

    striking.left = None
    assert strikes > 8
    assert positions == list(range(251, 251 + count))
    assert sound(journal)


def test_a_commit_that_fails_leaves_nothing(journal: JournalRecorder) -> None:
    def fail(_: Connection) -> None:
        raise Struck

    journal.insert_events([one("a")])
    event.listen(journal.database.engine, "commit", fail)
    for events in ([one("b")], many(30, "b")):
        with pytest.raises(Struck):
            journal.insert_events(events, visit=visit(*[Particulars()] * len(events), seen=1))
    event.remove(journal.database.engine, "commit", fail)

    assert journal.insert_events([one("c")]) == [2]
    assert sound(journal)


@pytest.mark.parametrize("count", [1, 30])
def test_a_view_that_fails_takes_the_records_with_it(journal: JournalRecorder, count: int) -> None:
    def post(conn: Connection, made: Sequence[Record]) -> None:
        assert len(made) == count
        raise Struck

    with pytest.raises(Struck):
        journal.insert_events(many(count), visit=visit(*[Particulars()] * count, then=post))

    assert records(journal) == []
    assert journal.insert_events(many(count)) == list(range(1, count + 1))


def test_a_view_sees_the_records_of_its_transaction(journal: JournalRecorder) -> None:
    seen: list[list[str]] = []

    def post(conn: Connection, made: Sequence[Record]) -> None:
        stored = [each.stream for each in journal.page(conn, 0, 10)]
        seen.append(stored)
        assert [each.stream for each in made] == stored[-len(made) :]

    journal.insert_events([one("a")], visit=visit(Particulars(), then=post))
    journal.insert_events(
        [one("b"), one("c")], visit=visit(Particulars(), Particulars(), then=post)
    )

    assert seen == [["a"], ["a", "b", "c"]]


def test_under_a_head_that_is_held_nobody_comes_in_between(journal: JournalRecorder) -> None:
    journal.insert_events([one("a")])
    order: list[str] = []
    held = threading.Event()

    def neighbour() -> None:
        held.wait()
        journal.insert_events([one("neighbour")])
        order.append("neighbour")

    def holder() -> None:
        with journal.database.writing() as conn:
            read_head(conn, ORIGIN, lock=True)
            held.set()
            for n in range(2, 20):
                journal.insert_events(
                    [one("mine", n - 1)], visit=visit(Particulars(), conn=conn, seen=n - 1)
                )
            order.append("holder")

    in_threads(neighbour, holder)

    assert order == ["holder", "neighbour"]
    assert [each.stream for each in records(journal)] == ["a", *["mine"] * 18, "neighbour"]
    assert sound(journal)


# ── what goes to other tables ────────────────────────────────────────────────────────────────


def test_boxes_and_tokens_are_kept_beside_their_record(journal: JournalRecorder) -> None:
    what = Particulars(
        sealed=[("per_a", "identity", b"box"), ("per_a", "contact", b"other")],
        tokens=[("name", b"t", "per_a"), ("name", b"t", "per_a")],  # an old name like the new one
    )
    journal.insert_events([one("a"), one("b")], visit=visit(Particulars(), what))

    with journal.database.reading() as conn:
        boxes = [tuple(row) for row in conn.execute(select(sealed).order_by(sealed.c.grp))]
        tokens = [tuple(row) for row in conn.execute(select(token))]
    assert boxes == [
        (ORIGIN, 2, "per_a", "contact", b"other"), (ORIGIN, 2, "per_a", "identity", b"box"),
    ]  # fmt: skip
    assert tokens == [("name", b"t", "per_a", ORIGIN, 2)]


def test_a_sequence_is_followed_with_the_records_that_follow_from_it(
    journal: JournalRecorder,
) -> None:
    journal.insert_events([one("a")], tracking=Tracking("partner", 5))

    with pytest.raises(IntegrityError):
        journal.insert_events([one("b")], tracking=Tracking("partner", 5))
    with pytest.raises(IntegrityError):
        journal.insert_events([one("a")], tracking=Tracking("partner", 6))

    with journal.database.reading() as conn:
        assert tracked(conn, ORIGIN, "partner") == 5
    assert len(records(journal)) == 1


# ── reading ──────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_written_through_a_reading(journal: JournalRecorder) -> None:
    journal.insert_events([one()])

    with (
        pytest.raises(Exception, match=r"read-?only"),
        journal.database.reading() as conn,
    ):
        conn.execute(record.delete())

    assert len(records(journal)) == 1
    journal.insert_events([one("s", 2)])


def test_a_reading_sees_one_moment(journal: JournalRecorder) -> None:
    journal.insert_events([one("a")])

    with journal.database.reading() as conn:
        assert len(journal.page(conn, 0, 10)) == 1
        journal.insert_events([one("b")])
        assert len(journal.page(conn, 0, 10)) == 1
        assert read_head(conn, ORIGIN).frontier.size == 1

    assert journal.max_notification_id() == 2


def test_a_stream_and_a_page_give_whole_records(journal: JournalRecorder) -> None:
    journal.insert_events([one("a"), one("b"), one("a", 2)])

    with journal.database.reading() as conn:
        stream = journal.stream(conn, "a")
        page = journal.page(conn, 1, 1)

    assert [(each.position, each.version) for each in stream] == [(1, 1), (3, 2)]
    assert [each.stream for each in page] == ["b"]


# ── the database ─────────────────────────────────────────────────────────────────────────────


def test_a_server_that_came_back_is_written_to_again(tmp_path: Any) -> None:
    from ledger import schema
    from tests import postgres

    with postgres.server() as server:
        opened = Database(server.database())
        schema.upgrade(opened)
        journal = on(opened)
        journal.insert_events([one("a")])
        journal.insert_events([one("b")])
        server.kill()
        server.restart()

        for stream in ("c", "d", "e", "f"):
            try:
                journal.insert_events([one(stream)])
            except OperationalError:
                journal.insert_events([one(stream)])  # the next connection is a new one
        streams = [each.stream for each in records(journal)]
        opened.close()

    assert streams == ["a", "b", "c", "d", "e", "f"]


def test_prepared_statements_can_be_switched_off(postgres_ledger: str) -> None:
    opened = Database(f"{postgres_ledger}&prepare_threshold=none")
    journal = on(opened)

    for n in range(1, 20):
        journal.insert_events([one("s", n)])
    with opened.reading() as conn:
        driver: Any = conn.connection.driver_connection
        assert driver.prepare_threshold is None
    opened.close()
