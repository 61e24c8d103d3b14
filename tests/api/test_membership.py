"""Membership over HTTP: applied, examined, approved alone and by list, kept, ended; the roster."""

from datetime import date

from ledger.domain.ids import new_person
from ledger.domain.kernel import Office
from tests.api.conftest import Officer, Sits
from tests.world import World


def applying(person: str, union: str) -> dict[str, str]:
    return {"person": person, "union": union, "confirmed": "signed", "employer": "东江电子厂"}


def state(officer: Officer, membership: str) -> str:
    return officer.see(f"/memberships/{membership}")["membership"]["state"]


def test_a_worker_applies_is_examined_and_becomes_a_member(home: World, sits: Sits) -> None:
    village = home.union("纳合村工会")
    person = home.worker("韦秀英", union=village)
    clerk, reviewer = sits(village, Office.CLERK), sits(village, Office.REVIEWER)

    membership = clerk.act("/memberships", applying(person, village))["membership"]
    thing = f"/memberships/{membership}"
    reviewer.upon(thing, "examination", {"fit": True, "opinion": "符合条件"})
    sits(village, Office.APPROVER).upon(thing, "approval", {"minutes": "纳工委纪〔2026〕1号"})

    told = clerk.see(thing)
    assert told["membership"]["state"] == "member"
    assert [line["kind"] for line in told["lines"]] == [
        "MembershipApplied", "ApplicationExamined", "MemberEnrolled"
    ]  # fmt: skip
    again = clerk.post("/memberships", applying(person, village))
    assert clerk.refused(again) == "AlreadyAMember"


def test_who_entered_an_application_does_not_approve_it(home: World, sits: Sits) -> None:
    village = home.union("纳合村工会")
    person, clerk = home.worker("韦秀英", union=village), sits(village, Office.CLERK)
    thing = f"/memberships/{clerk.act('/memberships', applying(person, village))['membership']}"
    with home.entry(home.root, Office.CHAIR) as entry:
        typist = home.officer(village, Office.CLERK)
        entry.write(
            entry.offices_of(typist).appoint(
                entry.act, typist, village, Office.APPROVER, line=[village, home.root]
            )
        )

    answered = clerk.upon_seen(thing, "approval", {"act": {"office": "approver"}})

    assert clerk.refused(answered) == "ApproverEntered"


def test_who_is_under_age_by_her_own_record_does_not_join(home: World, sits: Sits) -> None:
    clerk = sits(home.root, Office.CLERK)
    child = clerk.act("/persons", {
        "name": "韦小宝", "document": "none_yet", "birth": "2012-01-01",
        "number_owed": "never_issued", "number_due": "2026-06-01",
    })["person"]  # fmt: skip

    answered = clerk.post("/memberships", applying(child, home.root) | {"of_age": "true"})

    assert clerk.refused(answered) == "UnderAge"


def test_a_list_is_approved_with_a_result_for_each(home: World, sits: Sits) -> None:
    village = home.union("纳合村工会")
    applied = [home.apply(home.worker(union=village), village) for _ in range(3)]
    approver = sits(village, Office.APPROVER)
    approver.upon(f"/memberships/{applied[0]}", "refusal", {"ground": "not_willing"})

    body = {"memberships": applied, "minutes": "纳工委纪〔2026〕3号"}
    done = approver.act("/memberships/approvals", body)

    assert set(done["done"]) == set(applied[1:])
    assert done["refused"][applied[0]]["type"] == "/rules/NotApplied"
    assert approver.see("/memberships", count=True)["counts"]["total"] == 2
    assert approver.see("/memberships", count=True, home="4512")["counts"]["total"] == 2
    assert approver.see("/memberships", employer="别的工厂")["items"] == []


def test_a_roster_is_read_as_at_a_date_and_turned_by_its_cursor(home: World, sits: Sits) -> None:
    village = home.union("纳合村工会")
    days = [date(2024, 3, 1), date(2025, 3, 1), date(2026, 1, 10)]
    held = [home.enrol(home.worker(f"韦秀{day.year}", union=village), village, day) for day in days]
    clerk = sits(village, Office.CLERK)

    first = clerk.see("/memberships", as_of="2025-06-01", limit=1)
    second = clerk.see("/memberships", cursor=first["next"])

    rows = first["items"] + second["items"]
    assert {row["membership"] for row in rows} == set(held[:2])
    assert {row["person"]["name"] for row in rows} == {"韦秀2024", "韦秀2025"}
    assert second["next"] is None
    assert clerk.see("/memberships", as_of="2025-06-01", known_on="2025-06-01")["items"] == []
    assert clerk.see("/memberships", state="applied")["items"] == []


def test_a_roster_is_for_the_union_itself_and_those_above(home: World, sits: Sits) -> None:
    village, other = home.union("纳合村工会"), home.union("别村工会")
    home.enrol(home.worker(union=village), village)

    stranger = sits(other, Office.CLERK)

    assert stranger.get("/memberships", union=village).status_code == 403
    assert stranger.see("/memberships")["items"] == []
    assert len(sits(home.root, Office.CLERK).see("/memberships")["items"]) == 1


def test_long_standing_members_are_loaded_and_others_taken_in(home: World, sits: Sits) -> None:
    village = home.union("纳合村工会")
    one, other = home.worker(union=village), home.worker(union=village)
    approver = sits(village, Office.APPROVER)

    loaded = approver.act(
        "/memberships/loads",
        {"person": one, "union": village, "since": "2009-05-01", "proof": "register"},
    )["membership"]
    taken = approver.act(
        "/memberships/take-ins",
        {
            "person": other,
            "union": village,
            "since": "2015-05-01",
            "proof": "card",
            "from_union": "某部队工会",
            "act": {"evidence": ["cd" * 32]},
        },
    )["membership"]

    since = [
        approver.see(f"/memberships/{each}")["membership"]["since"] for each in (loaded, taken)
    ]
    assert since == ["2009-05-01", "2015-05-01"]
    bare = approver.post("/memberships/take-ins", {
        "person": home.worker(union=village), "union": village, "since": "2015-05-01",
        "proof": "card", "from_union": "某部队工会",
    })  # fmt: skip
    assert approver.refused(bare) == "ProofMissing"


def test_a_membership_is_retained_resumed_entrusted_and_ended(home: World, sits: Sits) -> None:
    village, street = home.union("纳合村工会"), home.union("街道工会")
    membership = home.enrol(home.worker(union=village), village, date(2024, 1, 5))
    approver, thing = sits(village, Office.APPROVER), f"/memberships/{membership}"

    approver.upon(thing, "retention", {"reason": "unemployed", "card": "kept"})
    retained = state(approver, membership)
    approver.upon(thing, "resumption", {"employer": "玉柴机器", "trade": "钳工"})
    approver.upon(thing, "management", {"to_union": street})
    managed = approver.see(thing)["membership"]["managing"]
    approver.upon(thing, "management-end", {"to_union": street, "why": "recalled"})
    approver.upon(thing, "exit", {"card": "taken_back", "reason": "本人申请"})

    assert (retained, managed, state(approver, membership)) == ("retained", street, "ended")
    approver.upon(thing, "reinstatement", {"why": "appeal_upheld"})
    assert state(approver, membership) == "member"


def test_nobody_is_deemed_to_have_left_without_being_urged(home: World, sits: Sits) -> None:
    village = home.union("纳合村工会")
    membership = home.enrol(home.worker(union=village), village, date(2024, 1, 5))
    approver, thing = sits(village, Office.APPROVER), f"/memberships/{membership}"
    deemed = {"absent_since": "2025-06-01", "card": "void", "minutes": "纪〔2026〕2号"}

    too_soon = approver.upon_seen(thing, "deemed-exit", deemed)
    sits(village, Office.CLERK).upon(
        thing, "urging", {"absent_since": "2025-06-01", "means": "visit"}
    )
    approver.upon(thing, "deemed-exit", deemed)

    assert approver.refused(too_soon) == "NotUrged"
    assert state(approver, membership) == "ended"


def test_expulsion_takes_the_minutes_of_a_committee(home: World, sits: Sits) -> None:
    village = home.union("纳合村工会")
    membership = home.enrol(home.worker(union=village), village)
    approver = sits(village, Office.APPROVER)

    answered = approver.upon_seen(f"/memberships/{membership}", "expulsion", {"card": "void"})

    assert approver.refused(answered) == "CommitteeDecides"


def test_a_double_membership_is_settled_with_the_earlier_date(home: World, sits: Sits) -> None:
    village, street = home.union("纳合村工会"), home.union("街道工会")
    one, other = home.worker("韦秀英", union=village), home.worker("韦秀英", union=street)
    early = home.enrol(one, village, date(2019, 1, 5))
    late = home.enrol(other, street, date(2024, 1, 5))
    clerk, approver = sits(home.root, Office.CLERK), sits(home.root, Office.APPROVER)
    clerk.upon(f"/persons/{one}", "links", {
        "other": other, "ground": "cards_seen", "second": new_person()
    })  # fmt: skip

    approver.upon(f"/memberships/{late}", "settlement", {"ended": early, "minutes": "纪1号"})

    file = clerk.see(f"/persons/{one}")
    states = {each["membership"]: each["state"] for each in file["state"]["memberships"]}
    assert states == {early: "ended", late: "member"}
    assert approver.see(f"/memberships/{late}")["membership"]["since"] == "2019-01-05"
