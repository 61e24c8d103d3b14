"""Aid that is killed anywhere: what was told stands, and the fund agrees with its grants to the fen."""

import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

import pytest

from ledger.domain.aid import AidGrant
from ledger.domain.ids import GrantId
from ledger.journal import fsck
from ledger.projections import grants
from tests.aid import AidOffice, Seat
from tests.world import open_province

_apart = multiprocessing.get_context("forkserver")
_apart.set_forkserver_preload(["tests.aid"])


def _work(seat: Seat, first: int, told: Connection) -> None:
    """Takes grants through all their steps, one after the other, and says what was done."""
    office = seat.sit()
    office.world.number_from(first)
    while True:
        grant = office.apply(office.world.worker())
        office.examined(grant)
        office.approve(grant)
        payment = office.pay(grant)
        office.sign(grant, payment)
        told.send(grant)


@pytest.mark.parametrize("seed", range(3))
def test_killed_in_any_step_the_fund_agrees_with_its_grants(
    tmp_path: Path, database_url: str, seed: int
) -> None:
    office = AidOffice(open_province(tmp_path, url=database_url))
    seat = Seat.of(office, database_url, tmp_path / "guangxi-keys")
    dice, told = Random(seed), list[GrantId]()
    for turn in range(3):
        ear, mouth = _apart.Pipe(duplex=False)
        process = _apart.Process(target=_work, args=(seat, 100 * turn, mouth))
        process.start()
        mouth.close()
        for _ in range(dice.randrange(1, 3)):
            told.append(ear.recv())
        if ear.poll(dice.random() / 4):  # somewhere within the next one
            told.append(ear.recv())
        process.kill()
        process.join()
    _agrees(office, told)
    office.world.ledger.close()


def _agrees(office: AidOffice, told: list[GrantId]) -> None:
    world = office.world
    report = fsck.check(world.ledger.database, world.origin)
    assert report.sound, report.faults[:3]
    with world.ledger.reading() as reader:
        sought = grants.Sought(fund=office.fund)
        rows = grants.listed(reader.conn, world.origin, sought, limit=1000).rows
        every = [reader.get(AidGrant, row["grant_id"]) for row in rows]
    money = office.money()
    paid = sum(one.paid for one in every)
    owed = sum(one.approval.amount - one.paid for one in every if one.approval)
    assert (money.drawn, money.reserved) == (paid, owed)
    assert money.balance == 100_000_00 - paid - owed
    assert {one.id for one in every} >= set(told)
    assert all(office.grant(one).unsigned() == [] for one in told)
