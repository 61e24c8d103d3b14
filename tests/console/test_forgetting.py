"""限制与删除 as two officers at their browsers have it, and a worker's pages once she is gone."""

import re
from datetime import date

import pytest

from ledger.domain.help import Want
from ledger.domain.ids import PersonId, UnionId, spoken
from ledger.domain.kernel import Office
from ledger.domain.membership import Card, Membership
from ledger.procedures import ask_for_help
from tests.console.conftest import Seats, fields_in, told
from tests.forgetting import adopt_terms, restrict
from tests.world import World

ASKED = {"ground": "asked", "paper": "申请12号"}


@pytest.fixture
def person(home: World) -> PersonId:
    return home.worker("韦秀英", phone="13800000000")


def leave(home: World, person: PersonId, village: UnionId) -> None:
    """She was a member of a village's union, and has left it."""
    membership = home.enrol(person, village)
    with home.entry(village, Office.APPROVER) as entry:
        entry.write(*entry.read(Membership, membership).leave(entry.act, card=Card.KEPT))


def test_without_terms_the_page_leads_to_them_and_the_chair_adopts_them_as_they_stand(
    home: World, person: PersonId, seats: Seats
) -> None:
    clerk, chair = seats(home.root, Office.CLERK), seats(home.root, Office.CHAIR)

    before = clerk.see(f"/forgetting/{person}")
    assert "尚未登记保存期限规定" in before
    assert "forgetting/restrict" not in before
    assert "forgetting/adopt" not in clerk.see("/retention-terms")
    chair.act("forgetting/adopt", {"next": "/retention-terms"}, edition="桂工发〔2026〕3号")

    terms = told(clerk.see("/retention-terms"))
    assert "桂工发〔2026〕3号 现行" in terms
    assert "会计凭证 30 自会计年度终了后第一天" in terms


def test_one_restricts_another_shreds_and_the_page_leads_both_there(
    home: World, person: PersonId, seats: Seats
) -> None:
    adopt_terms(home)
    clerk, lead = seats(home.root, Office.CLERK), seats(home.root, Office.PRIVACY)
    page, number = f"/forgetting/{person}", spoken(person)
    assert page in clerk.see(f"/workers/{person}")

    asked = told(clerk.see(page))
    assert "限制与删除： 韦秀英" in asked
    assert "封存的文字" in asked
    clerk.act("forgetting/restrict", {"person": person, "next": page}, **ASKED)

    first = clerk.see(page)
    assert "韦秀英" not in first
    assert "限制与销毁须由两人分别决定" in first
    assert "forgetting/shred" not in first
    assert "本人要求删除" in told(first)
    waiting = told(lead.see("/workbench"))
    assert f"期满，待第二人销毁 人员 {number}" in waiting
    assert number in told(lead.see("/forgetting"))
    assert "forgetting/shred" in lead.see(page)

    lead.act("forgetting/shred", {"person": person, "next": page}, paper="销毁3号")

    after = told(lead.see(page))
    assert "已删除" in after
    assert "未曾提供" in after  # nothing was ever given to a partner
    assert "封存的文字 0 组" in after
    assert number in told(lead.see("/forgetting?tab=shredded"))
    assert "期满，待第二人销毁" not in told(lead.see("/workbench"))


def test_from_a_workers_own_request_the_form_opens_with_its_number(
    home: World, person: PersonId, seats: Seats
) -> None:
    adopt_terms(home)
    lead = seats(home.root, Office.PRIVACY)
    with home.entry(home.root, Office.CLERK) as entry:
        asked = ask_for_help(entry, person, home.root, Want.FORGET)

    page = lead.see(f"/help-requests/{asked}")
    where = re.search(r"/do/forgetting/restrict\?[^\"]+", page)

    assert where is not None, told(page)
    form = lead.see(where[0].replace("&amp;", "&"))
    filled = dict(fields_in(form, "/do/forgetting/restrict"))
    assert filled["ground"] == "asked"
    assert filled["paper"] == f"受理号 {spoken(asked)}"


def test_who_restricted_is_refused_with_the_rules_sentence(
    home: World, person: PersonId, seats: Seats
) -> None:
    adopt_terms(home)
    lead = seats(home.root, Office.PRIVACY)
    page = f"/forgetting/{person}"
    lead.act("forgetting/restrict", {"person": person, "next": page}, **ASKED)

    seen = lead.see(page)
    refused = lead.send("forgetting/shred", lead.open("forgetting/shred", person=person))

    assert "forgetting/shred" not in seen
    assert "限制是您办的" in seen
    assert "期满" not in told(lead.see("/workbench")).partition("工作台")[2]
    assert refused.status_code == 409
    assert "限制与销毁须由两人分别决定" in refused.text


def test_what_is_not_finished_and_the_terms_that_run_stand_on_the_page_with_their_sources(
    home: World, seats: Seats
) -> None:
    adopt_terms(home)
    village = home.union("纳合村工会")
    person, member = home.worker("蓝美莲"), home.worker("韦秀英")
    home.enrol(member, village)
    leave(home, person, village)
    clerk, lead = seats(home.root, Office.CLERK), seats(home.root, Office.PRIVACY)

    needed = clerk.see(f"/forgetting/{member}")
    assert "还有未了事项需要此人的信息" in needed
    assert f"/workers/{member}?tab=membership" in needed
    assert "forgetting/restrict" not in needed

    clerk.act("forgetting/restrict", {"person": person}, **ASKED)
    running = lead.see(f"/forgetting/{person}")
    assert "保存期限未满，只能限制处理，不能销毁" in running
    assert "forgetting/shred" not in running
    assert "会籍档案 2026-03-02 10 自最后一笔之日 2036-03-02" in told(running)
    assert "国家档案局令第8号" in running
    assert spoken(person) in told(lead.see("/forgetting?tab=kept"))
    assert "没有期满待销毁的人" in lead.see("/forgetting")

    lead.act("forgetting/lift", {"person": person}, why="worker_back")
    assert "蓝美莲" in lead.see(f"/forgetting/{person}")


def test_the_rooms_are_shown_to_those_whom_they_are_for(
    home: World, person: PersonId, seats: Seats
) -> None:
    adopt_terms(home)
    village, other = home.union("纳合村工会"), home.union("巴学村工会")
    cashier, clerk = seats(home.root, Office.CASHIER), seats(village, Office.CLERK)
    restrict(home, person)

    cashier.see("/forgetting", 403)
    assert "/forgetting" not in cashier.see(f"/workers/{person}")
    assert "/forgetting" not in cashier.see("/consents")
    assert spoken(person) not in told(clerk.see("/forgetting?tab=all"))  # the federation's
    clerk.see("/forgetting?tab=ended", 400)
    seats(other, Office.CLERK).see(f"/forgetting/{person}", 403)
    clerk.see("/forgetting/per_nothing", 404)


def test_persons_whose_terms_are_over_are_found_for_the_lead(home: World, seats: Seats) -> None:
    adopt_terms(home)
    village = home.union("纳合村工会")
    gone = home.worker("蓝美莲")
    leave(home, gone, village)
    home.time.to(date(2037, 4, 1))

    found = seats(home.root, Office.PRIVACY).see("/forgetting?tab=ended")

    assert f"/forgetting/{gone}" in found
