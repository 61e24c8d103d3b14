"""Corrections and records over HTTP: replaced, annulled, and each record with its leaf."""

from datetime import date
from hashlib import sha256

from ledger.domain.ids import new_person
from ledger.domain.kernel import Office
from tests.api.conftest import Sits
from tests.world import World


def test_a_wrong_date_is_corrected_and_the_old_one_stays_visible(home: World, sits: Sits) -> None:
    village = home.union("纳合村工会")
    person = home.worker("韦秀英", union=village)
    membership = home.apply(person, village, date(2026, 2, 1))
    position = home.approve(membership, village, date(2026, 2, 10))
    approver = sits(village, Office.APPROVER)
    wrong = {"position": position, "why": "wrong_date", "reason": "会议是 2 月 5 日开的"}

    unsaid = approver.post(
        "/corrections", wrong | {"changes": {}, "on": "2026-02-05", "reason": " "}
    )
    approver.act("/corrections", wrong | {"changes": {}, "on": "2026-02-05"})
    approver.act("/corrections", wrong | {"position": _newest(home), "changes": {"card": "A-1"}})

    told = approver.see(f"/memberships/{membership}")
    assert approver.refused(unsaid) == "ReasonMissing"
    assert told["membership"]["since"] == "2026-02-05"
    enrolled = [line for line in told["lines"] if line["kind"] == "MemberEnrolled"]
    assert sorted((line["on"], line["struck"]) for line in enrolled) == [
        ("2026-02-05", False), ("2026-02-05", True), ("2026-02-10", True)
    ]  # fmt: skip
    again = approver.post("/corrections", wrong | {"changes": {"card": "A-2"}})
    assert approver.refused(again) == "AlreadyCorrected"


def _newest(home: World) -> int:
    with home.ledger.database.reading() as conn:
        return home.ledger.recorder.page(conn, 0, 10_000)[-1].position


def test_identity_is_corrected_with_a_second_person(home: World, sits: Sits) -> None:
    person = home.worker("韦秀英")
    position, clerk = _newest(home), sits(home.root, Office.CLERK)
    body = {
        "position": position, "changes": {"name": "韦秀瑛"}, "why": "mistyped",
        "reason": "证件上是“瑛”",
    }  # fmt: skip

    alone = clerk.post("/corrections", body)
    nobody = clerk.post("/corrections", body | {"confirmed_by": new_person()})
    elsewhere = home.officer(home.union("纳合村工会"), Office.REVIEWER)
    below = clerk.post("/corrections", body | {"confirmed_by": elsewhere})
    second = home.officer(home.root, Office.REVIEWER)
    clerk.act("/corrections", body | {"confirmed_by": second})

    for refused in (alone, nobody, below):
        assert clerk.refused(refused) == "SecondPersonConfirms"
    assert clerk.see(f"/persons/{person}")["identity"]["name"] == "韦秀瑛"


def test_a_change_that_is_no_value_of_its_field_is_named(home: World, sits: Sits) -> None:
    village = home.union("纳合村工会")
    membership = home.apply(home.worker(union=village), village)
    position = home.approve(membership, village)
    approver = sits(village, Office.APPROVER)
    body = {"position": position, "why": "mistyped", "reason": "录错"}

    changes = {
        "colour": "red", "channel": "by air", "card": "x" * 5000, "minutes": ["list"],
    }  # fmt: skip
    answered = approver.post("/corrections", body | {"changes": changes})

    assert answered.status_code == 422, answered.text
    long = approver.post("/corrections", body | {"changes": {"card": ["x" * 900] * 30}})
    vast = approver.post("/corrections", body | {"changes": {"card": 2**70}})
    assert (long.status_code, vast.status_code) == (422, 422)
    pointers = {each["pointer"] for each in answered.json()["errors"]}
    assert pointers == {f"/changes/{name}" for name in changes}


def test_what_rests_on_a_fact_is_listed_with_its_next_act(home: World, sits: Sits) -> None:
    village, street = home.union("纳合村工会"), home.union("街道工会")
    membership = home.apply(home.worker(union=village), village)
    position = home.approve(membership, village)
    home.offer(membership, village, street, home.origin, date(2026, 3, 20))
    approver = sits(village, Office.APPROVER)

    found = approver.see("/corrections/dependents", position=position)
    approver.act("/corrections/annulments", {
        "position": position, "why": "wrong_person", "reason": "同名，另有其人"
    })  # fmt: skip

    assert [(each["kind"], each["next_zh"]) for each in found] == [
        ("TransferOffered", "未答复的撤回；已转出的请对方转回")
    ]
    again = approver.post("/corrections/annulments", {
        "position": position, "why": "wrong_person", "reason": "再作废"
    })  # fmt: skip
    assert approver.refused(again) == "AlreadyAnnulled"


def test_a_roster_for_the_wrong_union_is_taken_back_in_one_act(home: World, sits: Sits) -> None:
    village = home.union("纳合村工会")
    held = [home.enrol(home.worker(union=village), village) for _ in range(3)]
    approver = sits(village, Office.APPROVER)

    done = approver.act("/corrections/rosters", {
        "memberships": held, "why": "wrong_union", "reason": "名单属别村"
    })  # fmt: skip

    assert set(done["done"]) == set(held)
    assert approver.see("/memberships")["items"] == []


def test_another_union_does_not_correct_what_we_recorded(home: World, sits: Sits) -> None:
    village, other = home.union("纳合村工会"), home.union("别村工会")
    position = home.approve(home.apply(home.worker(union=village), village), village)
    stranger = sits(other, Office.APPROVER)

    answered = stranger.post("/corrections/annulments", {
        "position": position, "why": "not_so", "reason": "不属实"
    })  # fmt: skip

    assert answered.status_code == 403


def test_a_record_is_shown_with_the_bytes_that_its_leaf_is_of(home: World, sits: Sits) -> None:
    auditor, person = sits(home.root, Office.AUDITOR), home.worker("韦秀英")

    page = auditor.see("/records", stream=person)
    told = auditor.see(f"/records/{page['items'][0]['position']}")

    assert told["leaf"] == sha256(b"\0" + told["bytes"].encode()).hexdigest()
    assert told["header"]["kind"] == "PersonRegistered"
    assert "韦秀英" not in told["bytes"]
    assert list(told["body"]["sealed"]) == [person]


def test_the_journal_is_turned_page_by_page_by_who_may(home: World, sits: Sits) -> None:
    village = home.union("纳合村工会")
    auditor, clerk = sits(home.root, Office.AUDITOR), sits(village, Office.CLERK)

    positions: list[int] = []
    page = auditor.see("/records", limit=2)
    while True:
        positions += [row["position"] for row in page["items"]]
        if page["next"] is None:
            break
        page = auditor.see("/records", cursor=page["next"], limit=2)

    assert positions == list(range(1, page["size"] + 1))
    assert clerk.get("/records").status_code == 403
