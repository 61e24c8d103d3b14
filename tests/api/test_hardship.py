"""Hardship files over HTTP: one a household, reviewed by another, closed, listed by review day."""

from typing import Any

from ledger.domain.ids import new_file
from ledger.domain.kernel import Office
from tests.api.conftest import Officer, Sits
from tests.world import World


def household(clerk: Officer, person: str) -> str:
    return clerk.act("/households", {"person": person})["household"]


def opening(house: str, person: str, **more: Any) -> dict[str, Any]:
    return {
        "household": house, "person": person, "category": "relative", "main": "grave_illness",
        "others": ["schooling"], "basis": "means_check", "valid_until": "2027-03-01",
        "number": "桂困〔2026〕12号", "remark": "丈夫尿毒症，每周透析三次", **more,
    }  # fmt: skip


def test_a_file_is_opened_reviewed_and_closed(home: World, sits: Sits) -> None:
    village = home.union("纳合村工会")
    worker = home.worker("韦秀英", union=village)
    clerk, reviewer = sits(village, Office.CLERK), sits(village, Office.REVIEWER)
    house = household(clerk, worker)

    thing = f"/hardship-files/{clerk.act('/hardship-files', opening(house, worker))['file']}"
    again = clerk.post("/hardship-files", opening(house, worker))
    reviewer.upon(
        thing, "reviews", {"category": "severe", "valid_until": "2028-03-01"}, purpose="grant"
    )
    listed = clerk.see("/hardship-files", count=True)
    told = clerk.see(thing)

    assert clerk.refused(again) == "HouseholdHasFile"
    [line] = listed["items"]
    assert (line["category"], line["person"]["name"], line["due"]) == ("severe", "韦秀英", False)
    assert listed["counts"] == {"severe": 1, "relative": 0, "sudden": 0}
    assert [row["kind"] for row in told["lines"]] == ["HardshipFileOpened", "HardshipFileReviewed"]
    assert told["lines"][0]["reasons"] == ["丈夫尿毒症，每周透析三次"]
    assert (told["open"], told["found"]["basis"]) == (True, "means_check")

    reviewer.upon(thing, "closing", {"outcome": "recovered"})

    assert clerk.see("/hardship-files")["items"] == []
    assert clerk.see(thing)["outcome"] == "recovered"
    assert clerk.refused(reviewer.upon_seen(thing, "closing", {"outcome": "died"})) == "FileNotOpen"


def test_files_are_for_the_unions_that_the_worker_concerns(home: World, sits: Sits) -> None:
    village, other = home.union("纳合村工会"), home.union("巴学村工会")
    worker = home.worker("韦秀英", union=village)
    clerk, stranger = sits(village, Office.CLERK), sits(other, Office.CLERK)
    house = household(clerk, worker)
    made = clerk.act("/hardship-files", opening(house, worker, valid_until="2026-03-20"))

    assert stranger.get(f"/hardship-files/{made['file']}").status_code == 403
    assert stranger.see("/hardship-files")["items"] == []
    assert stranger.get("/hardship-files", union=village).status_code == 403
    assert stranger.post("/hardship-files", opening(house, worker)).status_code == 403
    assert len(clerk.see("/hardship-files", due="2026-04-01")["items"]) == 1
    assert clerk.get(f"/hardship-files/{new_file()}").status_code == 404
