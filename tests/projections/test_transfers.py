"""Transfers: one line for each, both sides' state, under the right tab, late by the day one asks."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from ledger.domain.ids import MembershipId, PersonId, TransferId, UnionId, new_transfer
from ledger.domain.kernel import Code, Office
from ledger.domain.membership import (
    Ground,
    Membership,
    Proof,
    RefusalGround,
    TransferReason,
    TransferRequest,
    WithdrawReason,
)
from ledger.domain.unions import UnionKind
from ledger.projections import transfers
from ledger.projections.filters import UnknownFilter
from ledger.projections.transfers import Line, Sought, Tab, TransferState, Way
from tests.world import World, open_province

DEADLINE = date(2026, 3, 16)


@pytest.fixture
def home(tmp_path: Path, ledger_url: str) -> Iterator[World]:
    world = open_province(tmp_path, url=ledger_url)
    yield world
    world.ledger.close()


@pytest.fixture
def host(tmp_path: Path, home: World) -> Iterator[World]:
    world = open_province(tmp_path, "44", time=home.time)
    yield world
    world.ledger.close()


@pytest.fixture
def village(home: World) -> UnionId:
    return home.union("巴学村工会")


@pytest.fixture
def factory(host: World) -> UnionId:
    return host.union("东江电子厂工会", UnionKind.GRASSROOTS)


def offered(
    home: World, host: World, village: UnionId, factory: UnionId
) -> tuple[PersonId, MembershipId, TransferId]:
    person = home.worker()
    member = home.enrol(person, village)
    return person, member, home.offer(member, village, factory, host.origin, DEADLINE)


def line(world: World, transfer: TransferId) -> Line:
    with world.ledger.reading() as reader:
        return transfers.get(reader.conn, world.origin, [transfer])[transfer]


def tabs(world: World, sought: Sought | None = None) -> dict[Tab, int]:
    with world.ledger.reading() as reader:
        return transfers.count(reader.conn, world.origin, sought or Sought(world.today))


def listed(world: World, sought: Sought, limit: int = 50) -> list[TransferId]:
    found: list[TransferId] = []
    after = None
    with world.ledger.reading() as reader:
        while True:
            page = transfers.listing(reader.conn, world.origin, sought, limit=limit, after=after)
            found += [each.transfer for each in page.rows]
            after = page.next
            if after is None:
                return found


def test_both_sides_see_one_line_and_whose_turn_it_is(
    home: World, host: World, village: UnionId, factory: UnionId
) -> None:
    _, member, offer = offered(home, host, village, factory)
    waiting = line(home, offer)
    host.read_from(home)
    home.time.to(date(2026, 3, 10))
    host.accept(member, offer, factory)
    accepted = line(host, offer)
    home.read_from(host)
    home.conclude(member, offer, village)
    host.read_from(home)
    released = line(host, offer)
    host.receive(member, offer, factory)
    home.read_from(host)

    assert (waiting.state, waiting.turn, waiting.turn_since) == (
        TransferState.OPEN, factory, date(2026, 3, 2),
    )  # fmt: skip
    assert (accepted.state, accepted.turn) == (TransferState.ACCEPTED, village)
    assert (released.state, released.turn) == (TransferState.RELEASED, factory)
    for world in (home, host):
        done = line(world, offer)
        assert (done.state, done.turn) == (TransferState.RECEIVED, None)
        assert (done.offered_on, done.answered_on, done.outcome_on, done.received_on) == (
            date(2026, 3, 2), date(2026, 3, 10), date(2026, 3, 10), date(2026, 3, 10),
        )  # fmt: skip
        assert (done.from_origin, done.to_origin) == (home.origin, host.origin)


def test_what_goes_out_here_comes_in_there(
    home: World, host: World, village: UnionId, factory: UnionId
) -> None:
    _, _, offer = offered(home, host, village, factory)
    host.read_from(home)
    today = home.today

    assert listed(home, Sought(today, way=Way.OUT)) == [offer]
    assert listed(home, Sought(today, way=Way.IN)) == []
    assert listed(host, Sought(today, way=Way.IN, union=host.root)) == [offer]
    assert listed(host, Sought(today, way=Way.IN, union=host.root, below=False)) == []
    assert listed(home, Sought(today, turn=factory)) == [offer]


def test_nothing_is_late_before_its_deadline_and_nothing_answered_is_late(
    home: World, host: World, village: UnionId, factory: UnionId
) -> None:
    _, _, unanswered = offered(home, host, village, factory)
    _, member, declined = offered(home, host, village, factory)
    host.read_from(home)
    with host.entry(factory, Office.LIAISON) as entry:
        held = entry.read(Membership, member)
        entry.write(held.decline_offer(entry.act, declined, factory, Ground.NO_WORK_RELATION))
    home.read_from(host)

    on_the_day, day_after = Sought(DEADLINE), Sought(date(2026, 3, 17))
    assert tabs(home, on_the_day) == {Tab.WAITING: 2, Tab.LATE: 0, Tab.RETURNED: 0, Tab.DONE: 0}
    assert tabs(home, day_after)[Tab.LATE] == 1
    assert listed(home, Sought(date(2026, 3, 17), tab=Tab.LATE)) == [unanswered]
    with home.ledger.reading() as reader:
        overdue = transfers.overdue(reader.conn, home.origin, date(2026, 3, 17))
    assert [each.transfer for each in overdue] == [unanswered]
    with host.ledger.reading() as reader:
        assert transfers.overdue(reader.conn, host.origin, date(2026, 3, 17)) == []

    home.conclude(member, declined, village)
    returned = line(home, declined)
    assert (returned.state, returned.ground) == (TransferState.RETURNED, Ground.NO_WORK_RELATION)
    assert tabs(home)[Tab.RETURNED] == 1


def test_counts_are_those_of_the_lists(
    home: World, host: World, village: UnionId, factory: UnionId
) -> None:
    made = [offered(home, host, village, factory) for _ in range(5)]
    with home.entry(village, Office.LIAISON) as entry:
        held = entry.read(Membership, made[0][1])
        entry.write(held.withdraw(entry.act, made[0][2], WithdrawReason.WORKER_STAYS))

    found = tabs(home)

    assert found == {Tab.WAITING: 4, Tab.LATE: 0, Tab.RETURNED: 1, Tab.DONE: 0}
    for tab in Tab:
        in_pages = listed(home, Sought(home.today, tab=tab), limit=2)
        assert len(in_pages) == len(set(in_pages)) == found[tab]
    assert len(listed(home, Sought(home.today), limit=2)) == 5
    assert listed(home, Sought(home.today, person=made[1][0])) == [made[1][2]]
    assert listed(home, Sought(home.today, state=TransferState.WITHDRAWN)) == [made[0][2]]


def requested(
    home: World, host: World, village: UnionId, factory: UnionId
) -> tuple[MembershipId, TransferId]:
    member = home.enrol(person := home.worker(), village)
    request = new_transfer()
    with host.entry(factory, Office.LIAISON) as entry:
        asked = TransferRequest.ask(
            entry.act, request, person, village, Code(home.origin), DEADLINE, Proof.CARD
        )
        entry.write(asked)
    home.read_from(host)
    return member, request


def test_a_request_and_the_offer_that_answers_it_are_one_line(
    home: World, host: World, village: UnionId, factory: UnionId
) -> None:
    member, request = requested(home, host, village, factory)
    asked = line(home, request)
    home.time.to(date(2026, 3, 5))
    with home.entry(village, Office.LIAISON) as entry:
        answered = entry.read(TransferRequest, request).answer(entry.act, member, village)
        entry.write(answered)
        held = entry.read(Membership, member)
        offer = held.offer_to(
            entry.act, request, factory, Code(host.origin), DEADLINE, TransferReason.REQUESTED
        )
        entry.write(offer)

    both = line(home, request)

    assert (asked.state, asked.turn, asked.membership) == (TransferState.REQUESTED, village, None)
    assert (both.state, both.turn, both.membership) == (TransferState.OPEN, factory, member)
    assert (both.requested_on, both.offered_on) == (date(2026, 3, 2), date(2026, 3, 5))
    assert tabs(home)[Tab.WAITING] == 1


def test_a_request_that_is_refused_comes_back(
    home: World, host: World, village: UnionId, factory: UnionId
) -> None:
    _, request = requested(home, host, village, factory)
    with home.entry(village, Office.LIAISON) as entry:
        asked = entry.read(TransferRequest, request)
        entry.write(asked.refuse(entry.act, RefusalGround.WORKER_OBJECTS))
    host.read_from(home)

    refused = line(host, request)

    assert (refused.state, refused.ground) == (TransferState.REFUSED, RefusalGround.WORKER_OBJECTS)
    assert tabs(host)[Tab.RETURNED] == 1


def test_a_transfer_within_one_province_goes_out_and_comes_in(
    home: World, village: UnionId
) -> None:
    town = home.union("武篆镇工会", UnionKind.TOWNSHIP)
    member = home.enrol(home.worker(), village)
    offer = home.offer(member, village, town, home.origin, DEADLINE)
    home.accept(member, offer, town)
    home.conclude(member, offer, village)
    home.receive(member, offer, town)

    today = home.today
    assert line(home, offer).state is TransferState.RECEIVED
    assert listed(home, Sought(today, way=Way.OUT, union=village)) == [offer]
    assert listed(home, Sought(today, way=Way.IN, union=town)) == [offer]
    assert listed(home, Sought(today, way=Way.IN, union=village)) == []


def test_an_unknown_filter_is_an_error_and_never_everything() -> None:
    today = date(2026, 3, 2)

    assert Sought.of(today, {"tab": "late", "way": "in"}) == Sought(today, Tab.LATE, Way.IN)
    for wrong in ({"tabs": "late"}, {"tab": "lat"}, {"today": "2026-01-01"}):
        with pytest.raises(UnknownFilter):
            Sought.of(today, wrong)
