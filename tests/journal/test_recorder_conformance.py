"""The library's own cases for recorders, on both databases, and an application of it on a journal.

Every case runs on SQLite and on PostgreSQL; those that go by originator ids, with UUIDs and texts.
"""

import subprocess
import sys
from collections.abc import Sequence
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import IntegrityError, StoredEvent
from eventsourcing.tests import persistence as cases
from eventsourcing.utils import Environment

from ledger.clock import Clock
from ledger.journal.database import Database
from ledger.journal.recorder import (
    JournalFactory,
    JournalRecorder,
    SnapshotRecorder,
    make_head,
)

ORIGIN = "liangdi.example/conformance"


class _Case:
    """Gives the library's cases their recorders; which database, the subclasses say."""

    url: str
    uuids = True
    _opened: Database | None = None

    def opened(self) -> Database:
        if self._opened is None:
            self._opened = Database(self.url)
        return self._opened

    def tearDown(self) -> None:
        if self._opened is not None:
            self._opened.close()

    def journal(self) -> JournalRecorder:
        with self.opened().writing() as conn:
            make_head(conn, ORIGIN)
        return JournalRecorder(self.opened(), ORIGIN, Clock(), uuids=self.uuids)


class OnSQLite(_Case):
    @pytest.fixture(autouse=True)
    def _made(self, sqlite_ledger: str) -> None:
        self.url = sqlite_ledger


class OnPostgreSQL(_Case):
    @pytest.fixture(autouse=True)
    def _made(self, postgres_ledger: str) -> None:
        self.url = postgres_ledger


class Texts(_Case):
    """Originator ids as texts, as the product has them."""

    uuids = False

    def new_originator_id(self) -> UUID | str:
        return f"mem_{uuid4().hex}"


# ── aggregate recorder ───────────────────────────────────────────────────────────────────────


class _Aggregate(_Case, cases.AggregateRecorderTestCase):
    __test__ = False

    def create_recorder(self) -> SnapshotRecorder:
        return SnapshotRecorder(self.opened(), ORIGIN, "snapshots")


class TestAggregateOnSQLite(OnSQLite, _Aggregate):
    __test__ = True


class TestAggregateOnSQLiteByTexts(OnSQLite, Texts, _Aggregate):
    __test__ = True


class TestAggregateOnPostgreSQL(OnPostgreSQL, _Aggregate):
    __test__ = True


class TestAggregateOnPostgreSQLByTexts(OnPostgreSQL, Texts, _Aggregate):
    __test__ = True


# ── application recorder ─────────────────────────────────────────────────────────────────────


class _Application(_Case, cases.ApplicationRecorderTestCase[JournalRecorder]):
    __test__ = False

    def create_recorder(self) -> JournalRecorder:
        return self.journal()

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestApplicationOnSQLite(OnSQLite, _Application):
    __test__ = True


class TestApplicationOnSQLiteByTexts(OnSQLite, Texts, _Application):
    __test__ = True


class TestApplicationOnPostgreSQL(OnPostgreSQL, _Application):
    __test__ = True


class TestApplicationOnPostgreSQLByTexts(OnPostgreSQL, Texts, _Application):
    __test__ = True


# ── tracking and process recorder ────────────────────────────────────────────────────────────


class _Tracking(_Case, cases.TrackingRecorderTestCase):
    __test__ = False

    def create_recorder(self) -> JournalRecorder:
        return self.journal()


class TestTrackingOnSQLite(OnSQLite, _Tracking):
    __test__ = True


class TestTrackingOnPostgreSQL(OnPostgreSQL, _Tracking):
    __test__ = True


class _Process(_Case, cases.ProcessRecorderTestCase):
    __test__ = False

    def create_recorder(self) -> JournalRecorder:
        return self.journal()


class TestProcessOnSQLite(OnSQLite, _Process):
    __test__ = True


class TestProcessOnSQLiteByTexts(OnSQLite, Texts, _Process):
    __test__ = True


class TestProcessOnPostgreSQL(OnPostgreSQL, _Process):
    __test__ = True


class TestProcessOnPostgreSQLByTexts(OnPostgreSQL, Texts, _Process):
    __test__ = True


# ── lists that do not interleave ─────────────────────────────────────────────────────────────


class _NonInterleaving(_Case, cases.NonInterleavingNotificationIDsBaseCase):
    __test__ = False

    def create_recorder(self) -> JournalRecorder:
        return self.journal()


class TestNonInterleavingOnSQLite(OnSQLite, _NonInterleaving):
    __test__ = True


class TestNonInterleavingOnPostgreSQL(OnPostgreSQL, _NonInterleaving):
    __test__ = True


class TestNonInterleavingOnPostgreSQLByTexts(OnPostgreSQL, Texts, _NonInterleaving):
    __test__ = True


# ── factory ──────────────────────────────────────────────────────────────────────────────────


class FollowingRecorder(JournalRecorder):
    """A subclass that the environment may name."""


class _Factory(_Case, cases.InfrastructureFactoryTestCase[JournalFactory]):
    __test__ = False

    def setUp(self) -> None:
        self.env = Environment("TestCase", environment(self.url))
        super().setUp()

    def tearDown(self) -> None:
        cases.InfrastructureFactoryTestCase.tearDown(self)

    def expected_factory_class(self) -> type[JournalFactory]:
        return JournalFactory

    def expected_aggregate_recorder_class(self) -> type[SnapshotRecorder]:
        return SnapshotRecorder

    def expected_application_recorder_class(self) -> type[JournalRecorder]:
        return JournalRecorder

    def expected_tracking_recorder_class(self) -> type[JournalRecorder]:
        return JournalRecorder

    def tracking_recorder_subclass(self) -> type[JournalRecorder]:
        return FollowingRecorder

    def expected_process_recorder_class(self) -> type[JournalRecorder]:
        return JournalRecorder


class TestFactoryOnSQLite(OnSQLite, _Factory):
    __test__ = True


class TestFactoryOnPostgreSQL(OnPostgreSQL, _Factory):
    __test__ = True


def environment(url: str, **more: str) -> dict[str, str]:
    return {
        "PERSISTENCE_MODULE": "ledger.journal.recorder",
        "LIANGDI_URL": url,
        "LIANGDI_ORIGIN": ORIGIN,
        **more,
    }


def test_a_factory_without_a_url_says_what_is_missing() -> None:
    with pytest.raises(OSError, match="LIANGDI_URL"):
        JournalFactory.construct({"PERSISTENCE_MODULE": "ledger.journal.recorder"})


# ── an application of the library ────────────────────────────────────────────────────────────


class Errand(Aggregate):
    """Something to be done."""

    @event("Noted")
    def __init__(self, what: str) -> None:
        self.what = what
        self.steps: list[str] = []

    @event("Stepped")
    def step(self, what: str) -> None:
        self.steps.append(what)


class Errands(Application[UUID]):
    """Errands, with a snapshot after every third event."""

    is_snapshotting_enabled = True
    snapshotting_intervals = {Errand: 3}  # noqa: RUF012  (the library's way to say it)


def test_a_plain_application_runs_on_a_journal(ledger_url: str) -> None:
    env = environment(ledger_url, LIANGDI_ORIGINATOR_IDS="uuid", IS_SNAPSHOTTING_ENABLED="y")
    app = Errands(env)
    errand = Errand(what="find the card")

    errand.step("asked")
    app.save(errand)
    errand.step("found")
    app.save(errand)

    again = Errands(env)
    now: Errand = again.repository.get(errand.id)
    then: Errand = again.repository.get(errand.id, version=2)
    assert (now.steps, then.steps) == (["asked", "found"], ["asked"])
    assert [n.id for n in again.notification_log.select(1, 10)] == [1, 2, 3]
    assert again.snapshots is not None
    assert [s.originator_version for s in again.snapshots.get(errand.id)] == [3]
    with pytest.raises(AggregateNotFoundError):
        again.repository.get(uuid4())
    for each in (app, again):
        each.close()


def test_of_two_copies_saved_by_two_applications_the_second_is_told(ledger_url: str) -> None:
    env = environment(ledger_url, LIANGDI_ORIGINATOR_IDS="uuid")
    one, other = Errands(env), Errands(env)
    errand = Errand(what="ask for the form")
    one.save(errand)

    mine: Errand = one.repository.get(errand.id)
    theirs: Errand = other.repository.get(errand.id)
    mine.step("asked by one")
    theirs.step("asked by the other")
    one.save(mine)

    with pytest.raises(IntegrityError):
        other.save(theirs)
    for each in (one, other):
        each.close()


# ── subscriptions ────────────────────────────────────────────────────────────────────────────


def events(count: int, stream: str) -> list[StoredEvent]:
    return [StoredEvent(stream, n, "Noted", b"{}") for n in range(1, count + 1)]


def recorder_on(database: Database) -> JournalRecorder:
    with database.writing() as conn:
        make_head(conn, ORIGIN)
    return JournalRecorder(database, ORIGIN, Clock())


def test_a_subscription_misses_nothing_while_others_write(database: Database) -> None:
    recorder = recorder_on(database)
    seen: list[int] = []

    def write(stream: str) -> None:
        for each in events(60, stream):
            recorder.insert_events([each])

    writers = [Thread(target=write, args=(f"s{n}",)) for n in range(3)]
    with recorder.subscribe() as subscription:
        for each in writers:
            each.start()
        for notification in subscription:
            seen.append(notification.id)
            if len(seen) == 180:
                break
    for each in writers:
        each.join()

    assert seen == list(range(1, 181))


WRITING = """
import sys
from eventsourcing.persistence import StoredEvent
from ledger.clock import Clock
from ledger.journal.database import Database
from ledger.journal.recorder import JournalRecorder
recorder = JournalRecorder(Database(sys.argv[1]), sys.argv[2], Clock())
for n in range(1, 41):
    recorder.insert_events([StoredEvent("theirs", n, "Noted", b"{}")])
"""


def test_a_subscription_finds_what_another_process_wrote(database: Database) -> None:
    recorder = recorder_on(database)
    url = database.url.render_as_string(hide_password=False)

    with recorder.subscribe() as subscription:
        process = subprocess.Popen([sys.executable, "-c", WRITING, url, ORIGIN])
        seen = [next(subscription).id for _ in range(40)]
        assert process.wait(timeout=60) == 0

    assert seen == list(range(1, 41))


def test_a_subscription_to_topics_passes_over_the_others(database: Database) -> None:
    recorder = recorder_on(database)
    recorder.insert_events(events(700, "many"))

    with recorder.subscribe(topics=["Rare"]) as subscription:
        recorder.insert_events([StoredEvent("one", 1, "Rare", b"{}")])
        found = next(subscription)

    assert (found.id, found.topic) == (701, "Rare")


def test_a_fault_of_the_database_reaches_whoever_reads(database: Database) -> None:
    recorder = Failing(database, ORIGIN, Clock())

    with recorder.subscribe() as subscription, pytest.raises(RuntimeError, match="away"):
        next(subscription)


class Failing(JournalRecorder):
    """A recorder whose database has gone away."""

    def select_notifications(self, *_: Any, **__: Any) -> Sequence[Any]:
        raise RuntimeError("away")

    def max_notification_id(self) -> int | None:
        raise RuntimeError("away")
