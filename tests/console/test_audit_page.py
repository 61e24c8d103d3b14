"""The page of the audit: findings by rule with counts and amounts, each to its grant and question."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from ledger import procedures
from ledger.desk import Desk
from ledger.domain.aid import PastAidRecorded
from ledger.domain.kernel import Office
from tests.aid import YUAN, AidOffice
from tests.auditing import granted, past, place
from tests.console.conftest import Clerk, told
from tests.world import open_province


@pytest.fixture
def office(tmp_path: Path) -> Iterator[AidOffice]:
    made = AidOffice(open_province(tmp_path))
    yield made
    made.world.ledger.close()


def browser(office: AidOffice, union: str, held: Office, name: str = "pages") -> TestClient:
    desk = Desk({"45": office.world.ledger}, demo=True)
    person = office.world.officer(union, held)
    desk.open_account(office.world.ledger, name, person, "", "经审")
    client = TestClient(create_app(desk), headers={"accept": "text/html"})
    client.post("/sign-in", data={"demo": "1", "name": name, "province": "45"})
    return client


def clerk_at(office: AidOffice, name: str) -> Clerk:
    """Whoever has this account, at a browser without script."""
    return Clerk(create_app(Desk({"45": office.world.ledger}, demo=True)), name, "45")


def test_nothing_found_is_said_so(office: AidOffice) -> None:
    page = browser(office, office.world.root, Office.AUDITOR).get("/audit")

    assert page.status_code == 200
    assert "没有查出疑点" in page.text
    assert "/do/questions/draw" in page.text


def test_findings_by_rule_lead_to_their_grant_and_their_question(office: AidOffice) -> None:
    world = office.world
    grant = granted(office)
    office.pay(grant)
    before = past(office, world.worker(), 1000 * YUAN, approver=None)
    place_ = world.origin, place(world, before, PastAidRecorded)
    with world.entry(world.root, Office.AUDITOR) as entry:
        question = procedures.query_finding(
            entry, "PaidUnapproved", place_, answer_days=5, ruling_days=5
        )
    client = browser(office, world.root, Office.AUDITOR)

    every = client.get("/audit?today=2027-12-31").text
    missing = client.get("/audit?rule=ReceiptMissing&today=2027-12-31").text
    unapproved = client.get("/audit?rule=PaidUnapproved").text
    asked = client.get(f"/questions/{question}").text

    assert "发放后逾期没有签收" in every
    assert "3,000.00" in every
    assert f'href="/grants/{grant}"' in missing
    assert "未提出疑点" in missing
    assert f'href="/questions/{question}"' in unapproved
    assert f"第 {place_[1]} 笔" in unapproved
    assert 'href="/audit?rule=PaidUnapproved"' in asked


@pytest.mark.parametrize(
    "words",
    [
        "rule=Unheard",
        "state=x",
        "today=x",
        "union=x",
        "kind=x",
        "since=x",
        "tab=x",
        "after=x",
        "tab=payments&after=x",
        "tab=reads&view=x",
        "tab=reads&after=x",
        "tab=reads&person=x",
    ],
)
def test_what_does_not_exist_is_an_error(office: AidOffice, words: str) -> None:
    client = browser(office, office.world.root, Office.AUDITOR)

    assert client.get(f"/audit?{words}").status_code == 400


def test_another_unions_findings_are_not_shown(office: AidOffice) -> None:
    other = office.world.union("别村工会")

    page = browser(office, other, Office.CLERK).get(f"/audit?union={office.village}")

    assert page.status_code == 403


def test_one_step_leads_from_a_finding_to_its_question(office: AidOffice) -> None:
    world = office.world
    before = past(office, world.worker(), 1000 * YUAN, approver=None)
    ref = f"{world.origin}#{place(world, before, PastAidRecorded)}"
    browser(office, world.root, Office.AUDITOR)
    clerk = clerk_at(office, "pages")

    page = clerk.see("/audit?rule=PaidUnapproved")
    assert f"record={quote(ref, safe='')}" in page
    asked = clerk.act(
        "audit/query", {"rule": "PaidUnapproved", "record": ref}, answer_days="5", ruling_days="9"
    )

    assert asked.startswith("/questions/que_")
    assert "已提出，待裁定" in told(clerk.see("/audit?rule=PaidUnapproved"))


def test_a_sample_is_drawn_by_a_page_and_drawn_again_it_is_the_same(office: AidOffice) -> None:
    world = office.world
    for _ in range(3):
        office.pay(granted(office))
    browser(office, world.root, Office.AUDITOR)
    clerk = clerk_at(office, "pages")

    assert "还没有抽样" in clerk.see("/audit?tab=samples")
    page = clerk.act(
        "questions/draw", kinds="PaymentMade", size="2", seed="2026-03"
    ).partition("?")[0]  # fmt: skip
    held = told(clerk.see(page))

    assert "按种子重抽一致" in held
    assert "共 3 笔" in held
    assert held.count("按当日所知") == 2
    assert f'href="{page}"' in clerk.see("/audit?tab=samples")
    assert clerk.see("/audit/samples/sam_nothing", 404)


def test_every_payment_is_derived_again_and_replayed(office: AidOffice) -> None:
    grant = granted(office)
    office.pay(grant)
    client = browser(office, office.world.root, Office.AUDITOR)

    page = client.get("/audit?tab=payments").text
    file = client.get("/audit/payments.csv")

    assert "全部相符" in page
    assert f'href="/grants/{grant}?payment=1"' in page
    assert client.get(f"/grants/{grant}?payment=1").status_code == 200
    assert file.headers["content-type"].startswith("text/csv")
    assert "3000.00" in file.text.replace(",", "") or "3,000.00" in file.text


def test_the_findings_go_out_as_a_file_of_exactly_what_is_listed(office: AidOffice) -> None:
    past(office, office.world.worker(), 1000 * YUAN, approver=None)
    client = browser(office, office.world.root, Office.AUDITOR)

    every = client.get("/audit/findings.csv").text.splitlines()
    none = client.get("/audit/findings.csv?rule=ReceiptMissing").text.splitlines()

    assert len(every) > 1
    assert len(none) == 1
    assert client.get("/audit/findings.csv?rule=Unheard").status_code == 400


def test_the_read_log_is_for_auditors_and_names_nobody(office: AidOffice) -> None:
    world = office.world
    worker = world.worker("韦秀英")
    client = browser(office, world.root, Office.AUDITOR)
    client.get(f"/workers/{worker}")

    page = client.get("/audit?tab=reads").text
    other = browser(office, world.root, Office.CLERK, "clerk").get("/audit?tab=reads")

    assert "职工档案" in page
    assert worker in page
    assert "韦秀英" not in page
    assert other.status_code == 403
    assert "按此条件没有查阅记录" in client.get("/audit?tab=reads&until=2020-01-01").text


def test_what_cannot_be_told_apart_by_union_is_for_the_federations_auditor(
    office: AidOffice,
) -> None:
    below = browser(office, office.world.union("别村工会"), Office.AUDITOR)

    for page in ("?tab=payments", "/payments.csv", "?tab=reads"):
        refused = below.get(f"/audit{page}")
        assert refused.status_code == 403
        assert "请省级工会的经审人员查询" in refused.text
    assert below.get("/audit?tab=samples").status_code == 200
    assert below.get("/audit").status_code == 200
    assert below.get(f"/audit?union={office.world.root}").status_code == 403


def test_samples_and_payments_are_not_for_everybody(office: AidOffice) -> None:
    client = browser(office, office.world.union("别村工会"), Office.CLERK)

    assert client.get("/audit?tab=samples").status_code == 403
    assert client.get("/audit?tab=payments").status_code == 403
    assert client.get("/audit/payments.csv").status_code == 403
