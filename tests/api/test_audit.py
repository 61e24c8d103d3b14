"""The audit over HTTP: findings by rule and union, one step to a question, who may read."""

from typing import Any

import pytest

from ledger.domain.ids import UnionId
from ledger.domain.kernel import Office
from tests.aid import YUAN, AidOffice
from tests.api.conftest import Sits
from tests.auditing import granted, past
from tests.world import World

LATER = "2027-12-31"


@pytest.fixture
def office(home: World) -> AidOffice:
    made = AidOffice(home)
    made.pay(granted(made))
    past(made, home.worker(), 200_000 * YUAN, approver=None)
    return made


def test_findings_are_counted_by_rule_and_listed_by_page(
    home: World, office: AidOffice, sits: Sits
) -> None:
    auditor = sits(home.root, Office.AUDITOR)

    seen = auditor.see("/audit/findings", today=LATER, limit=2, count=True)
    rest = auditor.see("/audit/findings", cursor=seen["next"])
    now = auditor.see("/audit/findings", rule="ReceiptMissing")

    counts = {each["rule"]: (each["findings"], each["amount"]["yuan"]) for each in seen["counts"]}
    assert counts == {
        "PaidUnapproved": (1, "200,000.00"), "ReceiptMissing": (1, "3,000.00"),
        "FundOverspent": (1, "103,000.00"),
    }  # fmt: skip
    every = [each["finding"]["rule"] for page in (seen, rest) for each in page["items"]]
    assert sorted(every) == ["FundOverspent", "PaidUnapproved", "ReceiptMissing"]
    assert seen["items"][0]["zh"].endswith("。")
    assert now["items"] == []


def test_a_finding_becomes_a_question_in_one_step(
    home: World, office: AidOffice, sits: Sits
) -> None:
    auditor = sits(home.root, Office.AUDITOR)
    [line] = auditor.see("/audit/findings", rule="PaidUnapproved")["items"]
    record = line["finding"]["ref"]
    body = {"rule": "PaidUnapproved", "record": record, "answer_days": 10, "ruling_days": 15}

    question = auditor.act("/audit/questions", body)["question"]

    [line] = auditor.see("/audit/findings", rule="PaidUnapproved", state="asked")["items"]
    assert line["finding"]["question"] == question
    assert auditor.refused(auditor.post("/audit/questions", body)) == "AskedAlready"
    unheard = auditor.post("/audit/questions", {**body, "rule": "AidedTwice"})
    assert unheard.status_code == 404
    clerk = sits(office.village, Office.CLERK)
    assert clerk.post("/audit/questions", body).status_code == 403


@pytest.mark.parametrize(
    "given", [{"rules": "x"}, {"rule": "Unheard"}, {"state": "x"}, {"subject": "per_1"}]
)
def test_an_unknown_filter_is_an_error(
    home: World, office: AidOffice, sits: Sits, given: dict[str, Any]
) -> None:
    assert sits(home.root, Office.AUDITOR).get("/audit/findings", **given).status_code == 400


def test_only_auditors_and_the_unions_own_line_read_findings(
    home: World, office: AidOffice, sits: Sits
) -> None:
    other = home.union("别村工会")

    own = sits(office.village, Office.CLERK).see("/audit/findings", today=LATER)
    none = sits(other, Office.CLERK).see("/audit/findings", today=LATER)
    refused = sits(other, Office.CLERK).get("/audit/findings", union=_text(office.village))

    assert [each["finding"]["rule"] for each in own["items"]] == ["ReceiptMissing"]
    assert none["items"] == []
    assert refused.status_code == 403


def _text(union: UnionId) -> str:
    return union


def test_every_rule_of_the_audit_is_told(home: World, sits: Sits) -> None:
    rules = sits(home.root, Office.AUDITOR).see("/audit/rules")

    told = {each["rule"]: each for each in rules}
    assert told["AidedTwice"]["article"] == "A8; rules (e) audits"
    assert all(each["zh"] and each["sentence"] and each["put_right"] for each in rules)
