"""Aid over HTTP: one grant from application to closure, many at once, lists, notices, replay."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from api.app import create_app
from ledger.clock import working_days_after
from ledger.desk import Desk
from ledger.domain.ids import PersonId
from ledger.domain.kernel import Office, Scope
from tests import pair as pairs
from tests.aid import YUAN, AidOffice
from tests.api.conftest import Officer, Sits, seat
from tests.pair import Pair, annex
from tests.world import World


class Officers:
    """Everybody who has a hand in a grant, each at her machine, and the ways of each."""

    def __init__(self, home: World, sits: Sits) -> None:
        self.home, self.office = home, AidOffice(home)
        village, root = self.office.village, home.root
        self.clerk = sits(village, Office.CLERK)
        self.reviewer = sits(village, Office.REVIEWER)
        self.approver = sits(root, Office.APPROVER)
        self.cashier = sits(root, Office.CASHIER)
        self.legal = sits(root, Office.LEGAL)
        self.auditor = sits(root, Office.AUDITOR)

    def applying(self, person: PersonId, **more: Any) -> dict[str, Any]:
        return {
            "person": person, "scheme": self.office.scheme, "kind": "study",
            "amount_fen": 3000 * YUAN, "need": "2026-2027",
        } | more  # fmt: skip

    def apply(self, person: PersonId | None = None, **more: Any) -> str:
        who = person or self.home.worker(union=self.office.village)
        return f"/grants/{self.clerk.act('/grants', self.applying(who, **more))['grant']}"

    def examine(self, thing: str, number: str = "公示1号") -> None:
        """Payee named, visited, reviewed, and the notice has ended."""
        self.clerk.upon(thing, "payee", {
            "kind": "applicant", "holder": "韦秀英", "bank": "农信社", "account": "6228480012345678"
        })  # fmt: skip
        self.clerk.upon(thing, "visits", {"finding": "住房漏雨"})
        self.reviewer.upon(thing, "reviews", {"opinion": "属实"})
        self.publicise(thing, number)
        self.home.time.to(working_days_after(self.home.today - timedelta(1), 5) + timedelta(1))

    def publicise(self, thing: str, number: str) -> None:
        self.clerk.upon(thing, "notices", {
            "number": number, "basis": "separate_consent", "place": "村务公开栏"
        })  # fmt: skip

    def approving(self, thing: str, **more: Any) -> dict[str, Any]:
        content = self.approver.see(thing)["state"]["content"]
        return {"content": content, "fund": self.office.fund} | more

    def approve(self, thing: str) -> None:
        self.approver.upon(thing, "approval", self.approving(thing))

    def pay(self, thing: str) -> int:
        number = self.cashier.upon(thing, "payments", {"mode": "bank"})["payment"]
        self.cashier.upon(thing, "payments-made", {"payment": number, "voucher": "银付1"})
        return number


@pytest.fixture
def aid(home: World, sits: Sits) -> Officers:
    return Officers(home, sits)


# ── one grant ────────────────────────────────────────────────────────────────────────────────


def test_a_study_grant_goes_from_application_to_closure(aid: Officers) -> None:
    mother = aid.home.worker("韦秀英", union=aid.office.village)
    child = aid.home.worker("韦小明", union=aid.office.village)

    thing = aid.apply(mother, beneficiary=child, reason="考取本科")
    aid.clerk.upon(thing, "amendment", {"amount_fen": 2500 * YUAN})
    aid.examine(thing)
    objection = aid.clerk.act(f"{thing}/objections", {"said": "听说有房"})["objection"]
    early = aid.approver.upon_seen(thing, "approval", aid.approving(thing))
    aid.reviewer.upon(thing, "answers", {"objection": objection, "upheld": False, "answer": "无"})
    aid.approve(thing)
    late = aid.clerk.act(f"{thing}/objections", {"said": "听说有车"})["objection"]
    stopped = aid.cashier.upon_seen(thing, "payments", {"mode": "bank"})
    aid.reviewer.upon(thing, "answers", {"objection": late, "upheld": False, "answer": "无车"})
    first = aid.cashier.upon(thing, "payments", {"mode": "bank"})["payment"]
    aid.cashier.upon(thing, "payments-failed", {"payment": first, "why": "name_mismatch"})
    second = aid.pay(thing)
    aid.cashier.upon(
        thing, "payments-returned", {"payment": second, "why": "account_closed", "voucher": "退1"}
    )
    third = aid.pay(thing)
    aid.legal.upon(thing, "receipts", {"payment": third})
    aid.approver.upon(
        thing, "take-backs", {"amount_fen": 500 * YUAN, "why": "wrong_amount", "opinion": "算错"}
    )
    aid.cashier.upon(thing, "money-taken-back", {"amount_fen": 500 * YUAN, "voucher": "收1"})
    aid.clerk.upon(thing, "closure")

    assert aid.approver.refused(early) == "ObjectionOpen"
    assert aid.cashier.refused(stopped) == "ObjectionStopsPayment"
    told = aid.clerk.see(thing)
    state = told["state"]
    assert (told["person_name"], told["beneficiary_name"]) == ("韦秀英", "韦小明")
    assert (state["stage"], state["turn"]) == ("closed", None)
    assert state["approved"] == {"fen": 250000, "yuan": "2,500.00", "capitals": "贰仟伍佰元整"}
    assert (state["paid"]["yuan"], state["taken_back"]["yuan"]) == ("2,500.00", "500.00")
    assert [(p["number"], p["state"], p["instead_of"]) for p in state["payments"]] == [
        (1, "failed", None), (2, "returned", 1), (3, "signed", 2),
    ]  # fmt: skip
    assert [step["step"] for step in state["steps"] if step["done_on"]] == [
        "review", "visit", "notice",
    ]  # fmt: skip
    assert [o["upheld"] for o in state["objections"]] == [False, False]
    assert set(state["duties"]) == {"handler", "reviewer", "approver", "payer", "witness"}
    assert state["merged"] == []
    assert "考取本科" in [why for line in told["lines"] for why in line["reasons"]]


def test_a_list_of_grants_says_whose_turn_it_is_and_refuses_what_it_does_not_know(
    aid: Officers,
) -> None:
    first, second = aid.apply(need="2025"), aid.apply()
    aid.reviewer.upon(first, "reviews")
    aid.publicise(first, "公示7号")

    told = aid.clerk.see("/grants", count="true")
    by_id = {row["grant"]: row for row in told["items"]}
    posted = aid.clerk.see("/grants", stage="on_notice")["items"]

    assert by_id[second.removeprefix("/grants/")]["turn"] == "reviewer"
    assert [f"/grants/{row['grant']}" for row in posted] == [first]
    assert {s: t["count"] for s, t in told["counts"].items()} == {"on_notice": 1, "applied": 1}
    assert told["counts"]["applied"]["amount"]["capitals"] == "叁仟元整"
    page = aid.clerk.see("/grants", limit=1)
    assert len(page["items"]) == 1
    assert aid.clerk.see("/grants", limit=1, cursor=page["next"])["next"] is None
    assert aid.clerk.get("/grants", step="applied").status_code == 400
    assert aid.clerk.get("/grants", stage="somewhere").status_code == 400


def test_an_amount_is_whole_fen(aid: Officers) -> None:
    person = aid.home.worker(union=aid.office.village)
    for amount in (3000.5, "3000", 10**17):
        asked = aid.clerk.post("/grants", aid.applying(person) | {"amount_fen": amount})
        assert asked.status_code == 422, amount

    nothing = aid.clerk.post("/grants", aid.applying(person, amount_fen=0))

    assert aid.clerk.refused(nothing) == "NothingAsked"


def test_an_approval_is_of_what_was_seen(aid: Officers) -> None:
    thing = aid.apply()
    aid.examine(thing)
    seen = aid.approving(thing)
    tag = aid.approver.get(thing).headers["etag"]
    aid.clerk.upon(thing, "amendment", {"amount_fen": 2900 * YUAN})

    stale = aid.approver.post(f"{thing}/approval", seen, seen=tag)
    other = aid.approver.upon_seen(thing, "approval", seen)

    assert stale.status_code == 412
    assert aid.approver.refused(other) == "ContentChanged"


def test_a_command_that_is_sent_twice_is_carried_out_once(aid: Officers) -> None:
    body = aid.applying(aid.home.worker(union=aid.office.village))

    one = aid.clerk.post("/grants", body, key="the-same-key")
    again = aid.clerk.post("/grants", body, key="the-same-key")

    assert one.json()["result"] == again.json()["result"]
    assert again.headers["idempotent-replayed"] == "true"
    assert len(aid.clerk.see("/grants")["items"]) == 1


def test_a_second_grant_for_one_need_waits_until_somebody_has_looked(aid: Officers) -> None:
    village = aid.office.village
    mother, father, child = (aid.home.worker(union=village) for _ in range(3))
    first = aid.apply(mother, beneficiary=child)
    second = aid.apply(father, beneficiary=child)
    aid.examine(second)

    held = aid.approver.upon_seen(second, "approval", aid.approving(second))
    aid.approver.upon(second, "lifted-holds", {
        "other": first.removeprefix("/grants/"), "ground": "another_need", "opinion": "另一学段"
    })  # fmt: skip
    other = aid.home.officer(aid.home.root, Office.CHAIR)

    assert aid.approver.refused(held) == "HeldAsDouble"
    assert aid.clerk.see(second)["state"]["held"] == []
    assert other


def test_what_is_declined_withdrawn_or_hurried(aid: Officers) -> None:
    refused, withdrawn = aid.apply(need="甲"), aid.apply(need="乙")
    hurried = aid.apply(
        kind="temporary", amount_fen=1000 * YUAN, need="工伤", emergency=True, reason="急需手术"
    )

    silent = aid.reviewer.upon_seen(refused, "refusal")
    aid.reviewer.upon(refused, "refusal", {"opinion": "收入超出标准"})
    aid.clerk.upon(withdrawn, "withdrawal", {"reason": "已得其他救助"})
    aid.approve(hurried)
    due = aid.clerk.see(hurried)["state"]["review_due"]
    aid.reviewer.upon(hurried, "emergency-review", {"upheld": True})

    assert aid.reviewer.refused(silent) == "OpinionMissing"
    assert aid.clerk.see(refused)["state"]["stage"] == "declined"
    assert aid.clerk.see(withdrawn)["state"]["stage"] == "withdrawn"
    assert due is not None
    assert aid.clerk.see(hurried)["state"]["review_due"] is None


def test_means_are_checked_and_a_school_is_paid(aid: Officers) -> None:
    thing = aid.apply()
    aid.clerk.upon(thing, "means-checks", {"result": "within", "paper": "核1号"})
    bare = aid.clerk.upon_seen(thing, "payee", {"kind": "school", "holder": "东兰高中"})
    aid.examine(thing)
    aid.clerk.upon(thing, "payee", {"kind": "school", "holder": "东兰高中", "paper": "缴费通知1"})
    aid.approve(thing)
    aid.cashier.upon(thing, "payments", {"mode": "institution"})

    assert aid.clerk.refused(bare) == "PayeeWithoutPaper"
    assert aid.clerk.see(thing)["state"]["payee"]["holder"] == "东兰高中"


def test_aid_of_before_is_recorded_with_its_fund(aid: Officers, sits: Sits) -> None:
    accountant = sits(aid.home.root, Office.ACCOUNTANT)
    worker = aid.home.worker()

    made = accountant.act("/grants/past", {
        "person": worker, "kind": "living", "amount_fen": 800 * YUAN, "fund": aid.office.fund,
        "voucher": "2025-88", "mode": "cash",
    })["grant"]  # fmt: skip

    told = accountant.see(f"/grants/{made}", payment=1)
    assert told["past"] is True
    assert told["state"]["paid"]["capitals"] == "捌佰元整"
    assert [p["voucher"] for p in told["state"]["payments"]] == ["2025-88"]
    late = aid.approver.upon_seen(f"/grants/{made}", "approval", aid.approving(f"/grants/{made}"))
    assert late.status_code == 409


def test_another_union_neither_sees_nor_handles_it(aid: Officers, sits: Sits) -> None:
    other = aid.home.union("别县总工会")
    thing = aid.apply()
    stranger = sits(other, Office.CLERK)

    assert stranger.get(thing).status_code == 403
    assert stranger.post(f"{thing}/visits", {}, seen='"1"').status_code == 403
    assert stranger.get("/grants", union=aid.office.village).status_code == 403
    assert stranger.see("/grants")["items"] == []
    assert aid.auditor.see(thing)["state"]["stage"] == "applied"
    nowhere = f"/grants/grt_{'a' * 26}"
    assert aid.clerk.get(nowhere).status_code == 404


def test_whole_account_numbers_are_for_who_pays(aid: Officers) -> None:
    thing = aid.apply()
    aid.examine(thing)

    def account(officer: Officer) -> str:
        return officer.see(thing)["state"]["payee"]["account"]

    assert account(aid.cashier) == "6228480012345678"
    assert account(aid.reviewer) == account(aid.auditor) == "…5678"


# ── separation of duties ─────────────────────────────────────────────────────────────────────


def appointed(aid: Officers, union: str, held: Office, office: Office) -> PersonId:
    """The village's officer who holds another office too."""
    person = aid.home.officer(aid.office.village, held)
    root = aid.home.root
    with aid.home.entry(root, Office.CHAIR) as entry:
        line = entry.line(aid.office.village)
        entry.write(
            entry.offices_of(person).appoint(
                entry.act, person, aid.office.village if union != root else root, office, line=line
            )
        )
    return person


def test_duties_are_kept_apart_one_by_one_and_many_at_once(aid: Officers) -> None:
    root = aid.home.root
    clerk = appointed(aid, root, Office.CLERK, Office.APPROVER)
    other = aid.apply(need="甲")
    aid.examine(other)
    act = {"act": {"union": root, "office": "approver"}}

    alone = aid.clerk.upon_seen(other, "approval", aid.approving(other) | act)
    many = aid.clerk.post("/grants/approvals", {
        "grants": [seen(aid, other)], "fund": aid.office.fund, "total_fen": 3000 * YUAN, **act,
    })  # fmt: skip

    assert clerk
    assert aid.clerk.refused(alone) == "OneDutyEach"
    told = many.json()["result"]
    assert (many.status_code, told["done"]) == (200, [])  # nothing is on record
    assert [r["type"] for r in told["refused"].values()] == ["/rules/OneDutyEach"]
    assert aid.clerk.see(other)["state"]["approval"] is None


def test_what_paper_decided_against_the_duties_is_on_record_as_a_finding(aid: Officers) -> None:
    root = aid.home.root
    clerk = appointed(aid, root, Office.CLERK, Office.APPROVER)
    thing = aid.apply()
    aid.examine(thing)
    typist = {
        "union": root, "office": "approver", "decided_by": clerk, "decided_office": "approver",
        "paper": "纪要9号",
    }  # fmt: skip

    aid.approver.upon(thing, "approval", aid.approving(thing) | {"act": typist})

    state = aid.clerk.see(thing)["state"]
    assert state["approval"]["by"] == clerk
    assert state["approval"]["findings"] == ["OneDutyEach"]
    assert [who[0] if isinstance(who, list) else who["id"] for who in state["merged"]] == [clerk]
    lines = aid.clerk.see(thing)["lines"]
    assert ["OneDutyEach"] in [line["findings"] for line in lines]


def test_nobody_signs_for_what_she_paid(aid: Officers) -> None:
    cashier = aid.home.officer(aid.home.root, Office.CASHIER)
    with aid.home.entry(aid.home.root, Office.CHAIR) as entry:
        entry.write(
            entry.offices_of(cashier).appoint(
                entry.act, cashier, aid.home.root, Office.LEGAL, line=[aid.home.root]
            )
        )
    thing = aid.apply()
    aid.examine(thing)
    aid.approve(thing)
    number = aid.pay(thing)

    body = {"payment": number, "act": {"union": aid.home.root, "office": "legal"}}

    assert aid.cashier.refused(aid.cashier.upon_seen(thing, "receipts", body)) == "OneDutyEach"


# ── many at once ─────────────────────────────────────────────────────────────────────────────


def seen(aid: Officers, thing: str) -> dict[str, str]:
    told = aid.approver.see(thing)
    return {"grant": told["grant"], "content": told["state"]["content"]}


def test_many_are_reviewed_and_approved_with_a_result_and_a_total(aid: Officers) -> None:
    things = [aid.apply(need=f"第{n}项") for n in range(3)]
    for at, thing in enumerate(things):
        aid.clerk.upon(thing, "visits")
        aid.publicise(thing, f"公示{at}号")
    aid.home.time.to(aid.home.today + timedelta(20))
    ids = [thing.removeprefix("/grants/") for thing in things]

    reviewed = aid.reviewer.act("/grants/reviews", {"grants": ids, "opinion": "属实"})
    stale = seen(aid, things[2])
    aid.clerk.upon(things[2], "amendment", {"amount_fen": 2000 * YUAN})
    rows = aid.approver.see("/grants")["items"]
    told = {row["grant"]: row for row in rows}
    body = {
        "grants": [
            {"grant": ids[0], "content": told[ids[0]]["content"]},
            {"grant": ids[1], "content": told[ids[1]]["content"]},
            stale,
        ],
        "fund": aid.office.fund,
        "total_fen": 8000 * YUAN,
    }
    differs = aid.approver.post("/grants/approvals", body | {"total_fen": 9000 * YUAN})
    done = aid.approver.act("/grants/approvals", body)

    assert (reviewed["count"], reviewed["total_capitals"]) == (3, "玖仟元整")
    assert aid.approver.refused(differs) == "TotalDiffers"
    assert {each["grant"]: each["content"] for each in done["done"]} == {
        name: told[name]["content"] for name in ids[:2]
    }
    assert done["refused"][ids[2]]["type"] == "/rules/ContentChanged"
    assert (done["count"], done["total_fen"], done["total_yuan"]) == (2, 600_000, "6,000.00")
    assert aid.office.money().reserved == 6000 * YUAN


def test_what_was_approved_a_moment_before_counts_towards_the_cap(aid: Officers) -> None:
    """Two for one child in one request: together they are above the cap of the year."""
    village = aid.office.village
    mother, child = aid.home.worker(union=village), aid.home.worker(union=village)
    things = [
        aid.apply(mother, beneficiary=child, amount_fen=amount * YUAN, need=need)
        for amount, need in ((4000, "春季"), (2500, "秋季"))
    ]
    for at, thing in enumerate(things):
        aid.clerk.upon(thing, "visits")
        aid.reviewer.upon(thing, "reviews")
        aid.publicise(thing, f"公示{at}号")
    aid.home.time.to(aid.home.today + timedelta(20))

    done = aid.approver.act("/grants/approvals", {
        "grants": [seen(aid, thing) for thing in things], "fund": aid.office.fund,
        "total_fen": 6500 * YUAN,
    })  # fmt: skip

    assert (done["count"], done["total_fen"]) == (1, 4000 * YUAN)
    assert [r["type"] for r in done["refused"].values()] == ["/rules/AboveTheCap"]


def test_at_most_two_hundred_at_once(aid: Officers) -> None:
    body = {"grants": [f"grt_{'a' * 26}"] * 201}

    assert aid.reviewer.post("/grants/reviews", body).status_code == 422


# ── lists ────────────────────────────────────────────────────────────────────────────────────


def drawn(aid: Officers, count: int = 4) -> tuple[str, list[str]]:
    made = aid.clerk.act("/aid-lists", {
        "title": "春节送温暖", "scheme": aid.office.scheme, "kind": "sending_warmth",
        "each_fen": 400 * YUAN, "mode": "cash",
    })["aid_list"]  # fmt: skip
    persons = [aid.home.worker(union=aid.office.village) for _ in range(count)]
    thing = f"/aid-lists/{made}"
    grants = aid.clerk.upon(thing, "persons", {"persons": persons, "need": "2026春节"})["grants"]
    return thing, grants


def test_a_list_is_approved_handed_out_and_signed_for(aid: Officers) -> None:
    thing, grants = drawn(aid)
    aid.clerk.upon(thing, "struck-off", {"grant": grants[0], "reason": "已故"})
    aid.clerk.upon(thing, "submission")
    aid.reviewer.upon(thing, "return", {"opinion": "补充一户"})
    extra = aid.home.worker("蓝美莲", union=aid.office.village)
    aid.clerk.upon(thing, "persons", {"persons": [extra], "need": "2026春节"})
    content = aid.clerk.upon(thing, "submission")["content"]
    unreviewed = aid.approver.upon_seen(
        thing, "approval", {"content": content, "fund": aid.office.fund}
    )
    aid.reviewer.upon(thing, "review")
    approved = aid.approver.upon(thing, "approval", {"content": content, "fund": aid.office.fund})
    first = aid.cashier.upon(thing, "sheets", {"voucher": "签领表1", "only": grants[1:3]})
    rest = aid.cashier.upon(thing, "sheets", {"voucher": "签领表2"})
    signed = aid.legal.upon(thing, "receipts", {"how": "representative", "paper": "代领1号"})
    back = aid.cashier.upon(
        f"/grants/{grants[1]}", "payments-returned",
        {"payment": 1, "why": "not_collected", "voucher": "退1"},
    )  # fmt: skip

    assert aid.approver.refused(unreviewed) == "StepMissing"
    assert approved == {
        "count": 4, "total_fen": 160_000, "total_yuan": "1,600.00", "total_capitals": "壹仟陆佰元整",
    }  # fmt: skip
    assert (first["count"], rest["count"], signed["count"], back) == (2, 2, 4, {})
    told = aid.clerk.see(thing, limit=3)
    assert len(told["items"]) == 3
    assert len(aid.clerk.see(thing, limit=3, cursor=told["next"])["items"]) == 1
    assert (told["aid_list"]["state"], told["content"]) == ("paid", content)
    assert told["aid_list"]["total"]["capitals"] == "壹仟陆佰元整"
    assert aid.clerk.see("/aid-lists")["items"][0]["paid_count"] == 4
    assert aid.office.money().reserved == 400 * YUAN  # what came back is kept for her
    one = aid.clerk.see(f"/grants/{grants[2]}")
    assert one["list_title"] == "春节送温暖"
    assert one["state"]["approval"]["content"] == content
    assert set(one["state"]["duties"]) == {"handler", "reviewer", "approver", "payer", "witness"}


def test_who_stands_on_no_such_list_is_not_handed_out_to(aid: Officers) -> None:
    thing, grants = drawn(aid, 2)
    other, elsewhere = drawn(aid, 1)

    struck = aid.clerk.upon_seen(thing, "struck-off", {"grant": elsewhere[0]})

    assert struck.status_code == 404
    assert grants
    assert other


# ── notices ──────────────────────────────────────────────────────────────────────────────────


def test_a_notice_shows_masked_names_while_it_runs_and_then_only_its_proof(aid: Officers) -> None:
    mother = aid.home.worker("韦秀英", union=aid.office.village, phone="13800138000")
    thing = aid.apply(mother, amount_fen=2000 * YUAN)
    aid.publicise(thing, "东工示〔2026〕6号")
    until = working_days_after(aid.home.today - timedelta(1), 5)

    (running,) = aid.clerk.see("/notices/东工示〔2026〕6号")
    listed = aid.clerk.see("/notices", running="true")["items"]
    aid.home.time.to(until)
    (last_day,) = aid.clerk.see("/notices/东工示〔2026〕6号")
    aid.home.time.to(until + timedelta(1))
    (over,) = aid.clerk.see("/notices/东工示〔2026〕6号")

    assert [line["name"] for line in running["lines"]] == ["韦*英"]
    assert running["lines"][0]["amount"]["yuan"] == "2,000.00"
    assert [notice["number"] for notice in listed] == ["东工示〔2026〕6号"]
    assert len(last_day["lines"]) == 1
    assert (over["lines"], over["running"], over["count"]) == ([], False, 1)
    assert over["until"] == until.isoformat()
    assert (over["place"], over["basis"]) == ("村务公开栏", "separate_consent")
    assert over["refs"][0].startswith(aid.home.origin)
    assert aid.clerk.see("/notices", running="true")["items"] == []
    for secret in ("韦秀英", "13800138000", "1990-01-01", mother, thing):
        assert secret not in str(running)


def test_who_no_longer_asks_is_taken_down_at_once(aid: Officers) -> None:
    thing = aid.apply()
    aid.publicise(thing, "公示1号")

    aid.clerk.upon(thing, "withdrawal")

    (notice,) = aid.clerk.see("/notices/公示1号")
    assert (notice["running"], notice["lines"]) == (True, [])


def test_several_stand_on_one_notice_and_each_union_counts_its_own(
    aid: Officers, sits: Sits
) -> None:
    for need in ("甲", "乙"):
        aid.publicise(aid.apply(need=need), "公示1号")
    other = sits(aid.home.root, Office.CLERK)
    other.upon(aid.apply(need="丙"), "notices", {
        "number": "公示1号", "basis": "law", "place": "大厅"
    })  # fmt: skip

    both = aid.clerk.see("/notices/公示1号")
    own = aid.clerk.see("/notices/公示1号", union=aid.office.village)

    assert sorted(len(notice["lines"]) for notice in both) == [1, 2]
    assert [len(notice["lines"]) for notice in own] == [2]
    assert aid.clerk.get("/notices/公示9号").status_code == 404
    assert aid.clerk.get("/notices", place="大厅").status_code == 400


def test_a_notice_comes_down_with_the_consent_to_it(aid: Officers) -> None:
    wei = aid.home.worker("韦秀英", union=aid.office.village)
    consent = aid.clerk.act("/consents", {
        "person": wei, "purpose": "publication", "groups": ["identity"],
        "evidence": "signed_form", "notice": "告知书-2026-1",
        "receiver": {"name": "村务公开栏读者", "union": aid.office.village},
    })["consent"]  # fmt: skip
    known, on_paper = aid.apply(wei), aid.apply()
    for thing in (known, on_paper):
        aid.clerk.upon(
            thing, "notices", {"number": "公示1号", "basis": "separate_consent", "place": "公开栏"}
        )

    aid.clerk.upon(f"/consents/{consent}", "withdrawal")
    (half,) = aid.clerk.see("/notices/公示1号")
    aid.clerk.upon(on_paper, "notices-taken-down", {"number": "公示1号"})
    (proof,) = aid.clerk.see("/notices/公示1号")
    again = aid.clerk.upon_seen(on_paper, "notices-taken-down", {"number": "公示1号"})

    assert (half["running"], len(half["lines"]), half["taken_down"]) == (True, 1, 1)
    assert (proof["running"], proof["lines"], proof["taken_down"]) == (False, [], 2)
    assert aid.clerk.see("/notices", running=True)["items"] == []
    assert aid.clerk.refused(again) == "NothingPosted"
    (shown,) = aid.clerk.see(known)["state"]["notices"]
    assert (shown["runs"], shown["taken_down"]) == (False, aid.home.today.isoformat())
    assert "撤回公示的同意，公示撤下" in str(aid.clerk.see(known)["lines"])


def test_no_name_is_posted_without_a_basis(aid: Officers) -> None:
    body = {"number": "公示1号", "place": "公开栏"}

    posted = aid.clerk.upon_seen(aid.apply(), "notices", body)

    assert aid.clerk.refused(posted) == "NoBasisToPublish"


# ── replay ───────────────────────────────────────────────────────────────────────────────────


def test_a_grant_is_replayed_as_at_as_known_on_and_on_the_day_of_its_payment(
    aid: Officers,
) -> None:
    thing = aid.apply()
    begun = aid.home.today
    aid.examine(thing)
    aid.approve(thing)
    number = aid.pay(thing)
    paid_on = aid.home.today
    aid.home.time.to(paid_on + timedelta(9))
    aid.legal.upon(thing, "receipts", {"payment": number, "act": {"on": paid_on.isoformat()}})

    now = aid.clerk.see(thing)
    then = aid.clerk.see(thing, payment=number)
    first = aid.clerk.see(thing, as_of=begun.isoformat())
    steps = aid.clerk.see(f"{thing}/steps")
    known = aid.clerk.see(f"{thing}/steps", as_known="true")
    changed = aid.clerk.see(
        f"{thing}/changes", then_known_on=paid_on.isoformat(), as_of=aid.home.today.isoformat()
    )

    assert now["state"]["stage"] == "received"
    assert (then["state"]["stage"], then["known_on"]) == ("paid", paid_on.isoformat())
    assert (first["state"]["stage"], first["state"]["paid"]["fen"]) == ("on_notice", 0)
    assert [step["state"]["stage"] for step in steps][-3:] == ["instructed", "paid", "received"]
    assert known[0]["line"]["kind"] == "AidApplied"
    assert [line["why"] for line in changed["lines"]] == ["后来登记"]
    assert changed["changes"][0][0] == "环节"
    assert aid.clerk.get(thing, payment=9).status_code == 404
    unknown = aid.clerk.get(thing, known_on=(begun - timedelta(1)).isoformat())
    assert unknown.status_code == 404


# ── the partner's ────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    opened = pairs.open_pair(tmp_path)
    yield opened
    pairs.close(opened)


def test_the_partner_reads_a_grant_for_a_purpose_and_handles_none(pair: Pair) -> None:
    app: FastAPI = create_app(Desk({"45": pair.home.ledger, "44": pair.host.ledger}))
    desk: Desk = app.state.desk
    pair.agree(annex(scopes=(*pairs.SHARED, Scope.AID)))
    person, membership = pair.member("韦秀英")
    pair.offer(membership)
    office = AidOffice(pair.home)
    office.village = pair.village
    grant = office.apply(person)
    pair.sync()
    theirs = seat(app, desk, pair.host, pair.host.root, Office.CLERK)

    unasked = theirs.get(f"/grants/{grant}")
    told = theirs.see(f"/grants/{grant}", purpose=f"grant:{grant}")
    nameless = theirs.see("/grants")["items"]
    handled = theirs.upon_seen(f"/grants/{grant}", "visits", {}, purpose="audit")

    assert unasked.json()["type"] == "/problems/purpose"
    assert (told["origin"], told["state"]["stage"]) == (pair.home.origin, "applied")
    assert [row["person"] for row in nameless] == [None]
    assert theirs.refused(handled) == "NotYourGrant"
    assert date.fromisoformat(told["applied_on"]) <= pair.host.today
