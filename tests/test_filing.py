"""Hardship files in two journals: one open a household, found wherever it is, told apart when not."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ledger import procedures
from ledger.book import NotFound
from ledger.domain.hardship import (
    Category,
    DuplicateOfNothing,
    FileBasis,
    FileOfAnother,
    FileOutcome,
    HardshipCause,
    HardshipFile,
    HouseholdHasFile,
    OpenerReviews,
)
from ledger.domain.ids import FileId, HouseholdId, PersonId, UnionId, new_household
from ledger.domain.kernel import Act, Basis, Code, Decision, Group, Office, Scope
from ledger.domain.offices import Offices
from ledger.domain.persons import Household, NotInHousehold, Relation
from ledger.projections import hardship_files
from ledger.projections.hardship_files import Sought
from ledger.replay import AlertKind, worker
from tests.pair import annex, close, open_pair
from tests.world import World, open_province

UNTIL = date(2027, 3, 2)


@dataclass
class Home:
    """A household in a province, and the union of its place."""

    world: World
    union: UnionId
    household: HouseholdId = field(default_factory=new_household)

    def open(self, worker: PersonId) -> "Home":
        with self.world.entry(self.union) as entry:
            entry.write(*Household.open(entry.act, self.household, worker))
        return self

    def join(self, person: PersonId, relation: Relation = Relation.SPOUSE) -> None:
        with self.world.entry(self.union) as entry:
            held = entry.read(Household, self.household)
            entry.write(held.join(entry.act, self.household, person, relation))

    def file(self, person: PersonId, number: str = "困〔2026〕1号", **more: Any) -> FileId:
        act = self.world.act(self.union)
        with self.world.ledger.entry(act, lock=True) as entry:
            opened = procedures.open_file(
                entry, self.household, person, Category.RELATIVE, HardshipCause.GRAVE_ILLNESS, (),
                FileBasis.MEANS_CHECK, UNTIL, Code(number), **more,
            )  # fmt: skip
        return opened.file

    def close(self, file: FileId, outcome: FileOutcome, other: FileId | None = None) -> None:
        with self.world.entry(self.union, Office.REVIEWER) as entry:
            procedures.close_file(entry, file, outcome, duplicate_of=other)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[World]:
    world = open_province(tmp_path)
    yield world
    world.ledger.close()


@pytest.fixture
def host(tmp_path: Path, home: World) -> Iterator[World]:
    world = open_province(tmp_path, "44", time=home.time)
    yield world
    world.ledger.close()


def alerts(world: World, person: PersonId) -> list[str]:
    with world.ledger.looking(world.look()) as reader:
        warnings = worker(reader, person).warnings
    return [each.text for each in warnings if each.kind is AlertKind.TWO_FILES]


def family(world: World, name: str = "纳合村工会") -> tuple[Home, PersonId, PersonId]:
    wife, husband = world.worker("韦秀英"), world.worker("黄志强")
    lived = Home(world, world.union(name)).open(wife)
    lived.join(husband)
    return lived, wife, husband


# ── in one journal ───────────────────────────────────────────────────────────────────────────


def test_a_household_has_one_open_file_whoever_is_its_head(home: World) -> None:
    lived, wife, husband = family(home)
    file = lived.file(wife)

    with pytest.raises(HouseholdHasFile) as refused:
        lived.file(husband)

    assert refused.value.facts["files"] == [file]


def test_after_a_close_the_household_may_have_another_file(home: World) -> None:
    lived, wife, husband = family(home)
    lived.close(lived.file(wife), FileOutcome.RECOVERED)

    again = lived.file(husband)

    with home.ledger.reading() as reader:
        assert reader.get(HardshipFile, again).open


def test_a_file_is_for_somebody_of_the_household(home: World) -> None:
    lived, _, _ = family(home)

    with pytest.raises(NotInHousehold):
        lived.file(home.worker())


def test_the_claim_holds_where_the_procedure_is_gone_round(home: World) -> None:
    lived, wife, _ = family(home)
    lived.file(wife)

    with pytest.raises(HouseholdHasFile), home.entry(lived.union) as entry:
        entry.write(
            HardshipFile.open_for(
                entry.act, FileId("hrd_" + "a" * 26), lived.household, wife, Category.SEVERE,
                HardshipCause.OTHER, (), FileBasis.DIBAO, UNTIL, Code("困〔2026〕2号"),
            )
        )  # fmt: skip


def test_two_records_of_one_person_are_one(home: World) -> None:
    lived, wife, _ = family(home)
    lived.file(wife)
    again = home.worker("韦秀英")
    elsewhere = Home(home, lived.union).open(again)
    home.link(wife, again)

    with pytest.raises(HouseholdHasFile):
        elsewhere.file(again)


def test_who_acts_for_the_opener_does_not_review(home: World) -> None:
    lived, wife, _ = family(home)
    clerk, deputy = home.officer(lived.union, Office.CLERK), home.officer(home.root, Office.CLERK)
    file = lived.file(wife)
    with home.entry(lived.union, Office.CHAIR) as entry:
        entry.write(
            Offices().appoint(
                entry.act, clerk, lived.union, Office.REVIEWER, line=[lived.union],
            ),
        )  # fmt: skip
    with home.entry(lived.union, Office.CHAIR) as entry:
        entry.write(
            entry.offices_of(deputy).delegate(
                entry.act, deputy, entry.offices_of(clerk), clerk, lived.union, Office.REVIEWER,
                home.today, UNTIL, line=[lived.union],
            ),
        )  # fmt: skip

    act = home.act(lived.union, Office.REVIEWER)
    for who in (clerk, deputy):
        decided = Decision(who, Office.REVIEWER)
        with pytest.raises(OpenerReviews), home.ledger.entry(_by(act, who)) as entry:
            procedures.review_file(entry, file, Category.SEVERE, UNTIL)
        with home.ledger.entry(_by(home.act(lived.union), None, decided)) as entry:
            found = procedures.review_file(entry, file, Category.SEVERE, UNTIL).findings
            assert found == ("OpenerReviews",)


def _by(act: Act, who: PersonId | None, decided: Decision | None = None) -> Act:
    return replace(act, officer=who or act.officer, decided_by=decided)


# ── across the partnership ───────────────────────────────────────────────────────────────────


def test_a_partners_open_file_bars_a_second_as_soon_as_it_is_read(home: World, host: World) -> None:
    lived, wife, _ = family(home)
    file = lived.file(wife)
    host.read_from(home)
    away = Home(host, host.union("莞城街道工会")).open(wife)

    with pytest.raises(HouseholdHasFile) as refused:
        away.file(wife)

    assert refused.value.facts["files"] == [file]
    lived.close(file, FileOutcome.MOVED_AWAY)
    host.read_from(home)
    assert away.file(wife)


def test_a_wifes_file_at_home_bars_one_for_her_husband_away(home: World, host: World) -> None:
    lived, wife, husband = family(home)
    lived.file(wife)
    host.read_from(home)
    here = host.worker("黄志强")
    host.link(here, husband)
    away = Home(host, host.union("莞城街道工会")).open(here)

    with pytest.raises(HouseholdHasFile):
        away.file(here)


def test_two_opened_apart_are_found_and_one_is_closed_as_the_duplicate(
    home: World, host: World
) -> None:
    lived, wife, husband = family(home)
    host.read_from(home, without={"HardshipFileOpened"})
    away = Home(host, host.union("莞城街道工会")).open(husband)
    first, second = lived.file(wife, "桂困1"), away.file(husband, "粤困9")
    assert (alerts(home, wife), alerts(host, wife)) == ([], [])

    home.read_from(host)

    for person in (wife, husband):
        [alert] = alerts(home, person)
        assert "桂困1" in alert
        assert "粤困9" in alert
    with pytest.raises(FileOfAnother):
        lived.close(second, FileOutcome.REMOVED)
    with pytest.raises(DuplicateOfNothing):
        lived.close(first, FileOutcome.DUPLICATE, FileId("hrd_" + "a" * 26))
    lived.close(first, FileOutcome.DUPLICATE, second)
    assert alerts(home, wife) == []


def test_what_is_known_now_is_no_alert_on_a_page_of_the_past(home: World, host: World) -> None:
    lived, wife, husband = family(home)
    away = Home(host, host.union("莞城街道工会"))
    host.read_from(home)
    away.open(husband).file(husband)
    lived.file(wife)
    home.read_from(host)

    with home.ledger.looking(home.look()) as reader:
        file = worker(reader, wife, known_on=home.today)

    assert all(each.kind is not AlertKind.TWO_FILES for each in file.warnings)


def test_files_pass_through_the_channel_where_the_agreement_covers_aid(tmp_path: Path) -> None:
    terms = annex(
        (Scope.ORGANISATION, Scope.PERSON, Scope.MEMBERSHIP, Scope.AID),
        (Group.IDENTITY, Group.MEMBERSHIP),
    )
    pair = open_pair(tmp_path).agree(terms)
    person, membership = pair.member("韦秀英")
    lived = Home(pair.home, pair.village).open(person)
    file = lived.file(person, remark="丈夫重病")
    pair.offer(membership, basis=Basis.STATUTORY_DUTY)
    pair.sync()

    with pair.host.ledger.looking(pair.host.look()) as reader:
        rows = hardship_files.listing(reader.conn, pair.host.origin, Sought(own=False)).rows
        told = worker(reader, person).lines
    close(pair)

    assert [row.file for row in rows] == [file]
    [line] = [one for one in told if one.kind == "HardshipFileOpened"]
    assert "丈夫重病" not in repr(line)


def test_an_unknown_file_is_not_found(home: World) -> None:
    with pytest.raises(NotFound), home.entry(home.root, Office.REVIEWER) as entry:
        procedures.review_file(entry, FileId("hrd_" + "a" * 26), Category.SEVERE, UNTIL)
