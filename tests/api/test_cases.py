"""Rights cases over HTTP: a wage case from intake to closure and beyond, in one province and in two."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from api.app import create_app
from ledger.desk import Desk
from ledger.domain.kernel import Office
from tests import pair as pairs
from tests.api.conftest import Officer, Sits, seat
from tests.pair import Pair
from tests.test_casework import RIGHTS
from tests.world import World

EMPLOYER = {"name": "荣光物流有限公司", "credit_code": "91440606MA4UQ1XX2A"}


def opening(*people: str, **more: Any) -> dict[str, Any]:
    return {
        "kind": "arrears", "channel": "station", "place": "440606", "parties": [EMPLOYER],
        "claims": [{"person": each, "wages": 100_000} for each in people], **more,
    }  # fmt: skip


def test_a_wage_case_from_intake_to_closure_and_one_claimant_reopens(
    home: World, sits: Sits
) -> None:
    village = home.union("纳合村工会")
    wei, lan = home.worker("韦秀英"), home.worker("蓝志强")
    station, clerk, legal = (
        sits(village, office) for office in (Office.STATION, Office.CLERK, Office.LEGAL)
    )

    made = station.act("/cases", opening(wei, lan, priority="green"))
    thing = f"/cases/{made['case']}"
    legal.upon(thing, "clocks", {"kind": "arbitration_limit", "since": "2026-02-10"})
    legal.upon(
        thing, "letters", {"kind": "notice", "addressee": "荣光物流", "paper": "工提〔2026〕1号"}
    )
    parts = [{"number": n, "due": f"2026-03-0{n + 2}", "wages": 50_000} for n in (1, 2)]
    legal.upon(thing, "settlements", {
        "route": "mediated", "total": {"wages": 200_000},
        "shares": [{"person": each, "instalments": parts} for each in (wei, lan)],
    })  # fmt: skip
    first = station.upon(thing, "recoveries", {
        "payer": "employer", "means": "cash", "total": {"wages": 100_000}
    })["step"]  # fmt: skip
    twice = station.upon_seen(thing, "recoveries", {
        "payer": "employer", "total": {"wages": 100_000}
    })  # fmt: skip
    alone = station.upon_seen(
        thing, "receipts", {"recovery": first, "persons": [wei, lan], "proof": "call"}
    )
    clerk.upon(thing, "receipts", {"recovery": first, "persons": [wei, lan], "proof": "call"})
    early = legal.upon_seen(thing, "closure", {"outcome": "recovered_in_full"})
    station.upon(thing, "recoveries", {
        "payer": "contractor", "total": {"wages": 100_000}, "reference": "回单88"
    })  # fmt: skip
    uncalled = legal.upon_seen(thing, "closure", {"outcome": "recovered_in_full"})
    legal.upon(thing, "call-backs", {"persons": [wei, lan], "said": "satisfied"})
    legal.upon(thing, "closure", {"outcome": "recovered_in_full"})

    assert made["number"] == "桂维〔2026〕0001号"
    assert station.refused(twice) == "RecoveryKnown"
    assert station.refused(alone) == "RecorderConfirms"
    assert legal.refused(early) == "OutcomeNotBorneOut"
    assert legal.refused(uncalled) == "NotCalledBack"
    told = legal.see(thing)["state"]
    assert (told["state"], told["closure"]["outcome"]) == ("closed", "recovered_in_full")
    assert told["totals"]["recovered"] == {"wages": 200_000, "compensation": 0}
    assert legal.see("/cases", tab="closed", count=True)["counts"]["closed"] == 1

    legal.upon(thing, "reopening", {"why": "owed_again", "person": wei, "remark": "三月工资又没发"})
    legal.upon(thing, "claim-revision", {"person": wei, "wages": 150_000, "why": "more_owed"})

    assert legal.see(thing)["state"]["state"] == "recovering"
    sheet = clerk.see(f"{thing}/claimants", limit=1)
    rest = clerk.see(f"{thing}/claimants", limit=1, cursor=sheet["next"])
    names = {row["person"]["name"] for row in sheet["items"] + rest["items"]}
    assert (names, rest["next"]) == ({"韦秀英", "蓝志强"}, None)


def test_the_board_the_dues_and_the_arrears(home: World, sits: Sits) -> None:
    village, other = home.union("纳合村工会"), home.union("街道工会")
    person = home.worker("韦秀英")
    station, stranger = sits(village, Office.STATION), sits(other, Office.STATION)
    case = station.act("/cases", opening(person))["case"]
    station.upon(f"/cases/{case}", "clocks", {"kind": "mediation", "since": "2026-03-02"})

    due = station.see("/cases/dues", within=30)
    owing = station.see("/cases/arrears")

    assert [(each["due"]["what"], each["days_left"]) for each in due] == [("mediation", 15)]
    assert owing[0]["name"] == EMPLOYER["name"]
    assert owing[0]["totals"]["open"] == {"wages": 100_000, "compensation": 0}
    assert [row["case"]["case"] for row in station.see("/cases", role="lead")["items"]] == [case]
    assert stranger.see("/cases")["items"] == []
    hidden = stranger.get(f"/cases/{case}")
    assert (hidden.status_code, hidden.json()["type"]) == (403, "/problems/not-your-case")
    assert station.get("/cases/cas_" + "a" * 26).status_code == 404
    assert station.get("/cases", stage="new").status_code == 400
    assert station.get("/cases", tab="lost").status_code == 400


def test_a_case_as_it_was_step_by_step_and_what_changed(home: World, sits: Sits) -> None:
    village = home.union("纳合村工会")
    person = home.worker("韦秀英")
    station = sits(village, Office.STATION)
    thing = f"/cases/{station.act('/cases', opening(person))['case']}"
    station.upon(thing, "recoveries", {"payer": "deposit", "total": {"wages": 30_000}})

    before = station.see(thing, as_of="2026-03-01")
    steps = station.see(f"{thing}/steps", as_known=True)
    changes = station.see(f"{thing}/changes", from_as_of="2026-03-01", to_as_of="2026-03-02")

    assert before["state"]["state"] is None
    assert [step["line"]["kind"] for step in steps] == ["CaseOpened", "RecoveryRecorded"]
    assert steps[1]["state"]["totals"]["open"]["wages"] == 70_000
    assert ["追回合计", "0.00元", "300.00元"] in changes["changes"]


# ── two provinces ────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    opened = pairs.open_pair(tmp_path).agree(RIGHTS)
    yield opened
    pairs.close(opened)


@pytest.fixture
def two(pair: Pair) -> FastAPI:
    return create_app(Desk({"45": pair.home.ledger, "44": pair.host.ledger}, demo=True))


def sitting(app: FastAPI, world: World, union: str, office: Office) -> Officer:
    return seat(app, app.state.desk, world, union, office)


def test_a_joint_case_is_worked_on_by_both_and_led_by_one(pair: Pair, two: FastAPI) -> None:
    wei, _ = pair.member("韦秀英")
    home = sitting(two, pair.home, pair.village, Office.STATION)
    host = sitting(two, pair.host, pair.street, Office.LIAISON)
    second = sitting(two, pair.host, pair.street, Office.CLERK)
    case = home.act("/cases", opening(wei, basis="statutory_duty"))["case"]
    thing = f"/cases/{case}"
    home.upon(thing, "help", {"to_union": pair.street})
    pair.sync()

    waiting = host.see("/cases", role="asked")["items"]
    host.upon(thing, "joining")
    settling = host.upon_seen(thing, "closure", {"outcome": "not_recovered", "why": "gone"})
    report = host.upon(thing, "recoveries", {
        "payer": "employer", "means": "cash", "total": {"wages": 60_000}
    })["step"]  # fmt: skip
    pair.sync()
    unmatched = home.see(thing)["state"]["payments"]
    recovery = home.upon(thing, "recoveries", {"payer": "employer", "report": report})["step"]
    pair.sync()
    second.upon(thing, "receipts", {"recovery": recovery, "persons": [wei], "proof": "witnessed"})
    pair.sync()

    assert [row["case"]["case"] for row in waiting] == [case]
    assert host.refused(settling) == "NotTheLead"
    assert [(each["report"], each["is_"]) for each in unmatched] == [(True, None)]
    for officer in (home, host):
        told = officer.see(thing)["state"]
        assert told["totals"]["recovered"]["wages"] == 60_000
        assert [each["is_"] for each in told["payments"] if each["report"]] == [recovery]
        assert [side["name"] for side in told["sides"]] == ["纳合村工会", "莞城街道工会"]
    claimant = host.see(f"{thing}/claimants")["items"][0]
    assert (claimant["person"]["name"], claimant["arrear"]["received"]) == ("韦秀英", 1)


def test_the_lead_is_handed_over_with_everything_that_is_known(pair: Pair, two: FastAPI) -> None:
    wei, _ = pair.member("韦秀英")
    home = sitting(two, pair.home, pair.village, Office.STATION)
    host = sitting(two, pair.host, pair.street, Office.LIAISON)
    thing = f"/cases/{home.act('/cases', opening(wei))['case']}"
    handing = {"to_union": pair.street, "reason": "employer_there"}

    baseless = home.upon_seen(thing, "lead-offer", handing)
    step = home.upon(thing, "lead-offer", handing | {"basis": "statutory_duty"})["step"]
    pair.sync()
    host.upon(thing, "lead-acceptance", {"step": step})
    pair.sync()
    late = home.upon_seen(thing, "parties", {"party": EMPLOYER})

    assert home.refused(baseless) == "NoLegalBasis"
    assert home.refused(late) == "NotTheLead"
    assert host.see(thing)["state"]["lead"]["union"] == pair.street
