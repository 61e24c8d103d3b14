"""Alarms over HTTP: the evidence with what was said to it, and the act that settles it."""

import pytest

from ledger.domain.kernel import Office
from ledger.journal import alarms
from tests.api.conftest import Officer, Sits
from tests.world import World

LOG, AT = "liangdi.example/guangdong", "2026-03-02T01:00:00.000000Z"
SAID = "已与对方总工会电话核实，是其测试机误发"


@pytest.fixture
def digest(home: World) -> str:
    """Evidence against 广东."""
    with home.ledger.database.writing() as conn:
        alarms.keep(conn, LOG, "refused", b"old 3\n\xff", AT, size=3)
        return alarms.contradictions(conn)[0].digest


def body(*digests: str, **more: str) -> dict[str, object]:
    return {"alarms": list(digests), "cause": "test", "finding": SAID, **more}


def kinds(who: Officer) -> list[str]:
    return [each["kind"] for each in who.see("/system/signals")]


def test_an_alarm_is_settled_and_the_evidence_says_by_whom_and_why(
    home: World, sits: Sits, digest: str
) -> None:
    chair = sits(home.root, Office.CHAIR)
    (signal,) = chair.see("/system/signals")
    (before,) = chair.see("/system/evidence")

    result = chair.act("/system/settlements", body(digest, letter="粤工办函〔2026〕8号"))

    assert (signal["alarms"], before["standing"], before["settled"]) == ([digest], True, None)
    assert result == {"settled": [digest]}
    assert kinds(chair) == []
    (after,) = chair.see("/system/evidence")
    (one,) = chair.see("/system/settlements")
    assert (after["standing"], after["times"], after["bytes"]) == (False, 1, 7)
    assert after["settled"] == one
    assert (one["cause"], one["finding"], one["letter"]) == ("test", SAID, "粤工办函〔2026〕8号")
    assert one["decider"] == home.officer(home.root, Office.CHAIR)
    assert chair.get(f"/system/evidence/{digest}").content == b"old 3\n\xff"


def test_each_refusal_is_a_rule(home: World, sits: Sits, digest: str) -> None:
    chair = sits(home.root, Office.CHAIR)
    village = home.union("纳合村工会")

    def rule(who: Officer, *asked: str, **more: str) -> str:
        return who.refused(who.post("/system/settlements", body(*asked, **more)))

    assert rule(chair, "0" * 64) == "NoSuchAlarm"
    assert rule(chair, digest, "0" * 64) == "NoSuchAlarm"
    assert rule(chair, digest, finding="已核实") == "FindingTooShort"
    assert rule(chair, digest, cause="epoch_begun") == "EpochNotRead"
    assert rule(sits(village, Office.CHAIR), digest) == "AlarmOfTheLedger"
    for office in (Office.CLERK, Office.AUDITOR):
        assert rule(sits(home.root, office), digest) == "NotYourOffice"
    assert kinds(chair) == ["RewriteRefused"]
    chair.act("/system/settlements", body(digest))
    assert rule(chair, digest) == "AlarmSettledAlready"


def test_an_alarm_is_named_by_a_whole_digest(home: World, sits: Sits) -> None:
    chair = sits(home.root, Office.CHAIR)

    for asked in ([], ["4f2a"], ["../system"]):
        assert chair.post("/system/settlements", body(*asked)).status_code == 422


def test_how_alarms_were_settled_is_for_the_federation_and_its_auditors(
    home: World, sits: Sits
) -> None:
    village = home.union("纳合村工会")

    for office in (Office.CLERK, Office.AUDITOR):
        assert sits(village, office).get("/system/settlements").status_code == 403
    assert sits(home.root, Office.AUDITOR).see("/system/settlements") == []
