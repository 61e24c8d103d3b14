"""Databases that fail while people work: a full disk, a server away and back, a clock that jumps.

What was acknowledged stands, what was not is not there, everybody else goes on, and the answer says
what to do. Nodes that are killed and partners that stall are in `test_nodes.py`, and all of it at
once in `simulation`.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from eventsourcing.persistence import OperationalError
from fastapi.testclient import TestClient
from sqlalchemy import exc

from api.app import create_app
from ledger.clock import Clock
from ledger.desk import Desk
from ledger.domain.kernel import Office
from ledger.journal import fsck
from ledger.journal.record import Record
from tests import postgres
from tests.pair import close, open_pair
from tests.world import World, open_province

AWAY = (OperationalError, exc.OperationalError)


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    """A server of this file's own, to be killed."""
    with postgres.server() as running:
        yield running


def records(world: World) -> list[Record]:
    with world.ledger.database.reading() as conn:
        return world.ledger.recorder.page(conn, 0, 100_000)


def clerk_of(world: World) -> TestClient:
    """The federation's chair at a machine."""
    desk = Desk({world.ledger.province.code: world.ledger}, demo=True)
    person = world.officer(world.root, Office.CHAIR)
    desk.open_account(world.ledger, "zhuxi", person, "", "省总主席")
    token = desk.make_token(world.ledger, "zhuxi", "机器")
    app = create_app(desk)
    return TestClient(
        app, headers={"Authorization": f"Bearer {token}"}, raise_server_exceptions=False
    )


def founded(clerk: TestClient, world: World, name: str, key: str) -> Any:
    body = {"name": name, "kind": "village", "superior": world.root, "division": "451224"}
    return clerk.post("/api/v1/unions", json=body, headers={"Idempotency-Key": key})


def limit(world: World, pages: int | None) -> None:
    """From here on the file may have no more pages than these; None: as many as it likes."""
    database = world.ledger.database
    database._let_go()
    for _ in range(3):
        with database.engine.connect() as conn:
            (now,) = conn.exec_driver_sql("PRAGMA page_count").fetchone() or (0,)
            most = 1_073_741_823 if pages is None else now + pages
            conn.exec_driver_sql(f"PRAGMA max_page_count={most}")


def test_on_a_full_disk_nothing_is_half_written_and_with_room_it_goes_on(tmp_path: Path) -> None:
    world = open_province(tmp_path)
    clerk = clerk_of(world)
    acknowledged: list[str] = []
    limit(world, 20)

    for number in range(400):
        answer = founded(clerk, world, f"工会{number}", f"full-{number:05}")
        if answer.status_code != 201:
            break
        acknowledged.append(answer.json()["result"]["union"])
    else:
        pytest.fail("the disk was never full")

    assert answer.status_code == 503
    assert answer.json()["type"] == "/problems/database"
    assert answer.headers["retry-after"] == "5"
    assert "磁盘" in answer.json()["instead"]
    assert clerk.get(f"/api/v1/unions/{acknowledged[-1]}").status_code == 200  # it is read
    limit(world, None)
    again = founded(clerk, world, f"工会{len(acknowledged)}", f"full-{len(acknowledged):05}")
    assert again.status_code == 201
    assert {one.stream for one in records(world)} >= set(acknowledged)
    assert fsck.check(world.ledger.database, world.origin).sound
    world.ledger.close()


def test_a_database_that_is_away_says_so_and_works_when_it_is_back(
    server: postgres.Server, tmp_path: Path
) -> None:
    world = open_province(tmp_path, url=server.database())
    clerk = clerk_of(world)
    first = founded(clerk, world, "之前的工会", "before-00001")
    assert first.status_code == 201

    server.kill()
    answers = [founded(clerk, world, "其间的工会", "during-00001") for _ in range(3)]
    answers.append(clerk.get("/api/v1/unions"))
    server.restart()

    assert {answer.status_code for answer in answers} == {503}
    assert {answer.json()["type"] for answer in answers} == {"/problems/database"}
    again = founded(clerk, world, "其间的工会", "during-00001")
    assert again.status_code == 201
    assert (
        founded(clerk, world, "其间的工会", "during-00001").json()["result"]
        == again.json()["result"]
    )
    assert fsck.check(world.ledger.database, world.origin).sound
    world.ledger.close()


def test_while_a_partners_database_is_away_local_work_goes_on_and_nothing_is_lost(
    server: postgres.Server, tmp_path: Path
) -> None:
    pair = open_pair(tmp_path, host_url=server.database()).agree()
    _, membership = pair.member("韦秀英")

    server.kill()
    offer = pair.offer(membership)
    with pytest.raises(AWAY):
        pair.home_reads()
    with pytest.raises(AWAY):
        pair.host.worker()
    other = pair.member("陆阿妹")[1]
    server.restart()
    pair.sync()
    pair.accept(membership, offer)
    pair.sync()

    assert pair.holders(membership) == (pair.host.origin, pair.host.origin)
    assert pair.holders(other)[0] == pair.home.origin
    for world in (pair.home, pair.host):
        assert fsck.check(world.ledger.database, world.origin).sound
    close(pair)


def test_a_clock_that_jumped_stops_recording_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = open_province(tmp_path)
    clerk = clerk_of(world)
    before = len(records(world))
    wall = world.time.now
    monkeypatch.setattr(world.ledger.clock, "_wall", lambda: wall() + timedelta(minutes=6))

    answer = founded(clerk, world, "拨快之后的工会", "clock-00001")

    assert answer.status_code == 503
    assert answer.json()["type"] == "/problems/clock"
    assert len(records(world)) == before
    assert isinstance(world.ledger.clock, Clock)
    world.ledger.close()
