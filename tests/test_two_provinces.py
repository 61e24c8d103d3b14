"""The whole story of two provinces (两省的故事), as `docs/start.md` tells it.

It is told once, through the same book, desk, rosters and exchange that an office uses; then each
test asks what either side sees, on a day, as known on a day.
"""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from shutil import copytree

import pytest

from ledger.book import Ledger, Look, open_ledger
from ledger.demo import story
from ledger.demo.people import CAST, EMPLOYERS, HEROINE, PRIVATE, TWICE, Someone, six_hundred
from ledger.domain.aid import AidGrant, AidList, PaymentState, Stage
from ledger.domain.funds import Fund
from ledger.domain.ids import PersonId
from ledger.domain.membership import State
from ledger.domain.questions import Question
from ledger.domain.rights import CaseState, RightsCase
from ledger.domain.unions import UnionKind
from ledger.journal import fsck
from ledger.projections import channels, grants, rosters, transfers, union_tree
from ledger.replay import AlertKind, WorkerFile, worker
from ledger.settings import Settings

TODAY = date(2026, 11, 20)


@dataclass
class Told:
    """The two ledgers after the story, and how to ask them."""

    home: Ledger
    host: Ledger
    data: Path

    def person(self, someone: Someone, ledger: Ledger | None = None) -> PersonId:
        number = six_hundred()[CAST.index(someone)].number
        side = ledger or self.home
        with side.reading() as reader:
            found = side.vault.holders(reader.conn, [number])[number]
        return PersonId(found[0])

    def file(
        self, ledger: Ledger, someone: Someone, as_of: date | None = None,
        known_on: date | None = None,
    ) -> WorkerFile:  # fmt: skip
        look = Look("per_test", "uni_test", "worker", "story")
        with ledger.looking(look) as reader:
            return worker(reader, self.person(someone), as_of=as_of, known_on=known_on)


@pytest.fixture(scope="module")
def told(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[Told]:
    data = tmp_path_factory.mktemp("story") / "data"
    copytree(demo, data)
    settings = Settings.from_environment({"LIANGDI_DATA": str(data)})
    ledgers = {each.code: open_ledger(each) for each in settings.provinces()}
    yield Told(ledgers["45"], ledgers["44"], data)
    for ledger in ledgers.values():
        ledger.close()


def answering(file: WorkerFile, on: date) -> list[str]:
    return [interval.union_name for interval in file.responsible_on(on)]


def test_the_agreement_stands_when_both_have_signed(told: Told) -> None:
    with told.home.reading() as reader:
        agreed = channels.agreements_with(reader.conn, told.host.origin)

    with told.host.reading() as reader:
        also = channels.agreements_with(reader.conn, told.home.origin)

    assert len(agreed) == 1
    assert agreed == also


def test_each_side_sees_the_unions_of_the_other(told: Told) -> None:
    with told.host.reading() as reader:
        (county,) = union_tree.find(reader.conn, told.host.origin, "东兰县总工会")

    with told.home.reading() as reader:
        (company,) = union_tree.find(reader.conn, told.home.origin, f"{EMPLOYERS[0]}工会")

    assert county.origin == told.home.origin
    assert company.origin == told.host.origin
    assert company.kind is UnionKind.GRASSROOTS


def test_six_hundred_became_members_by_one_list(told: Told) -> None:
    with told.home.reading() as reader:
        sought = rosters.Sought(on=story.ROSTER_IN, known_on=story.ROSTER_IN)
        counted = rosters.count(reader.conn, told.home.origin, sought)

    # One of the six hundred had been a member in 广东 all along, which nobody knew yet.
    assert counted.total == 600


def test_she_was_a_member_of_her_county_before_she_moved(told: Told) -> None:
    before = told.file(told.home, HEROINE, as_of=date(2026, 5, 1))

    assert before.current is not None
    assert before.current.union_name == "东兰县总工会"
    assert before.current.since == story.APPROVED


def test_both_provinces_show_the_same_life(told: Told) -> None:
    at_home = told.file(told.home, HEROINE)
    at_work = told.file(told.host, HEROINE)

    assert at_home.current is not None
    assert at_work.current is not None
    assert at_home.current.union_name == at_work.current.union_name == f"{EMPLOYERS[0]}工会"
    assert [lane.short for lane in at_home.lanes] == [lane.short for lane in at_work.lanes]
    assert at_work.identity.name == "韦秀英"


def test_on_the_day_she_was_hurt_her_county_answered_as_far_as_was_known_then(told: Told) -> None:
    then = told.file(told.host, HEROINE, as_of=story.HURT, known_on=story.SEEN)

    assert answering(then, story.HURT) == ["东兰县总工会"]


def test_as_known_now_the_company_union_had_taken_her_over_the_day_before(told: Told) -> None:
    for ledger in (told.home, told.host):
        now = told.file(ledger, HEROINE, as_of=story.HURT)

        assert answering(now, story.HURT) == [f"{EMPLOYERS[0]}工会"]


def test_the_corrected_date_shows_beside_the_wrong_one(told: Told) -> None:
    now = told.file(told.host, HEROINE)

    struck = [line for line in now.lines if line.struck]
    corrected = [line for line in now.lines if line.corrects is not None]

    assert {line.on for line in struck} == {story.ACCEPTED}
    assert {line.on for line in corrected} == {story.REALLY}
    assert any("进出登记表" in reason for line in corrected for reason in line.reasons)


def test_one_offer_was_declined_and_the_member_stayed_where_she_was(told: Told) -> None:
    with told.home.reading() as reader:
        sought = transfers.Sought(TODAY, tab=transfers.Tab.RETURNED)
        returned = transfers.listing(reader.conn, told.home.origin, sought, limit=500).rows

    assert "not_found" in {line.ground for line in returned}
    for line in returned:
        assert line.from_origin == told.home.origin


def test_what_nobody_answered_lapsed_and_nobody_was_without_a_union(told: Told) -> None:
    with told.home.reading() as reader:
        listed = transfers.listing(
            reader.conn, told.home.origin,
            transfers.Sought(TODAY, state=transfers.TransferState.LAPSED), limit=500,
        ).rows  # fmt: skip
        standing = rosters.of_persons(
            reader.conn, told.home.origin, [line.person for line in listed]
        )

    assert listed
    for line in listed:
        assert standing[line.person], line


def test_who_was_found_a_member_twice_keeps_the_earlier_date(told: Told) -> None:
    for ledger in (told.home, told.host):
        file = told.file(ledger, TWICE)

        assert file.current is not None
        assert file.current.since == date(2019, 6, 1)
        assert file.current.union_name == f"{EMPLOYERS[1]}工会"
        assert len(file.state.held) == 1
        assert AlertKind.DOUBLE not in {alert.kind for alert in file.warnings}


def test_after_the_consent_was_withdrawn_the_partner_sees_a_line_and_no_name(told: Told) -> None:
    at_home = told.file(told.home, PRIVATE)
    at_work = told.file(told.host, PRIVATE)

    assert at_home.identity.name == "蓝美莲"
    assert at_work.identity.name == ""
    assert AlertKind.RESTRICTED in {alert.kind for alert in at_work.warnings}
    assert any(line.restricted for line in at_work.lines)


def test_the_projects_members_were_retained_by_the_street(told: Told) -> None:
    with told.host.reading() as reader:
        (street,) = union_tree.find(reader.conn, told.host.origin, "深圳市龙华区龙华街道总工会")
        kept = rosters.members(
            reader.conn, told.host.origin, rosters.Sought(union=street.union, below=False),
            limit=200,
        ).rows  # fmt: skip
        (project,) = union_tree.find(
            reader.conn, told.host.origin, "中建三局龙华项目工会", on=date(2026, 9, 1)
        )
        left = rosters.members_left(reader.conn, told.host.origin, project.union, TODAY)

    assert kept
    assert {row.state for row in kept} == {rosters.Standing.RETAINED}
    assert left == 0


def test_a_few_are_still_on_their_way(told: Told) -> None:
    with told.host.reading() as reader:
        sought = transfers.Sought(TODAY, tab=transfers.Tab.WAITING)
        waiting = transfers.listing(reader.conn, told.host.origin, sought, limit=50).rows

    assert waiting
    assert {line.state for line in waiting} == {transfers.TransferState.OPEN}


def test_every_state_of_a_current_member_is_a_members(told: Told) -> None:
    file = told.file(told.home, HEROINE)

    assert file.current is not None
    assert file.current.state in {State.MEMBER, State.RETAINED}


def test_both_journals_are_whole(told: Told) -> None:
    for ledger in (told.home, told.host):
        report = fsck.check(ledger.database, ledger.origin, vault=ledger.vault)

        assert report.sound, report.faults[:3]


def test_the_story_on_the_first_page_leads_somewhere(told: Told) -> None:
    links = story.links(told.data)

    assert len(links) >= 9
    assert {link["province"] for link in links} == {"44", "45"}
    assert all(link["path"].startswith("/") for link in links)


# ── money and cases ──────────────────────────────────────────────────────────────────────────


def link(told: Told, path: str) -> str:
    """The thing that a link of the story leads to."""
    return next(each["path"] for each in story.links(told.data) if path in each["path"]).rsplit(
        "/"
    )[-1]


def test_the_study_grant_was_paid_after_all_and_part_of_it_came_back(told: Told) -> None:
    with told.home.reading() as reader:
        grant = reader.get(AidGrant, link(told, "/grants/"))
        fund = reader.get(Fund, link(told, "/funds/"))

    assert [each.state for each in grant.payments.values()] == [
        PaymentState.FAILED, PaymentState.SIGNED
    ]  # fmt: skip
    assert (grant.paid, grant.taken_back) == (4000_00, 500_00)
    assert (fund.balance, fund.reserved, fund.unfunded) == (296_500_00, 0, 0)


def test_each_household_of_the_list_got_the_same_and_one_has_not_signed(told: Told) -> None:
    aid_list = link(told, "/aid-lists/")
    with told.home.reading() as reader:
        held = reader.get(AidList, aid_list)
        sought = grants.Sought(aid_list=aid_list)
        counted = grants.counted(reader.conn, told.home.origin, sought)

    assert (held.paid, held.paid_count) == (30 * 400_00, 30)
    assert counted[Stage.PAID][0] == 1
    assert counted[Stage.RECEIVED][0] == 29


def test_both_provinces_count_the_same_wages_to_the_fen(told: Told) -> None:
    case = link(told, "/cases/")
    for ledger in (told.home, told.host):
        with ledger.reading() as reader:
            held = reader.get(RightsCase, case)
        assert len(held.claims) == 39
        assert sum(each.asked.wages for each in held.claims.values()) == 190_000_00
        assert sum(held.recovered(person).wages for person in held.claims) == 190_000_00
        assert held.state is not CaseState.CLOSED  # one of them asked to open it again


def test_the_auditors_question_was_answered_and_ruled(told: Told) -> None:
    with told.home.reading() as reader:
        question = reader.get(Question, link(told, "/questions/"))

    assert question.closed is not None
