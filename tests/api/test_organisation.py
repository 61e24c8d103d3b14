"""Stations, offices and rules over HTTP: opened and staffed, given and taken, read by anybody."""

from ledger.domain.ids import new_person
from ledger.domain.kernel import Office
from tests.api.conftest import Sits
from tests.world import World


def test_a_station_stands_in_another_province_and_is_staffed(home: World, sits: Sits) -> None:
    clerk = sits(home.root, Office.CLERK)
    opening = {
        "name": "驻粤农民工服务总站", "kind": "main_station", "owner": home.root,
        "location": "441900", "services": ["transfer", "enrolment"],
    }  # fmt: skip

    thing = f"/stations/{clerk.act('/stations', opening)['station']}"
    clerk.upon(thing, "staff", {"person": new_person(), "duty": "head"})
    clerk.upon(thing, "name", {"name": "驻粤服务总站"})

    told = clerk.see(thing)
    assert (told["name"], told["open"], len(told["staff"])) == ("驻粤服务总站", True, 1)
    assert told["owner_name"] == "广西壮族自治区总工会"
    assert [row["name"] for row in clerk.see("/stations", location="44")["items"]] == [
        "驻粤服务总站"
    ]


def test_a_closed_station_is_shown_as_it_last_stood(home: World, sits: Sits) -> None:
    clerk = sits(home.root, Office.CLERK)
    opening = {
        "name": "莞城驿站", "kind": "outdoor_station", "owner": home.root, "location": "441900"
    }  # fmt: skip
    thing = f"/stations/{clerk.act('/stations', opening)['station']}"
    clerk.upon(thing, "services", {"services": ["refreshment"]})
    moving = {"location": "441900", "address": "西城路9号"}
    clerk.upon(thing, "location", moving)

    clerk.upon(thing, "closing", {"reason": "site_gone"})

    told = clerk.see(thing)
    assert (told["open"], told["closing"], told["address"]) == (False, "site_gone", "西城路9号")
    assert clerk.see("/stations", owner=home.root)["items"] == []
    assert clerk.refused(clerk.upon_seen(thing, "location", moving)) == "StationNotOpen"


def test_a_station_is_opened_by_its_owner_only(home: World, sits: Sits) -> None:
    village = home.union("纳合村工会")
    clerk = sits(village, Office.CLERK)

    answered = clerk.post("/stations", {
        "name": "总站", "kind": "main_station", "owner": home.root, "location": "441900"
    })  # fmt: skip

    assert clerk.refused(answered) == "NotItsOwner"


def test_offices_are_given_listed_by_day_and_taken(home: World, sits: Sits) -> None:
    chair, village, person = sits(home.root, Office.CHAIR), home.union("纳合村工会"), new_person()

    chair.act("/appointments", {"person": person, "union": village, "office": "clerk"})
    held = chair.see("/appointments", union=village)["items"]
    chair.upon(f"/appointments/{person}", "relief", {"union": village, "office": "clerk"})

    assert [(row["person"], row["office"], row["union_name"]) for row in held] == [
        (person, "clerk", "纳合村工会")
    ]
    assert chair.see("/appointments", union=village)["items"] == []
    assert len(chair.see("/appointments", union=village, as_of="2026-03-01")["items"]) == 0
    gone = chair.upon_seen(
        f"/appointments/{person}", "relief", {"union": village, "office": "clerk"}
    )
    assert chair.refused(gone) == "NoSuchPost"


def test_an_office_is_delegated_for_a_time_and_entry_entrusted(home: World, sits: Sits) -> None:
    chair, village = sits(home.root, Office.CHAIR), home.union("纳合村工会")
    approver, other = home.officer(village, Office.APPROVER), new_person()
    while_away = {"since": "2026-03-01", "until": "2026-03-20"}

    chair.act(
        "/appointments/delegations",
        {
            "person": other,
            "instead_of": approver,
            "union": village,
            "office": "approver",
            **while_away,
        },
    )
    chair.act("/appointments/entrustments", {"person": other, "union": village, "below": True})

    posts = chair.see(f"/appointments/{other}")
    assert [(post["office"], post["instead_of"], post["entrusted"]) for post in posts] == [
        ("approver", approver, False), ("clerk", None, True),
    ]  # fmt: skip
    not_held = chair.post("/appointments/delegations", {
        "person": other, "instead_of": new_person(), "union": village, "office": "chair",
        **while_away,
    })  # fmt: skip
    assert not_held.status_code == 404


def test_an_auditor_holds_no_operating_office(home: World, sits: Sits) -> None:
    chair, person = sits(home.root, Office.CHAIR), new_person()
    chair.act("/appointments", {"person": person, "union": home.root, "office": "auditor"})

    answered = chair.post("/appointments", {
        "person": person, "union": home.root, "office": "cashier"
    })  # fmt: skip

    assert chair.refused(answered) == "IncompatibleOffices"


def test_every_refusal_leads_to_its_rule(home: World, sits: Sits) -> None:
    clerk = sits(home.root, Office.CLERK)

    refused = clerk.post("/persons", {"name": " "}).json()

    told = clerk.see(refused["type"])
    assert refused["type"] == "/rules/NameMissing"
    assert (told["sentence"], told["zh"]) == (refused["title"], refused["title_zh"])
    every = {rule["rule"]: rule for rule in clerk.see("/rules")}
    assert every["NameMissing"] == told
    assert {"CommandReused", "NoticeTooShort", "MemberElsewhere", "RosterDamaged"} <= set(every)
