"""The system's page (系统): views rebuilt and everything checked, with progress, by those who may."""

import re
from datetime import date
from urllib.parse import parse_qs

from ledger.clock import Clock
from ledger.domain.kernel import Office
from ledger.journal import alarms
from ledger.projections import VIEWS
from tests.console.conftest import Clerk, Seats, fields_in, told
from tests.world import World


def begun(clerk: Clerk, act: str, **written: str) -> str:
    """Begins long work and looks until it is done."""
    sent = clerk.send(act, clerk.open(act), **written)
    assert sent.status_code == 303, told(sent.text)
    page = clerk.see(sent.headers["location"])
    while "正在办理" in page:
        page = clerk.see(sent.headers["location"])
    return told(page)


def test_views_are_rebuilt_beside_the_live_ones(home: World, seats: Seats) -> None:
    clerk = seats(home.root, Office.CLERK)
    home.worker("韦秀英")

    page = begun(clerk, "system/rebuild", view="rosters")

    assert "已切换到第 2 代：会员名册" in page
    listed = told(clerk.see("/system"))
    assert "最新" in listed
    assert all(view.zh in listed and view.name not in listed for view in VIEWS)


def test_everything_is_checked_and_said_to_be_sound(home: World, seats: Seats) -> None:
    clerk = seats(home.root, Office.CLERK)

    assert "全部相符" in begun(clerk, "system/check", quick="1")


def test_the_progress_is_told_as_it_goes_on(home: World, seats: Seats) -> None:
    clerk = seats(home.root, Office.CLERK)
    sent = clerk.send("system/rebuild", clerk.open("system/rebuild"))
    operation = sent.headers["location"].partition("operation=")[2].partition("&")[0]

    with clerk.http.stream("GET", f"/operations/{operation}/events") as events:
        lines = [line for line in events.iter_lines() if line]

    assert events.headers["content-type"].startswith("text/event-stream")
    assert '"state":"done"' in lines[-1]


def test_the_page_is_for_the_federation_and_its_auditors(home: World, seats: Seats) -> None:
    village = home.union("纳合村工会")

    page = seats(village, Office.CLERK).see("/system", 403)

    assert "省级工会及其经审" in page
    seats(village, Office.AUDITOR).see("/system", 403)
    seats(home.root, Office.AUDITOR).see("/system")


def test_signals_stand_on_the_page_of_those_who_may_act_with_their_evidence(
    home: World, seats: Seats
) -> None:
    with home.ledger.database.writing() as conn:
        alarms.keep(
            conn, "example.org/log", "refused", b"old 3\n\xff", "2026-03-02T01:00:00.000000Z"
        )
    village = home.union("纳合村工会")
    clerk = seats(home.root, Office.CLERK)

    page = clerk.see("/system")

    (digest,) = set(re.findall("/system/evidence/([0-9a-f]{64})", page))
    assert "已拒绝联署" in page or "不符" in page
    assert clerk.http.get(f"/system/evidence/{digest}").content == b"old 3\n\xff"
    assert "导出证据" in clerk.see("/workbench")
    assert "导出证据" not in seats(village, Office.CLERK).see("/workbench")
    clerk.see(f"/system/evidence/{'0' * 64}", 404)


def test_an_alarm_is_settled_with_the_button_beside_it_and_then_listed_with_its_evidence(
    home: World, seats: Seats
) -> None:
    log, at = "liangdi.example/guangdong", "2026-03-02T01:00:00.000000Z"
    with home.ledger.database.writing() as conn:
        for shown in (b"old 3\n", b"old 4\n"):
            alarms.keep(conn, log, "refused", shown, at)
    chair, clerk = seats(home.root, Office.CHAIR), seats(home.root, Office.CLERK)
    assert "/do/system/settle" not in clerk.see("/system")
    assert "/do/system/settle" not in seats(home.root, Office.AUDITOR).see("/system")
    (link,) = set(re.findall(r'/do/system/settle\?([^"]*)">', chair.see("/workbench")))
    given = parse_qs(link.replace("&amp;", "&"))

    form = chair.http.get("/do/system/settle", params=given)
    sent = chair.send(
        "system/settle", fields_in(form.text, "/do/system/settle"), cause="test",
        finding="已与对方总工会电话核实，是其测试机误发", letter="粤工办函〔2026〕8号",
    )  # fmt: skip

    assert "校验点与本省见证过的不符" in told(form.text)
    assert sent.status_code == 303, told(sent.text)
    page = chair.see("/system")
    assert "没有警示" in told(page)
    assert page.count("已处置") >= 2
    assert "测试或误放的文件" in page
    assert "来函 粤工办函〔2026〕8号" in page
    assert "chair" in told(page)
    (digest, _) = sorted(set(re.findall("/system/evidence/([0-9a-f]{64})", page)))
    assert chair.http.get(f"/system/evidence/{digest}").status_code == 200

    with home.ledger.database.writing() as conn:
        alarms.keep(conn, log, "refused", b"old 3\n", "2026-03-03T01:00:00.000000Z")

    assert "又出现，待处置" in chair.see("/system")


def test_a_settlement_that_was_wrong_is_annulled_from_the_page(home: World, seats: Seats) -> None:
    with home.ledger.database.writing() as conn:
        at = "2026-03-02T01:00:00.000000Z"
        alarms.keep(conn, "liangdi.example/guangdong", "refused", b"old 3\n", at)
        (one,) = alarms.contradictions(conn)
    chair = seats(home.root, Office.CHAIR)
    chair.act(
        "system/settle", {"alarms": one.digest}, cause="test",
        finding="已与对方总工会电话核实，是其测试机误发",
    )  # fmt: skip
    (position,) = re.findall(r"/do/corrections/annul\?position=(\d+)", chair.see("/system"))

    chair.act("corrections/annul", {"position": position}, why="not_so", reason="不是测试机")

    assert "待处置" in chair.see("/system")
    assert "已拒绝联署" in chair.see("/system")


def test_a_demo_on_another_day_says_so_on_every_page(home: World, seats: Seats) -> None:
    assert "演示时间" not in seats(home.root, Office.CHAIR).see("/workbench")
    home.ledger.clock = Clock.set_to(date(2031, 2, 3))

    clerk = seats(home.root, Office.CLERK)

    assert all("演示时间" in clerk.see(path) for path in ("/workbench", "/", "/m"))
    assert "2031-02-03" in clerk.see("/workbench")
    assert "2031年2月3日" in clerk.see("/m")
    assert home.ledger.today == date(2031, 2, 3)
