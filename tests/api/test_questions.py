"""Questions over HTTP: a sample, a question, its answer, ruling and correction; who may see it."""

from typing import Any

from ledger.domain.kernel import Office
from tests.api.conftest import Officer, Sits
from tests.world import World

TALLY = {"kind": "health", "count": 100, "unit": "person_times"}


def newest(home: World) -> int:
    with home.ledger.database.reading() as conn:
        return home.ledger.recorder.page(conn, 0, 10_000)[-1].position


def raising(cites: list[str], **more: Any) -> dict[str, Any]:
    return {
        "kind": "audit_query", "cites": cites, "text": "签到表少一页", "answer_days": 10,
        "ruling_days": 15, **more,
    }  # fmt: skip


def test_a_sample_leads_to_a_question_and_to_its_correction(home: World, sits: Sits) -> None:
    village = home.union("纳合村工会")
    clerk, auditor = sits(village, Office.CLERK), sits(home.root, Office.AUDITOR)
    chair = sits(home.root, Office.CHAIR)
    clerk.act("/services/tallies", TALLY)

    drawn = auditor.act("/samples", {"kinds": ["ServicesTallied"], "size": 1, "seed": "0316"})
    question = auditor.act(
        "/questions", raising(drawn["drawn"], rule="ReportNotSum", sample=drawn["sample"])
    )["question"]
    path = f"/questions/{question}"
    clerk.upon(path, "answers", {"reply": "concedes"})
    chair.upon(path, "ruling", {"verdict": "upheld", "text": "属实", "remedy_days": 30})
    position = int(drawn["drawn"][0].rpartition("#")[2])
    clerk.act("/corrections", {
        "position": position, "changes": {"count": 90}, "why": "mistyped", "reason": "多录十人",
    })  # fmt: skip
    waiting = auditor.see("/questions", turn=village, count=True)
    closed = {"outcome": "corrected", "remedies": [f"{home.origin}#{newest(home)}"]}
    auditor.upon(path, "closing", closed)

    assert [each["question"]["state"] for each in waiting["items"]] == ["to_remedy"]
    assert waiting["items"][0]["turn_name"] == "纳合村工会"
    assert waiting["counts"]["to_remedy"] == 1
    told = auditor.see(path)
    assert told["state"]["state"] == "closed"
    assert [step["state"]["state"] for step in told["steps"]] == [
        "open", "to_remedy", "to_remedy", "closed",
    ]  # fmt: skip
    assert told["cited"][0]["corrected_by"] == closed["remedies"][0]
    sample = auditor.see(f"/samples/{drawn['sample']}")
    assert (sample["again"], sample["drawn"]["seed"]) == (True, "0316")
    assert [each["question"] for each in sample["questions"]] == [question]
    assert [each["sample"] for each in auditor.see("/samples")["items"]] == [drawn["sample"]]


def test_a_ruling_by_one_who_had_a_part_is_refused(home: World, sits: Sits) -> None:
    village = home.union("纳合村工会")
    clerk, auditor = sits(village, Office.CLERK), sits(home.root, Office.AUDITOR)
    clerk.act("/services/tallies", TALLY)
    cites = [f"{home.origin}#{newest(home)}"]
    question = auditor.act("/questions", raising(cites))["question"]
    clerk.upon(f"/questions/{question}", "answers", {"reply": "denies", "text": "人数无误"})

    ruled = auditor.upon_seen(
        f"/questions/{question}", "ruling", {"verdict": "upheld", "text": "属实"}
    )
    twice = auditor.post("/questions", raising([]))
    unknown = auditor.post("/questions", raising([f"{home.origin}#99999"]))

    assert auditor.refused(ruled) == "RulerTookPart"
    assert auditor.refused(twice) == "NothingCited"
    assert unknown.status_code == 404


def test_an_auditor_writes_nothing_else(home: World, sits: Sits) -> None:
    auditor = sits(home.root, Office.AUDITOR)

    assert auditor.refused(auditor.post("/services/tallies", TALLY)) == "NotYourOffice"
    objection = raising([f"{home.origin}#1"], kind="objection")
    assert auditor.refused(auditor.post("/questions", objection)) == "NotYourKindOfQuestion"


def objected(home: World, clerk: Officer, worker: str) -> str:
    clerk.act("/services", {"persons": [worker], "kind": "health"})
    body = raising([f"{home.origin}#{newest(home)}"], kind="objection", text="本人没有参加")
    made: str = clerk.act("/questions", body)["question"]
    return made


def test_a_workers_objection_is_for_those_who_may_see_the_worker(home: World, sits: Sits) -> None:
    village, other = home.union("纳合村工会"), home.union("巴学村工会")
    clerk = sits(village, Office.CLERK)
    question = objected(home, clerk, home.worker(union=village))

    assert clerk.see(f"/questions/{question}")["lines"][0]["reasons"] == ["本人没有参加"]
    assert sits(other, Office.CLERK).get(f"/questions/{question}").status_code == 403
    assert sits(other, Office.CLERK).see("/questions")["items"] == []
    assert sits(village, Office.CLERK).get("/samples").status_code == 403


def test_a_question_about_nobody_is_for_the_unions_that_have_a_part(
    home: World, sits: Sits
) -> None:
    village, other = home.union("纳合村工会"), home.union("巴学村工会")
    sits(village, Office.CLERK).act("/services/tallies", TALLY)
    body = raising([f"{home.origin}#{newest(home)}"])
    question = sits(home.root, Office.AUDITOR).act("/questions", body)["question"]

    assert sits(village, Office.CHAIR).get(f"/questions/{question}").status_code == 200
    assert sits(other, Office.CHAIR).get(f"/questions/{question}").status_code == 403


def test_a_ruling_is_appealed_against(home: World, sits: Sits) -> None:
    village = home.union("纳合村工会")
    clerk, chair = sits(village, Office.CLERK), sits(home.root, Office.CHAIR)
    question = objected(home, clerk, home.worker(union=village))
    path = f"/questions/{question}"
    sits(village, Office.CHAIR).upon(path, "answers", {"reply": "denies", "text": "有签到"})
    chair.upon(path, "ruling", {"verdict": "dismissed", "text": "签到属实", "appeal_days": 15})
    days = {"answer_days": 5, "ruling_days": 10}

    appeal = clerk.upon(path, "appeals", {"text": "签名不是本人", "judge": village, **days})

    told = clerk.see(f"/questions/{appeal['question']}")
    assert told["state"]["asked"] == "广西壮族自治区总工会"
    assert clerk.see(path)["state"]["state"] == "closed"
    back = clerk.upon_seen(path, "appeals", {"text": "再诉", "judge": home.root, **days})
    assert clerk.refused(back) == "PartyRules"
