"""Rosters: who belongs where on a day, as known on a day, in pages, counted once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from ledger.domain.corrections import Why, annul, correct
from ledger.domain.ids import MembershipId, PersonId, UnionId, new_membership
from ledger.domain.kernel import Code, Office
from ledger.domain.membership import (
    Card,
    Channel,
    Confirmed,
    MemberEnrolled,
    Membership,
    Retention,
)
from ledger.domain.partnerships import CountedBy
from ledger.domain.persons import Person
from ledger.domain.unions import UnionKind
from ledger.projections import rosters
from ledger.projections.filters import UnknownFilter
from ledger.projections.rosters import Examined, Sought, Standing
from tests.world import World, open_province


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


def listed(world: World, sought: Sought, limit: int = 50) -> list[MembershipId]:
    """Every membership of a roster, page by page."""
    found: list[MembershipId] = []
    after = None
    with world.ledger.reading() as reader:
        while True:
            page = rosters.members(reader.conn, world.origin, sought, limit=limit, after=after)
            found += [row.membership for row in page.rows]
            after = page.next
            if after is None:
                return found


def counted(world: World, sought: Sought) -> rosters.Counts:
    with world.ledger.reading() as reader:
        return rosters.count(reader.conn, world.origin, sought)


def test_a_member_belongs_to_her_union_and_to_those_above_from_the_day_of_approval(
    home: World,
) -> None:
    town = home.union("武篆镇工会", UnionKind.TOWNSHIP)
    village, other = home.union("巴学村工会", superior=town), home.union("另一村工会")
    member = home.apply(home.worker(), village, date(2026, 2, 1), Channel.VILLAGE)
    home.approve(member, village, date(2026, 2, 10))

    def who(union: str, on: date | None, *, below: bool = True) -> list[MembershipId]:
        return listed(home, Sought(union, below, on))

    assert who(village, date(2026, 2, 10)) == [member]
    assert who(town, date(2026, 2, 10)) == [member]
    assert who(town, date(2026, 2, 10), below=False) == []
    assert who(village, date(2026, 2, 9)) == []
    assert who(other, None) == []
    assert listed(
        home, Sought(town, on=date(2026, 2, 9), states=frozenset({Standing.APPLIED}))
    ) == [member]
    assert listed(home, Sought(town, states=frozenset({Standing.APPLIED}))) == []


def test_pages_are_stable_and_miss_nobody(home: World) -> None:
    unions = [home.union(f"第{n}村工会") for n in range(7)]
    expected = {home.enrol(home.worker(), union) for union in unions[::2] for _ in range(3)}

    in_pages = listed(home, Sought(home.root), limit=2)
    of_all = listed(home, Sought(), limit=5)

    assert len(in_pages) == len(of_all) == 12
    assert set(in_pages) == set(of_all) == expected


def test_the_list_and_its_counts_are_one_question(home: World) -> None:
    village = home.union("巴学村工会")
    town = home.union("武篆镇工会", UnionKind.TOWNSHIP)
    for union, channel, number in ((village, Channel.VILLAGE, 3), (town, Channel.DRIVE, 2)):
        for _ in range(number):
            home.enrol(home.worker(), union, channel=channel)
    home.apply(home.worker(), village)

    counts = counted(home, Sought(home.root))
    by_drive = counted(home, Sought(home.root, channel=Channel.DRIVE))

    assert counts.total == len(listed(home, Sought(home.root))) == 5
    assert counts.by_union == {village: 3, town: 2}
    assert counts.by_channel == {Channel.VILLAGE: 3, Channel.DRIVE: 2}
    assert counts.by_kind == {UnionKind.VILLAGE: 3, UnionKind.TOWNSHIP: 2}
    assert by_drive.total == len(listed(home, Sought(home.root, channel=Channel.DRIVE))) == 2


def test_a_retained_member_stays_on_the_roster_and_is_not_counted_by_the_host(
    home: World,
) -> None:
    project = home.union("大桥项目工会", UnionKind.PROJECT)
    member = home.enrol(home.worker(), project, date(2026, 2, 10))
    with home.entry(project, Office.APPROVER, date(2026, 2, 20)) as entry:
        held = entry.read(Membership, member)
        retained = held.retain(
            entry.act, Retention.PROJECT_ENDED, Card.KEPT, home.root, line=entry.line(project)
        )
        entry.write(retained)

    before = counted(home, Sought(project, on=date(2026, 2, 19)))
    after = counted(home, Sought(home.root, below=False))
    by_host = counted(home, Sought(counted_by=CountedBy.HOST))

    assert before.by_state == {Standing.MEMBER: 1}
    assert (after.by_state, after.by_union) == ({Standing.RETAINED: 1}, {home.root: 1})
    assert by_host.total == 0
    assert counted(home, Sought(project)).total == 0


def test_a_corrected_date_moves_the_interval_and_the_old_knowledge_stays(home: World) -> None:
    village = home.union("巴学村工会")
    member = home.enrol(home.worker(), village, date(2026, 2, 10))
    then = home.today
    home.time.to(date(2026, 3, 20))
    with home.entry(village, Office.APPROVER, date(2026, 1, 5)) as entry:
        history = entry.history(member)
        fact = next(f for f in history if isinstance(f.event, MemberEnrolled))
        assert isinstance(fact.event, MemberEnrolled)
        what = correct(
            entry.act, fact, replace(fact.event, card=Code("卡001")), history, origin=home.origin,
            line=[village], why=Why.WRONG_DATE, reason="会议纪要为一月五日",
        )  # fmt: skip
        entry.write(what.head)
        entry.write(what.replacement, corrects=what.corrects)

    on = date(2026, 1, 20)
    assert listed(home, Sought(village, on=on)) == [member]
    assert listed(home, Sought(village, on=on, known_on=then)) == []
    assert listed(home, Sought(village, on=date(2026, 2, 10), known_on=then)) == [member]
    assert counted(home, Sought(village, on=date(2026, 2, 10))).total == 1


def test_an_annulled_enrolment_leaves_an_application_and_no_member(home: World) -> None:
    village = home.union("巴学村工会")
    member = home.enrol(home.worker(), village, date(2026, 2, 10))
    then = home.today
    home.time.to(date(2026, 3, 20))
    with home.entry(village, Office.APPROVER) as entry:
        history = entry.history(member)
        fact = next(f for f in history if isinstance(f.event, MemberEnrolled))
        gone = annul(
            entry.act, fact, history, origin=home.origin, line=[village], why=Why.WRONG_UNION,
            reason="名单报错工会",
        )  # fmt: skip
        entry.write(gone, corrects=fact.position)

    waiting = frozenset({Standing.APPLIED})
    assert listed(home, Sought(village)) == []
    assert listed(home, Sought(village, states=waiting)) == [member]
    assert listed(home, Sought(village, known_on=then)) == [member]
    assert listed(home, Sought(village, states=waiting, known_on=then)) == []


def test_a_transfer_moves_the_member_on_the_day_of_acceptance_for_both_provinces(
    home: World, host: World
) -> None:
    village, factory = home.union("巴学村工会"), host.union("东江电子厂工会", UnionKind.GRASSROOTS)
    person = home.worker()
    member = home.enrol(person, village, date(2026, 2, 1))
    offer = home.offer(member, village, factory, host.origin, date(2026, 3, 31))
    host.read_from(home)
    home.time.to(date(2026, 3, 10))
    host.accept(member, offer, factory)
    home.time.to(date(2026, 3, 16))
    home.read_from(host)
    unreleased = counted(home, Sought(own=True))
    home.conclude(member, offer, village)
    host.read_from(home)
    host.receive(member, offer, factory)
    home.read_from(host)

    assert unreleased.total == 1
    assert listed(home, Sought(own=False)) == listed(host, Sought(own=True)) == [member]
    assert listed(home, Sought(own=True)) == listed(host, Sought(own=False)) == []
    for world in (home, host):
        assert listed(world, Sought(village, on=date(2026, 3, 9))) == [member]
        assert listed(world, Sought(village, on=date(2026, 3, 10))) == []
        assert listed(world, Sought(factory, on=date(2026, 3, 10))) == [member]
        assert counted(world, Sought()).by_origin == {host.origin: 1}
    assert listed(home, Sought(factory, known_on=date(2026, 3, 15))) == []
    assert listed(home, Sought(village, known_on=date(2026, 3, 15))) == [member]


def test_a_person_of_two_memberships_is_counted_once_by_the_host(home: World, host: World) -> None:
    village, factory = home.union("巴学村工会"), host.union("东江电子厂工会", UnionKind.GRASSROOTS)
    at_home, at_host = home.worker(), host.worker()
    first = home.enrol(at_home, village, date(2026, 1, 10))
    second = host.enrol(at_host, factory, date(2026, 2, 10))
    home.enrol(home.worker(), village, date(2026, 1, 10))
    home.read_from(host)
    apart = counted(home, Sought(counted_by=CountedBy.HOST)).total
    home.time.to(date(2026, 3, 9))
    link = home.link(at_home, at_host)

    by_host = Sought(counted_by=CountedBy.HOST)
    assert apart == 3
    assert counted(home, Sought()).total == 3
    assert counted(home, by_host).total == 2
    assert counted(home, by_host).by_union[factory] == 1
    assert first not in listed(home, by_host)
    assert second not in listed(home, Sought(counted_by=CountedBy.HOME))
    assert counted(home, replace(by_host, known_on=date(2026, 3, 8))).total == 3
    assert counted(home, replace(by_host, on=date(2026, 2, 9))).total == 2  # only at home, then

    home.time.to(date(2026, 3, 12))
    home.unlink(link, at_home, at_host)
    assert counted(home, by_host).total == 3
    assert counted(home, replace(by_host, known_on=date(2026, 3, 11))).total == 2


def test_a_chain_of_links_is_one_person(home: World) -> None:
    unions = [home.union("甲村工会"), home.union("乙村工会")]
    one, between, other = home.worker(), home.worker(), home.worker()
    for person, union in zip((one, other), unions, strict=True):
        home.enrol(person, union)
    home.link(one, between)
    home.link(other, between)

    assert counted(home, Sought(counted_by=CountedBy.HOST)).total == 1


def test_two_memberships_under_one_id_are_counted_once(home: World, host: World) -> None:
    village, factory = home.union("巴学村工会"), host.union("东江电子厂工会", UnionKind.GRASSROOTS)
    person = home.worker()
    home.enrol(person, village, date(2026, 1, 10))
    second = host.enrol(person, factory, date(2026, 2, 10))
    home.read_from(host)

    assert listed(home, Sought(counted_by=CountedBy.HOST)) == [second]
    with home.ledger.reading() as reader:
        rows = rosters.of_persons(reader.conn, home.origin, [person])[person]
    assert [row.union for row in rows] == [village, factory]


def test_an_application_waits_until_it_is_decided(home: World) -> None:
    village = home.union("巴学村工会")
    applied = home.apply(home.worker(), village, channel=Channel.QR)
    waiting = Sought(home.root, states=frozenset({Standing.APPLIED}))
    before = counted(home, waiting)

    home.approve(applied, village)

    assert before.by_channel == {Channel.QR: 1}
    assert counted(home, waiting).total == 0


def test_no_name_stands_in_a_roster(home: World) -> None:
    village = home.union("巴学村工会")
    home.enrol(home.worker("韦秀英"), village)

    with home.ledger.reading() as reader:
        rows = reader.conn.exec_driver_sql("SELECT * FROM belonging").all()

    assert rows
    assert "韦秀英" not in repr(rows)


def sought(world: World, **given: str) -> Sought:
    return Sought.of(given, world.ledger.vault, world.ledger.province.code)


def move(world: World, person: PersonId, division: str) -> None:
    with world.entry(world.root) as entry:
        entry.write(entry.read(Person, person).move(entry.act, person, division, ""))


def employ(world: World, membership: MembershipId, union: UnionId, employer: str) -> None:
    with world.entry(union) as entry:
        told = entry.read(Membership, membership)
        entry.write(told.change_employment(entry.act, employer, ""))


def test_members_are_found_by_the_county_city_or_province_that_they_come_from_now(
    home: World,
) -> None:
    village = home.union("巴学村工会")
    stayed, moved = home.worker(), home.worker()
    here, there = home.enrol(stayed, village), home.enrol(moved, village)

    move(home, moved, "450422")

    both = {here, there}
    assert listed(home, sought(home, home="451224")) == [here]
    assert listed(home, sought(home, home="河池市东兰县")) == [here]
    assert listed(home, sought(home, home="4512", union=village)) == [here]
    assert listed(home, sought(home, home="藤县")) == [there]
    assert set(listed(home, sought(home, home="45"))) == both
    assert listed(home, sought(home, home="44")) == []
    assert counted(home, sought(home, home="451224")).total == 1


def test_who_was_written_down_under_a_countys_earlier_code_comes_from_it(home: World) -> None:
    village, person = home.union("巴学村工会"), home.worker()
    member = home.enrol(person, village)

    move(home, person, "452728")

    assert listed(home, sought(home, home="451224")) == [member]


def test_members_are_found_by_the_employer_of_today_and_not_by_an_earlier_one(
    home: World,
) -> None:
    village = home.union("巴学村工会")
    stayed, left, idle = (home.enrol(home.worker(), village) for _ in range(3))

    employ(home, left, village, "恒达电子（东莞）有限公司")
    employ(home, idle, village, "")

    assert listed(home, sought(home, employer="东江电子厂")) == [stayed]
    assert listed(home, sought(home, employer="恒达电子(东莞)有限公司")) == [left]
    assert listed(home, sought(home, employer="东江电子厂", home="450422")) == []


def test_what_was_corrected_finds_nobody_any_more(home: World) -> None:
    village = home.union("巴学村工会")
    person, membership = home.worker(), new_membership()
    wrong = Membership.apply(
        home.act(village), membership, person, village, Channel.PLAIN, of_age=True,
        confirmed=Confirmed.SIGNED, employer="东江电子广",
    )  # fmt: skip
    position = home.write(wrong, village)
    home.approve(membership, village)

    right = replace(wrong, employer="东江电子厂")
    home.write(right, village, corrects=position)

    assert listed(home, sought(home, employer="东江电子广")) == []
    assert listed(home, sought(home, employer="东江电子厂")) == [membership]


@pytest.mark.parametrize("few", [0, 2, 5_000])
def test_few_and_many_are_the_same_roster(
    home: World, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    town = home.union("武篆镇工会", UnionKind.TOWNSHIP)
    villages = [home.union(f"第{at}村工会", superior=town) for at in range(3)]
    members = [(village, home.enrol(home.worker(), village)) for village in villages * 2]
    home.enrol(home.worker(), home.union("另一村工会"))
    monkeypatch.setattr(rosters, "FEW", few)

    asked = sought(home, home="451224", employer="东江电子厂", union=town)

    assert listed(home, asked, limit=1) == [member for _, member in sorted(members)]
    assert counted(home, asked).by_union == dict.fromkeys(villages, 2)


def test_a_home_that_is_nowhere_is_an_error_and_never_everything(home: World) -> None:
    for nowhere in ("999999", "4", "451", "中土世界"):
        with pytest.raises(UnknownFilter):
            sought(home, home=nowhere)


def test_no_home_and_no_employer_stands_in_a_roster(home: World) -> None:
    village = home.union("巴学村工会")
    home.enrol(home.worker(), village)

    with home.ledger.reading() as reader:
        rows = reader.conn.exec_driver_sql("SELECT * FROM belonging").all()

    assert "东江电子厂" not in repr(rows)
    assert "451224" not in repr(rows)


def test_applications_are_told_apart_by_what_was_found_of_them(home: World) -> None:
    village = home.union("巴学村工会")
    waits, fits, unfit = (home.apply(home.worker(), village) for _ in range(3))
    for membership, fit in ((fits, True), (unfit, False)):
        with home.entry(village, Office.REVIEWER) as entry:
            entry.write(entry.read(Membership, membership).examine(entry.act, fit))

    def step(fit: Examined) -> list[MembershipId]:
        applied = frozenset({Standing.APPLIED})
        return listed(home, Sought(home.root, states=applied, fit=fit))

    assert step(Examined.NOT_YET) == [waits]
    assert step(Examined.FIT) == [fits]
    assert step(Examined.UNFIT) == [unfit]
    home.approve(fits, village)
    assert step(Examined.FIT) == []


def test_an_unknown_filter_is_an_error_and_never_everything(home: World) -> None:
    right = sought(home, union="uni_x", state="member", as_of="2026-03-01")

    assert right.states == {Standing.MEMBER}
    assert right.on == date(2026, 3, 1)
    for wrong in ({"stat": "member"}, {"state": "membr"}, {"as_of": "yesterday"}, {"below": "ja"}):
        with pytest.raises(UnknownFilter):
            sought(home, **wrong)


def test_members_without_an_outcome_are_counted_for_their_union(home: World) -> None:
    village = home.union("巴学村工会")
    home.enrol(home.worker(), village, home.today - timedelta(days=3))

    with home.ledger.reading() as reader:
        assert rosters.members_left(reader.conn, home.origin, village) == 1
