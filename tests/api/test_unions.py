"""Unions over HTTP: founded, renamed, listed a page at a time, ended with their members."""

from ledger.domain.kernel import Office
from tests.api.conftest import Sits
from tests.world import World


def founding(world: World, name: str, **more: str) -> dict[str, str]:
    return {
        "name": name, "kind": "village", "superior": world.root, "division": "451224", **more
    }  # fmt: skip


def test_a_union_is_founded_renamed_and_found_again(home: World, sits: Sits) -> None:
    chair = sits(home.root, Office.CHAIR)

    union = chair.act("/unions", founding(home, "纳合村工会"))["union"]
    chair.upon(f"/unions/{union}", "name", {"name": "纳合村联合工会", "short_name": "纳合"})

    assert chair.see("/unions", text="纳合")["items"][0]["union"] == union
    told = chair.see(f"/unions/{union}")
    assert told["union"]["name"] == "纳合村联合工会"
    assert [above["union"] for above in told["line"]] == [home.root]


def test_a_clerk_does_not_found_a_union(home: World, sits: Sits) -> None:
    clerk = sits(home.root, Office.CLERK)

    answered = clerk.post("/unions", founding(home, "纳合村工会"))

    assert clerk.refused(answered) == "NotYourOffice"


def test_a_list_is_turned_page_by_page_with_its_filters_inside(home: World, sits: Sits) -> None:
    chair = sits(home.root, Office.CHAIR)
    names = {f"第{number}村工会" for number in range(5)}
    for name in names:
        home.union(name)

    seen: set[str] = set()
    page = chair.see("/unions", superior=home.root, limit=2)
    seen |= {row["name"] for row in page["items"]}
    while page["next"]:
        page = chair.see("/unions", cursor=page["next"], limit=2)
        seen |= {row["name"] for row in page["items"]}

    assert seen == names


def test_a_cursor_that_was_touched_or_is_for_other_filters_is_refused(
    home: World, sits: Sits
) -> None:
    chair = sits(home.root, Office.CHAIR)
    for number in range(3):
        home.union(f"第{number}村工会")
    cursor = chair.see("/unions", superior=home.root, limit=1)["next"]

    touched = cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB")
    answers = [
        chair.get("/unions", cursor=touched),
        chair.get("/unions", cursor="x"),
        chair.get("/unions", cursor=cursor, text="另一个"),
        chair.get("/stations", cursor=cursor),
    ]

    assert [each.status_code for each in answers] == [400, 400, 400, 400]


def test_a_union_ends_only_with_an_outcome_for_each_member(home: World, sits: Sits) -> None:
    union = home.union("纳合村工会")
    kept = [home.enrol(home.worker(), union) for _ in range(3)]
    chair = sits(home.root, Office.CHAIR)

    done = chair.upon(f"/unions/{union}", "dissolution", {"reason": "reorganised"})

    assert done == {"members": len(kept)}
    assert not chair.see(f"/unions/{union}")["open"]
    roster = chair.see("/memberships", union=home.root, below=False)
    assert {row["membership"] for row in roster["items"]} == set(kept)
    assert {row["state"] for row in roster["items"]} == {"retained"}
