"""Services over HTTP: given, counted, what they cost; a trip from its announcement to its departure."""

from datetime import date

from ledger.domain.identity import DocumentKind
from ledger.domain.ids import PersonId, new_person
from ledger.domain.kernel import Office
from ledger.domain.persons import Particulars, Person
from tests.api.conftest import Sits
from tests.world import World, citizen_number


def child(home: World) -> PersonId:
    person, born = new_person(), date(2016, 5, 1)
    told = Particulars(
        "韦小宝", DocumentKind.CITIZEN_NUMBER, citizen_number("451224", born, 7), sex="男",
        birth=born.isoformat(),
    )  # fmt: skip
    with home.entry(home.root) as entry:
        entry.write(Person.register(entry.act, person, told))
    return person


def test_services_are_counted_by_unit_and_by_name_apart(home: World, sits: Sits) -> None:
    clerk = sits(home.root, Office.CLERK)
    people = [home.worker(), home.worker()]

    made = clerk.act("/services", {
        "persons": people, "kind": "legal_advice", "note": "工资条",
        "organisers": [
            {"part": "leads", "union": home.root}, {"part": "assists", "name": "广东省广西商会"},
        ],
    })  # fmt: skip
    counted = clerk.act("/services/tallies", {
        "kind": "roadside", "count": 2000, "unit": "person_times", "bound": "more_than",
        "since": "2026-02-20", "place": "450400", "what": "暖流行动",
    })  # fmt: skip
    for activity in (made["services"][0], counted["tally"]):
        clerk.act("/services/costs", {
            "activity": activity, "amount": 12_618_000, "bearer": home.root, "source": "自有经费",
        })  # fmt: skip

    told = clerk.see("/services/counts")
    assert told["counted"] == [{
        "kind": "roadside", "unit": "person_times", "by": None, "number": 2000, "more": True,
        "nearly": False, "tallies": 1,
    }]  # fmt: skip
    assert [(n["kind"], n["persons"], n["times"]) for n in told["named"]] == [
        ("legal_advice", 2, 2), (None, 2, 2),
    ]  # fmt: skip
    assert [(c["amount"], c["lines"]) for c in told["costs"]] == [(25_236_000, 2)]
    assert clerk.see("/services/counts", by="month", since="2026-03-03")["counted"] == []


def test_a_service_without_a_lead_or_a_name_is_refused(home: World, sits: Sits) -> None:
    clerk, body = sits(home.root, Office.CLERK), {"persons": [home.worker()], "kind": "health"}

    def with_organiser(organiser: dict[str, str]) -> str:
        answered = clerk.post("/services", body | {"organisers": [organiser]})
        return clerk.refused(answered)

    assert with_organiser({"part": "assists", "union": home.root}) == "LeadMissing"
    assert with_organiser({"part": "leads"}) == "NobodyNamed"
    assert clerk.post("/services", body | {"persons": []}).status_code == 422
    unit = {"kind": "health", "count": 0, "unit": "persons"}
    assert clerk.post("/services/tallies", unit).status_code == 422


def test_a_trip_is_announced_filled_and_departs_with_leave(home: World, sits: Sits) -> None:
    clerk, worker, young, mother = (
        sits(home.root, Office.CLERK), home.worker("韦秀英"), child(home), home.worker(),
    )  # fmt: skip
    trip = clerk.act("/trips", {
        "name": "亲情牵手·温馨关爱", "kind": "reunion", "quota": 2, "leaves": "2026-07-10",
        "grounds": ["left_behind_child", "accompanying"], "start": "451224", "goal": "440100",
    })["trip"]  # fmt: skip
    path = f"/trips/{trip}"

    seats = clerk.upon(path, "seats", {"passengers": [
        {"person": young, "ground": "left_behind_child"},
        {"person": worker, "ground": "accompanying"},
        {"person": mother, "ground": "accompanying"},
    ]})  # fmt: skip
    early = clerk.upon_seen(path, "departures", {"persons": [young]})
    leave = {"guardian": mother, "form": "同意书1"}
    for_a_grown = clerk.upon_seen(path, "agreements", {"person": worker, **leave})
    clerk.upon(path, "agreements", {"person": young, **leave})
    clerk.upon(path, "returns", {"person": worker, "why": "asked"})
    gone = clerk.upon(path, "departures", {"persons": [young]})

    assert seats["done"] == [young, worker]
    assert seats["refused"][mother]["type"] == "/rules/QuotaFull"
    assert early.status_code == 200  # nothing was recorded
    assert early.json()["result"]["refused"][young]["type"] == "/rules/GuardianAgreesFirst"
    assert clerk.refused(for_a_grown) == "GuardianshipEnded"
    assert gone == {"done": [young], "refused": {}}
    told = clerk.see(path)
    assert (told["trip"]["seats"], told["trip"]["departed"]) == (1, 1)
    assert [p["shown"]["name"] for p in told["passengers"]] == ["韦小宝"]
    assert told["passengers"][0]["departed_on"] == "2026-03-02"
    assert [each["trip"] for each in clerk.see("/trips")["items"]] == [trip]
    cancelled = clerk.upon_seen(path, "cancellation", {"why": "weather"})
    assert clerk.refused(cancelled) == "TripUnderWay"


def test_passengers_are_shown_to_the_unions_that_keep_the_trip(home: World, sits: Sits) -> None:
    village = home.union("纳合村工会")
    clerk = sits(home.root, Office.CLERK)
    trip = clerk.act("/trips", {
        "name": "温暖回家路", "quota": 600, "leaves": "2026-07-10", "grounds": ["outstanding"],
    })["trip"]  # fmt: skip
    passenger = {"person": home.worker(), "ground": "outstanding"}
    clerk.upon(f"/trips/{trip}", "seats", {"passengers": [passenger]})

    seen = sits(village, Office.CLERK).see(f"/trips/{trip}")

    assert (seen["passengers"], seen["hidden"], seen["trip"]["seats"]) == ([], 1, 1)


def test_a_seat_is_given_on_the_trip_as_it_was_seen(home: World, sits: Sits) -> None:
    clerk = sits(home.root, Office.CLERK)
    trip = clerk.act("/trips", {
        "name": "专列", "quota": 5, "leaves": "2026-07-10", "grounds": ["member"],
    })["trip"]  # fmt: skip
    body = {"passengers": [{"person": home.worker(), "ground": "member"}]}

    blind = clerk.post(f"/trips/{trip}/seats", body)
    stale = clerk.post(f"/trips/{trip}/seats", body, seen='"7"')

    assert (blind.status_code, stale.status_code) == (428, 412)
