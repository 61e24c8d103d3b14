"""The pages of cases (维权案件): the board, and one case in both provinces, now and as it was."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.console import at_hand, cases
from api.console.cases import PARTS
from ledger.desk import Desk
from ledger.domain.ids import CaseId, new_step
from ledger.domain.kernel import Code, Fen, Office
from ledger.domain.rights import (
    CaseState,
    ClockKind,
    HelpKind,
    Instalment,
    LetterKind,
    Money,
    Outside,
    RightsCase,
    Route,
)
from ledger.procedures import casework
from ledger.projections import arrears
from tests.console.conftest import Seats, fields_in, told
from tests.pair import BASIS, Pair, close, open_pair
from tests.test_casework import RIGHTS, THERE, opened, paid
from tests.world import World

HTML = {"accept": "text/html"}


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = open_pair(tmp_path).agree(RIGHTS)
    yield made
    close(made)


@pytest.fixture
def case(pair: Pair) -> CaseId:
    """韦秀英 and another, paid in part; the host has reported a payment that nobody matched."""
    people = [pair.member("韦秀英")[0], pair.member("蓝志强")[0]]
    made = opened(pair.home, pair.village, people, place=THERE, basis=BASIS)
    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        casework.ask_help(entry, made, HelpKind.JOIN, pair.street)
    with pair.home.entry(pair.village, Office.LEGAL) as entry:
        casework.start_clock(entry, made, ClockKind.MEDIATION, entry.act.on)
        casework.send_letter(entry, made, LetterKind.OPINION, "荣光物流", Code("工意〔2026〕3号"))
        casework.record(entry, made, lambda told: told.bring_before(
            entry.act, new_step(), Outside.ARBITRATION, "顺德区仲裁委", Code("顺仲1号")
        ))  # fmt: skip
    pair.sync()
    with pair.host.entry(pair.street, Office.LIAISON) as entry:
        casework.record(entry, made, lambda told: told.join(entry.act))
    paid(pair.host, pair.street, made, 77)
    pair.home.time.to(date(2026, 3, 4))
    paid(pair.home, pair.village, made, 600)
    pair.sync()
    return made


def browser(world: World, union: str, office: Office) -> TestClient:
    code = world.ledger.province.code
    desk = Desk({code: world.ledger}, demo=True)
    name = f"{office.value}-{code}"
    desk.open_account(world.ledger, name, world.officer(union, office), "", name)
    client = TestClient(create_app(desk), headers=HTML)
    client.post("/sign-in", data={"demo": "1", "name": name, "province": code})
    return client


def test_the_board_shows_what_is_open_and_what_is_due(pair: Pair, case: CaseId) -> None:
    client = browser(pair.home, pair.village, Office.STATION)

    board = client.get("/cases").text
    closed = client.get("/cases", params={"tab": "closed"}).text
    lost = client.get("/cases", params={"tab": "lost"})

    for word in ("桂维〔2026〕0001号", "荣光物流有限公司", "1,400.00", "剩", "1 笔通报待核对"):
        assert word in board, word
    assert "这一栏没有案件" in closed
    assert lost.status_code == 400


def test_a_case_whose_first_term_is_an_answer_to_a_request_is_listed(pair: Pair) -> None:
    made = opened(pair.home, pair.village, [pair.member("韦秀英")[0]], place=THERE, basis=BASIS)
    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        casework.ask_help(entry, made, HelpKind.JOIN, pair.street)

    listed = browser(pair.home, pair.village, Office.STATION).get("/cases")

    assert listed.status_code == 200
    assert "协作答复" in listed.text


def test_the_board_has_a_column_for_each_state_and_filters_that_do_not_exist_are_errors(
    pair: Pair, case: CaseId
) -> None:
    client = browser(pair.home, pair.village, Office.STATION)

    board = client.get("/cases", params={"view": "board"}).text
    other = client.get("/cases", params={"kind": "injury"}).text

    assert board.count('class="lane"') == len(CaseState)
    assert f'class="slip" href="/cases/{case}"' in board
    assert "这一栏没有案件" in other
    for wrong in ("kind=x", "state=x", "role=x", "due_within=x", "size=7", "union=x", "after=x"):
        assert client.get(f"/cases?{wrong}").status_code == 400, wrong


def test_a_case_shows_its_sums_clocks_payments_claimants_and_both_lanes(
    pair: Pair, case: CaseId
) -> None:
    for world, union in ((pair.home, pair.village), (pair.host, pair.street)):
        client = browser(world, union, Office.CLERK)
        pages = [client.get(f"/cases/{case}", params={"tab": tab} if tab else {}) for tab in PARTS]

        assert all(page.status_code == 200 for page in pages)
        every = "".join(page.text for page in pages)
        for word in (
            "韦秀英", "蓝志强", "600.00", "调解期限", "工意〔2026〕3号", "顺仲1号", "待核对，未计入",
            "已计入，2 人", "陆佰元整", "广西", "广东", "参与办理", "主办", "个工作日",
        ):  # fmt: skip
            assert word in every, word
        assert "<script>" not in every
        assert "style=" not in every


def test_who_works_on_a_case_is_shown_who_is_in_it_by_name(pair: Pair, case: CaseId) -> None:
    for world, union in ((pair.home, pair.village), (pair.host, pair.street)):
        client = browser(world, union, Office.LEGAL)

        page = told(client.get("/do/cases/recover", params={"case": case}).text)

        assert "韦秀英" in page
        assert "蓝志强" in page
        assert "已选" not in page


def test_more_claimants_than_a_page_holds_are_settled_by_the_plan_at_once(
    home: World, seats: Seats, monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in (at_hand, cases):
        monkeypatch.setattr(room, "MOST", 1)
    village = home.union("纳合村工会")
    people = [home.worker(name, union=village) for name in ("韦秀英", "蓝志强", "黄梅")]
    made = opened(home, village, people, asked=Money(Fen(1000_00)))
    clerk = seats(village, Office.LEGAL)
    query = "plan.1.due=2026-03-10&plan.1.wages=1000&plan.2.due=2026-04-10&plan.2.wages=1000.01"

    planned = clerk.see(f"/cases/{made}/settlement?{query}")
    form = fields_in(planned, "/do/cases/settle_by_plan")
    assert "3 人一次登记" in told(planned)
    clerk.act("cases/settle_by_plan", dict(form), route="mediated", paper="调字1号")

    with home.ledger.reading() as reader:
        held = reader.find(RightsCase, made)
        [head] = held.settlements.values()
        parts = [held.claims[person].agreed for person in people]
    assert [each.money.total for each in head.instalments] == [1000_00, 1000_01]
    assert sorted(part.total for part in parts if part) == [666_67, 666_67, 666_67]


def test_two_days_of_a_case_are_compared(pair: Pair, case: CaseId) -> None:
    client = browser(pair.home, pair.village, Office.LEGAL)

    page = told(client.get(f"/cases/{case}", params={"then_as_of": "2026-03-03"}).text)

    assert "两个时点之间的变化" in page
    assert "追回合计 0.00元 600.00元" in page
    assert "后来发生" in page
    assert "两个时点之间的变化" not in client.get(f"/cases/{case}").text


def test_what_cannot_be_done_now_is_not_offered(pair: Pair, case: CaseId) -> None:
    lead = browser(pair.home, pair.village, Office.LEGAL).get(f"/cases/{case}").text
    helper = browser(pair.host, pair.street, Office.LEGAL).get(f"/cases/{case}").text
    above = browser(pair.home, pair.home.root, Office.CLERK).get(f"/cases/{case}").text

    assert "/do/cases/close?" in lead
    assert "/do/cases/reopen?" not in lead
    assert "/do/cases/leave?" in helper
    assert "/do/cases/close?" not in helper
    assert "/do/cases/" not in above
    assert "只能查看" in above


def test_the_lead_records_what_came_and_who_helps_reports_it(pair: Pair, case: CaseId) -> None:
    with pair.home.entry(pair.village, Office.LEGAL) as entry:
        parts = [Instalment(number, date(2026, 4 + number, 1), Fen(400_00)) for number in (1, 2)]
        people = entry.read(RightsCase, case).claims
        casework.settle(entry, case, Route.MEDIATED, dict.fromkeys(people, parts))
    pair.sync()
    lead = browser(pair.home, pair.village, Office.LEGAL)
    helper = browser(pair.host, pair.street, Office.LEGAL)

    for tab in ("", "?tab=money"):
        leads, helps = (side.get(f"/cases/{case}{tab}").text for side in (lead, helper))

        assert "登记到账" in leads
        assert "通报到账" not in leads
        assert "通报到账" in helps
        assert "登记到账" not in helps


def test_a_case_is_settled_recovered_and_received_by_pages_alone(home: World, seats: Seats) -> None:
    village = home.union("纳合村工会")
    people = [home.worker(name, union=village) for name in ("韦秀英", "蓝志强", "黄梅")]
    made = opened(home, village, people, asked=Money(Fen(1000_01)))
    clerk, reviewer = seats(village, Office.CLERK), seats(village, Office.REVIEWER)
    upon = {"case": made, "next": f"/cases/{made}"}
    plan = {"plan.1.due": "2026-03-10", "plan.1.wages": "1,000", "plan.2.due": "2026-04-10",
            "plan.2.wages": "2000.03"}  # fmt: skip

    planned = clerk.http.get(f"/cases/{made}/settlement", params=plan).text
    form = clerk.open("cases/settle", **upon, **plan)
    without = [f"shares.2.instalments.{line}.wages" for line in (0, 1)]
    left_out = clerk.send(
        "cases/settle", form, route="mediated", **{each.replace(".", "__"): "" for each in without}
    )

    assert "与诉求相等" in planned
    assert left_out.status_code == 303, told(left_out.text)
    with home.ledger.reading() as reader:
        rows = arrears.sheet(reader.conn, home.origin, made).rows
    agreed = sorted(row.agreed.total for row in rows)
    assert agreed == [0, 1000_01, 1000_01]

    clerk.act("cases/recover", upon, payer="employer", means="bank")  # the first instalment
    held = told(clerk.see(f"/cases/{made}?tab=money"))
    assert "已计入，2 人" in held
    with home.ledger.reading() as reader:
        [payment] = reader.find(RightsCase, made).counted
    reviewer.act("cases/receive", {**upon, "recovery": payment.id}, proof="call")
    sheet = told(reviewer.see(f"/cases/{made}?tab=claimants"))
    assert sheet.count("1/1") == 2


def test_a_letter_prints_as_an_official_paper_without_names(pair: Pair, case: CaseId) -> None:
    with pair.home.ledger.reading() as reader:
        [letter] = reader.find(RightsCase, case).letters
    client = browser(pair.home, pair.village, Office.CLERK)

    paper = client.get(f"/cases/{case}/letters/{letter}").text

    for word in (
        "工意〔2026〕3号",
        "荣光物流：",
        "劳动法律监督意见书",
        "（大写：",
        "（盖章）",
        "在15个工作日内（即",
    ):
        assert word in paper, word
    assert "韦秀英" not in paper
    assert 'alt="核验二维码"' in paper
    assert client.get(f"/cases/{case}/letters/stp_nothing").status_code == 404


def test_a_case_as_it_was_says_so_and_shows_nothing_that_came_later(
    pair: Pair, case: CaseId
) -> None:
    client = browser(pair.home, pair.village, Office.CLERK)

    page = client.get(f"/cases/{case}", params={"as_of": "2026-03-02", "known": "then"}).text

    assert "这是历史页" in page
    assert "已计入" not in page
    assert "2,000.00" in page


def test_who_has_nothing_to_do_with_a_case_is_told_so(pair: Pair, case: CaseId) -> None:
    other = pair.home.union("巴学村工会")
    client = browser(pair.home, other, Office.CLERK)

    assert client.get(f"/cases/{case}").status_code == 403
    assert client.get("/cases/cas_nonsense").status_code == 404
    assert "这一栏没有案件" in client.get("/cases").text
