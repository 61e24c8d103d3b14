"""`liangdi audit`: findings, a query in one step, and every paid amount derived again."""

from pathlib import Path
from typing import Any

import pytest

from ledger.cli.common import Exit
from ledger.demo.people import Someone
from tests.cli.conftest import Run, told
from tests.cli.test_granting import Money


@pytest.fixture
def paid(run: Run, data: Path, worker: Someone) -> Money:
    """A thousand yuan of before, that nobody had approved and nobody signed for."""
    money = Money(data)
    told(
        run(
            "grant", "past", worker.number, "-p", "45", "--kind", "living", "--amount", "1000.00",
            "--fund", money.fund, "--voucher", "2025-88", "--mode", "cash", "--json",
        )
    )  # fmt: skip
    return money


def findings(run: Run, *more: str) -> Any:
    return told(run("audit", "findings", "-p", "45", *more, "--json"))


def test_findings_are_counted_and_listed(run: Run, paid: Money) -> None:
    every = findings(run)
    one = findings(run, "--rule", "PaidUnapproved", "--today", "2030-01-01")
    page = run("audit", "findings", "-p", "45")
    none = run("audit", "findings", "-p", "45", "--today", "2000-01-01")
    partner = told(run("audit", "findings", "-p", "44", "--json"))

    assert every["counts"]["PaidUnapproved"]["amount"] == 100_000
    assert {each["finding"]["rule"] for each in every["rows"]} == set(every["counts"])
    assert {"PaidUnapproved", "ReceiptMissing"} <= set(every["counts"])
    assert len(one["rows"]) == 1
    assert "1,000.00" in page.stdout
    assert "没有查出疑点" in none.stdout
    assert partner["counts"]["PaidUnapproved"] == every["counts"]["PaidUnapproved"]


def test_a_finding_is_queried_in_one_step(run: Run, paid: Money) -> None:
    [row] = findings(run, "--rule", "PaidUnapproved")["rows"]

    made = told(
        run("audit", "query", "PaidUnapproved", row["finding"]["ref"], "-p", "45", "--json")
    )

    [row] = findings(run, "--rule", "PaidUnapproved")["rows"]
    assert (row["finding"]["state"], row["finding"]["question"]) == ("asked", made["question"])
    assert run("audit", "query", "AidedTwice", "1", "-p", "45").exit_code == Exit.NOT_FOUND


def test_an_unknown_rule_is_an_error(run: Run, paid: Money) -> None:
    wrong = run("audit", "findings", "-p", "45", "--rule", "Unheard")

    assert wrong.exit_code == Exit.USAGE
    assert "ReceiptMissing" in wrong.output


def test_what_does_not_match_ends_with_its_code(run: Run, paid: Money) -> None:
    wrong = run("audit", "replay", "-p", "45")
    right = run("audit", "replay", "-p", "44")

    assert wrong.exit_code == Exit.DAMAGED
    assert "当时没有有效的审批" in wrong.stdout
    assert right.exit_code == Exit.DONE
    assert "0 笔不符" in right.stdout
