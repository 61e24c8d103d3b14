"""Schemes over HTTP: adopted, listed by place, amended, and asked what judges an application."""

from typing import Any

from ledger.domain.kernel import Office
from tests.api.conftest import Sits
from tests.world import World

STUDY: dict[str, Any] = {
    "kind": "study", "steps": ["file", "review", "notice"], "notice_days": 5,
    "caps": [{"per": "child_year", "most": 710000}], "modes": ["bank", "institution"],
    "categories": ["severe"],
}  # fmt: skip


def adopting(**more: Any) -> dict[str, Any]:
    return {
        "title": "困难职工帮扶办法", "since": "2026-07-01", "place": "450000", "rules": [STUDY],
        "paper": "桂工办〔2026〕20号", **more,
    }  # fmt: skip


def test_a_scheme_is_adopted_amended_and_judges_by_the_date(home: World, sits: Sits) -> None:
    chair, clerk = sits(home.root, Office.CHAIR), sits(home.root, Office.CLERK)
    levels = [{"above": 500000, "approver": home.root}]
    new = {**STUDY, "caps": [{"per": "child_year", "most": 800000}], "levels": levels}

    thing = f"/schemes/{chair.act('/schemes', adopting())['scheme']}"
    chair.upon(thing, "versions", adopting(version=2, since="2027-01-01", rules=[new]))

    assert clerk.see("/schemes", as_of="2026-06-01")["items"] == []
    [line] = clerk.see("/schemes", as_of="2026-08-01", place="451224", kind="study")["items"]
    assert (line["version"], line["until"], line["place_name"]) == (
        1, "2027-01-01", "广西壮族自治区",
    )  # fmt: skip
    told = clerk.see(thing, as_of="2026-08-01")
    assert (told["in_force"], [each["version"] for each in told["versions"]]) == (1, [1, 2])
    asked = {"kind": "study", "applied_on": "2026-08-01", "as_of": "2027-02-01"}
    assert clerk.see(f"{thing}/rules", **asked)["version"] == 1
    judged = clerk.see(f"{thing}/rules", kind="study", applied_on="2027-01-01")
    assert judged["rules"]["caps"][0]["most"] == 800000
    none = clerk.get(f"{thing}/rules", kind="medical", applied_on="2027-01-01")
    assert clerk.refused(none) == "NoRuleForThis"


def test_a_scheme_is_repealed(home: World, sits: Sits) -> None:
    chair = sits(home.root, Office.CHAIR)
    thing = f"/schemes/{chair.act('/schemes', adopting(since='2026-01-01'))['scheme']}"

    chair.upon(thing, "repeal", {"since": "2026-12-01"})

    assert chair.see(thing)["until"] == "2026-12-01"
    assert chair.see("/schemes", as_of="2026-12-01", coming=True)["items"] == []
    assert chair.refused(chair.upon_seen(thing, "repeal", {})) == "SchemeRepealedAlready"


def test_a_scheme_that_contradicts_itself_or_comes_from_a_clerk_is_refused(
    home: World, sits: Sits
) -> None:
    chair, clerk = sits(home.root, Office.CHAIR), sits(home.root, Office.CLERK)

    contradictory = chair.post("/schemes", adopting(rules=[{**STUDY, "notice_days": 0}]))

    assert chair.refused(contradictory) == "NoticeWithoutDays"
    assert clerk.refused(clerk.post("/schemes", adopting())) == "NotYourOffice"
    assert chair.post("/schemes", adopting(rules=[{**STUDY, "cap": 1}])).status_code == 422
