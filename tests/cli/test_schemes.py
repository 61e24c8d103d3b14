"""`liangdi scheme` and `liangdi hardship`: rules from a file, and one file a household."""

import json
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.common import Exit
from ledger.demo.people import Someone
from tests.cli.conftest import Run, told

TERMS: dict[str, Any] = {
    "title": "困难职工帮扶办法", "since": "2026-01-01", "place": "450000",
    "rules": [
        {"kind": "living", "steps": ["file", "review"], "modes": ["bank"],
         "caps": [{"per": "household_year", "most": 850000}]},
    ],
}  # fmt: skip


@pytest.fixture
def terms(tmp_path: Path) -> Path:
    return written(tmp_path, TERMS)


def written(folder: Path, said: Any) -> Path:
    path = folder / "办法.json"
    path.write_text(json.dumps(said, ensure_ascii=False), "utf-8")
    return path


def adopt(run: Run, path: Path, *more: str) -> str:
    made: str = told(run("scheme", "adopt", str(path), "-p", "45", *more, "--json"))["scheme"]
    return made


def test_a_scheme_is_adopted_from_a_file_and_amended(run: Run, terms: Path) -> None:
    scheme = adopt(run, terms)
    terms.write_text(json.dumps({**TERMS, "since": "2027-01-01"}), "utf-8")

    again = told(run("scheme", "adopt", str(terms), "-p", "45", "--scheme", scheme, "--json"))

    assert again == {"scheme": scheme, "version": 2}
    shown = run("scheme", "show", scheme, "-p", "45", "--as-of", "2026-06-01")
    assert "8,500.00 每户每年" in shown.stdout
    assert "第1版" in shown.stdout
    listed = told(run("scheme", "list", "-p", "45", "--coming", "--as-of", "2026-06-01", "--json"))
    assert [each["version"] for each in listed] == [1, 2]
    assert "生活救助" in run("scheme", "list", "-p", "45").stdout


def test_a_file_that_says_what_no_scheme_knows_is_not_read(run: Run, tmp_path: Path) -> None:
    odd = {**TERMS, "rules": [{**TERMS["rules"][0], "cap": 1}]}
    unknown = run("scheme", "adopt", str(written(tmp_path, odd)), "-p", "45")
    wrong = {**TERMS, "since": "soon"}
    misfit = run("scheme", "adopt", str(written(tmp_path, wrong)), "-p", "45")
    (tmp_path / "办法.json").write_text("[", "utf-8")
    broken = run("scheme", "adopt", str(tmp_path / "办法.json"), "-p", "45")

    assert {unknown.exit_code, misfit.exit_code, broken.exit_code} == {Exit.UNREADABLE}
    assert "rules.cap" in unknown.output
    assert run("scheme", "adopt", "没有.json", "-p", "45").exit_code == Exit.NOT_FOUND


def test_terms_that_contradict_themselves_are_refused(run: Run, tmp_path: Path) -> None:
    said = {**TERMS, "rules": [{**TERMS["rules"][0], "notice_days": 5}]}

    result = run("scheme", "adopt", str(written(tmp_path, said)), "-p", "45")

    assert result.exit_code == Exit.REFUSED
    assert "NoticeWithoutDays" in result.output


def test_a_file_is_opened_once_reviewed_and_closed(run: Run, worker: Someone) -> None:
    opening = (
        "hardship", "open", worker.number, "-p", "45", "--category", "relative", "--main",
        "grave_illness", "--other", "schooling", "--basis", "means_check", "--number", "桂困7",
        "--until", "2028-01-01", "--union", "东兰县总工会", "--json",
    )  # fmt: skip
    file = told(run(*opening))["file"]

    again = run(*opening)
    review = ("--category", "severe", "--until", "2028-06-01", "-p", "45")
    reviewed = run("hardship", "review", file, *review)
    listed = run("hardship", "list", "-p", "45")
    shown = run("hardship", "show", file, "-p", "45")

    assert again.exit_code == Exit.REFUSED
    assert "HouseholdHasFile" in again.output
    assert reviewed.exit_code == 0, reviewed.output
    assert worker.name in listed.stdout
    assert "深度困难 1" in listed.stdout
    assert "复核" in shown.stdout
    assert run("hardship", "close", file, "--outcome", "recovered", "-p", "45").exit_code == 0
    assert told(run("hardship", "list", "-p", "45", "--json"))["items"] == []
    assert told(run("hardship", "show", file, "-p", "45", "--json"))["outcome"] == "recovered"
