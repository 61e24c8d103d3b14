"""The tree of unions: found, climbed, descended; on a day, and as known on a day."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from ledger.domain.corrections import Why, correct
from ledger.domain.ids import UnionId, new_station
from ledger.domain.kernel import Code, Office
from ledger.domain.stations import Station, StationClosing, StationKind
from ledger.domain.unions import DissolutionReason, Union, UnionFounded, UnionKind
from ledger.projections import union_tree
from tests.world import World, open_province


@pytest.fixture
def home(tmp_path: Path, ledger_url: str) -> Iterator[World]:
    world = open_province(tmp_path, url=ledger_url)
    yield world
    world.ledger.close()


def grown(home: World) -> dict[str, UnionId]:
    city = home.union("河池市总工会", UnionKind.FEDERATION, division="451200")
    county = home.union("东兰县总工会", UnionKind.FEDERATION, city, "451224")
    town = home.union("武篆镇总工会", UnionKind.TOWNSHIP, county, "451224104")
    village = home.union("巴学村工会", UnionKind.VILLAGE, town, "451224104201")
    return {"city": city, "county": county, "town": town, "village": village}


def test_a_union_knows_those_above_and_below_it(home: World) -> None:
    tree = grown(home)

    with home.ledger.reading() as reader:
        ask = (reader.conn, home.origin)
        line = union_tree.line(*ask, tree["village"])
        below = union_tree.subtree(*ask, tree["city"])
        children = union_tree.children(*ask, tree["county"])
        roots = union_tree.roots(*ask)

    assert [row.name for row in line] == [
        "巴学村工会", "武篆镇总工会", "东兰县总工会", "河池市总工会", "广西壮族自治区总工会",
    ]  # fmt: skip
    assert below[0] == tree["city"]
    assert set(below) == set(tree.values())
    assert [row.union for row in children] == [tree["town"]]
    assert [row.union for row in roots] == [home.root]


def test_a_union_is_found_by_its_name_its_division_its_id(home: World) -> None:
    tree = grown(home)
    ask = union_tree.find

    with home.ledger.reading() as reader:
        conn, origin = reader.conn, home.origin
        by_name = ask(conn, origin, "东兰县总工会")
        by_part = ask(conn, origin, "总工会")
        by_code = ask(conn, origin, "451224000000")
        by_id = ask(conn, origin, tree["town"])
        named = union_tree.named(conn, origin, ["武篆镇总工会", "无此工会"])
        hostile = ask(conn, origin, "%' OR 1=1 --")

    assert [row.union for row in by_name] == [tree["county"]]
    assert {row.union for row in by_part} == {home.root, tree["city"], tree["county"], tree["town"]}
    assert [row.union for row in by_code] == [tree["county"]]
    assert [row.union for row in by_id] == [tree["town"]]
    assert named == {"武篆镇总工会": [tree["town"]]}
    assert hostile == []


def test_an_address_leads_to_the_lowest_union_that_there_is(home: World) -> None:
    tree = grown(home)
    seat = home.union("东兰镇工会", UnionKind.VILLAGE, tree["county"], "451224")

    with home.ledger.reading() as reader:
        found = union_tree.lowest(
            reader.conn, home.origin,
            ["451224104201", "451224104999", "451224", "451202", "450103", "440103"],
        )  # fmt: skip

    assert found == {
        "451224104201": tree["village"],
        "451224104999": tree["town"],
        "451224": seat,  # a village's union comes before the county's federation
        "451202": tree["city"],
        "450103": home.root,
    }


def test_of_several_villages_under_one_code_none_is_guessed(home: World) -> None:
    tree = grown(home)
    home.union("甲村工会", UnionKind.VILLAGE, tree["county"], "451224")
    home.union("乙村工会", UnionKind.VILLAGE, tree["county"], "451224")

    with home.ledger.reading() as reader:
        found = union_tree.lowest(reader.conn, home.origin, ["451224"])

    assert found == {"451224": tree["county"]}


def test_a_name_and_a_superior_hold_from_their_day_on(home: World) -> None:
    tree = grown(home)
    other = home.union("环江县总工会", UnionKind.FEDERATION, tree["city"], "451226")
    with home.entry(tree["county"], Office.CHAIR, date(2026, 2, 10)) as entry:
        town = entry.read(Union, tree["town"])
        entry.write(town.rename(entry.act, "武篆镇工会联合会", line=entry.line(tree["town"])))
    with home.entry(tree["city"], Office.CHAIR, date(2026, 2, 20)) as entry:
        town = entry.read(Union, tree["town"])
        move = town.move(
            entry.act, entry.read(Union, other), line=entry.line(tree["town"]),
            superior_line=entry.line(other),
        )  # fmt: skip
        entry.write(move)

    with home.ledger.reading() as reader:
        rows = union_tree.spans_of(reader.conn, home.origin, [tree["town"]])[tree["town"]]
        then = union_tree.subtree(reader.conn, home.origin, tree["county"], date(2026, 2, 19))
        now = union_tree.subtree(reader.conn, home.origin, tree["county"])

    assert [(row.name, row.superior, row.since) for row in rows] == [
        ("武篆镇总工会", tree["county"], date(2000, 1, 1)),
        ("武篆镇工会联合会", tree["county"], date(2026, 2, 10)),
        ("武篆镇工会联合会", other, date(2026, 2, 20)),
    ]
    assert set(then) == {tree["county"], tree["town"], tree["village"]}
    assert now == [tree["county"]]


def test_a_union_that_has_ended_is_found_as_it_was(home: World) -> None:
    project = home.union("大桥项目工会", UnionKind.PROJECT)
    with home.entry(home.root, Office.CHAIR, date(2026, 2, 15)) as entry:
        ended = entry.read(Union, project).dissolve(
            entry.act, DissolutionReason.PROJECT_ENDED, line=entry.line(project), members_left=0
        )
        entry.write(ended)

    with home.ledger.reading() as reader:
        ask = (reader.conn, home.origin)
        open_then = union_tree.find(*ask, "大桥", on=date(2026, 2, 14))
        open_now = union_tree.find(*ask, "大桥")
        (row,) = union_tree.get(*ask, [project]).values()

    assert [each.union for each in open_then] == [project]
    assert open_now == []
    assert (row.name, row.until) == ("大桥项目工会", date(2026, 2, 15))
    assert not row.holds(None)


def test_what_was_known_before_a_correction_can_still_be_asked(home: World) -> None:
    union = home.union("八学村工会", on=date(2026, 3, 1))
    with home.ledger.reading() as reader:
        (fact,) = reader.history(union)
    before = home.today
    home.time.to(date(2026, 3, 20))
    assert isinstance(fact.event, UnionFounded)
    with home.entry(home.root, Office.CHAIR, date(2026, 3, 1)) as entry:
        right = replace(fact.event, name="巴学村工会")
        what = correct(
            entry.act, fact, right, [fact], origin=home.origin, line=[home.root],
            why=Why.MISTYPED, reason="“巴”误作“八”",
        )  # fmt: skip
        entry.write(what.head)
        entry.write(what.replacement, corrects=what.corrects)

    with home.ledger.reading() as reader:
        ask = (reader.conn, home.origin, [union], date(2026, 3, 5))
        now, then = union_tree.get(*ask), union_tree.get(*ask, before)

    assert now[union].name == "巴学村工会"
    assert then[union].name == "八学村工会"


def test_the_partners_unions_stand_beside_ours(home: World, tmp_path: Path) -> None:
    host = open_province(tmp_path, "44", time=home.time)
    city = host.union("东莞市总工会", UnionKind.FEDERATION, division="441900")
    home.read_from(host)

    with home.ledger.reading() as reader:
        ask = (reader.conn, home.origin)
        (found,) = union_tree.find(*ask, "东莞")
        ours = union_tree.find(*ask, "总工会", own=True)
        lowest = union_tree.lowest(*ask, ["441900"])
        kinds = union_tree.count(*ask)
    host.ledger.close()

    assert (found.union, found.origin) == (city, host.origin)
    assert [row.union for row in ours] == [home.root]
    assert lowest == {}
    assert kinds[host.origin, UnionKind.FEDERATION] == 2


def test_a_station_is_found_by_owner_and_by_place_while_it_is_open(home: World) -> None:
    station = new_station()
    with home.entry(home.root, Office.STATION, date(2026, 2, 3)) as entry:
        opened = Station.establish(
            entry.act, station, "广西驻粤农民工服务总站", StationKind.MAIN_STATION, home.root,
            Code("440103"), line=[home.root], address="荔湾区",
        )  # fmt: skip
        entry.write(opened)
    with home.entry(home.root, Office.STATION, date(2026, 2, 9)) as entry:
        moved = entry.read(Station, station).move(entry.act, Code("440106"), line=[home.root])
        entry.write(moved)
    with home.entry(home.root, Office.STATION, date(2026, 2, 25)) as entry:
        closed = entry.read(Station, station).close(
            entry.act, StationClosing.DECIDED, line=[home.root]
        )
        entry.write(closed)

    with home.ledger.reading() as reader:
        ask = (reader.conn, home.origin)
        here = union_tree.stations_of(*ask, location="440103", on=date(2026, 2, 5))
        there = union_tree.stations_of(*ask, owner=home.root, on=date(2026, 2, 24))
        over = union_tree.stations_of(*ask, station=station)

    assert [(row.name, row.address) for row in here] == [("广西驻粤农民工服务总站", "荔湾区")]
    assert [row.location for row in there] == ["440106"]
    assert over == []
