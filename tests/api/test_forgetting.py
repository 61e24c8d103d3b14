"""Over HTTP: restricted by one, shredded by another; the glass broken, and reviewed."""

from datetime import timedelta

from ledger.domain.kernel import Office
from ledger.domain.unions import UnionKind
from tests.api.conftest import Sits
from tests.world import World


def test_one_restricts_another_shreds_and_every_answer_says_so(home: World, sits: Sits) -> None:
    clerk, lead = sits(home.root, Office.CLERK), sits(home.root, Office.PRIVACY)
    chair = sits(home.root, Office.CHAIR)
    person = home.worker("韦秀英", phone="13800000000")
    adopted = chair.act("/retention-terms", {"edition": "2026-1"})
    assert adopted["edition"] == "2026-1"
    assert clerk.see("/retention-terms")["editions"][0]["edition"] == "2026-1"

    standing = clerk.get(f"/persons/{person}/rest")
    seen = standing.headers["etag"]
    assert standing.json()["needs"] == []
    restricted = clerk.post(
        f"/persons/{person}/restriction", {"ground": "asked", "paper": "申1"}, seen=seen
    )
    assert restricted.status_code == 201, restricted.text

    assert clerk.post("/persons/search", {"name": "韦秀英"}).json()["items"] == []
    file = clerk.see(f"/persons/{person}")
    assert any("限制处理" in alert["text"] for alert in file["warnings"])
    renamed = clerk.upon_seen(f"/persons/{person}", "name", {"name": "韦英"})
    assert clerk.refused(renamed) == "ProcessingStopped"
    (row,) = lead.see("/forgetting", due=True)["items"]
    assert row["person"] == person

    seen = lead.get(f"/persons/{person}/rest").headers["etag"]
    shredded = lead.post(f"/persons/{person}/shredding", {"paper": "销1"}, seen=seen)

    assert shredded.status_code == 201, shredded.text
    assert lead.see(f"/persons/{person}/rest")["rest"]["state"] == "shredded"
    assert any("密钥已销毁" in each["text"] for each in lead.see(f"/persons/{person}")["warnings"])
    assert lead.see("/forgetting/requests") == []


def test_a_lifted_restriction_is_over(home: World, sits: Sits) -> None:
    clerk, lead = sits(home.root, Office.CLERK), sits(home.root, Office.PRIVACY)
    sits(home.root, Office.CHAIR).act("/retention-terms", {"edition": "2026-1"})
    person = home.worker("韦秀英")
    seen = clerk.get(f"/persons/{person}/rest").headers["etag"]
    clerk.post(f"/persons/{person}/restriction", {"ground": "purpose_met"}, seen=seen)

    seen = lead.get(f"/persons/{person}/rest").headers["etag"]
    lifted = lead.post(f"/persons/{person}/restriction-lifting", {"why": "worker_back"}, seen=seen)

    assert lifted.status_code == 201, lifted.text
    assert len(clerk.post("/persons/search", {"name": "韦秀英"}).json()["items"]) == 1


def test_broken_glass_opens_one_file_for_two_hours_and_stays_until_reviewed(
    home: World, sits: Sits
) -> None:
    there, here = home.union("东兰县总工会", UnionKind.FEDERATION), home.union("纳合村工会")
    clerk, lead = sits(there, Office.CLERK), sits(home.root, Office.PRIVACY)
    person = home.worker("韦秀英", union=here)
    home.enrol(person, here)
    assert clerk.get(f"/persons/{person}").status_code == 403

    short = clerk.post("/glasses", {"person": person, "situation": "life", "reason": "急"})
    assert clerk.refused(short) == "ReasonTooShort"
    why = "工地坍塌，医院要求立即联系家属"
    broken = clerk.act("/glasses", {"person": person, "situation": "life", "reason": why})

    assert clerk.see(f"/persons/{person}")["identity"]["name"] == "韦秀英"
    assert clerk.get(f"/persons/{home.worker('黄大年', union=here)}").status_code == 403
    home.time.at += timedelta(hours=2, seconds=1)
    assert clerk.get(f"/persons/{person}").status_code == 403
    (waiting,) = lead.see("/glasses", reviewed=False)["items"]
    assert waiting["glass"] == broken["glass"]
    assert any("紧急查阅" in each["text"] for each in lead.see(f"/persons/{person}")["warnings"])
    assert lead.see(f"/persons/{person}/reads")["items"]

    told = lead.get(f"/glasses/{broken['glass']}")
    assert told.json()["reason"] == why
    reviewed = lead.post(
        f"/glasses/{broken['glass']}/review", {"found": "justified", "opinion": "确有必要"},
        seen=told.headers["etag"],
    )  # fmt: skip

    assert reviewed.status_code == 201, reviewed.text
    assert lead.see("/glasses", reviewed=False)["items"] == []


def test_others_do_not_see_whose_glass_was_broken(home: World, sits: Sits) -> None:
    there, here = home.union("东兰县总工会", UnionKind.FEDERATION), home.union("纳合村工会")
    clerk, other = sits(there, Office.CLERK), sits(there, Office.LEGAL)
    person = home.worker("韦秀英", union=here)
    why = "工地坍塌，医院要求立即联系家属"
    glass = clerk.act("/glasses", {"person": person, "situation": "life", "reason": why})["glass"]

    assert len(clerk.see("/glasses")["items"]) == 1
    assert other.see("/glasses")["items"] == []
    assert other.get(f"/glasses/{glass}").status_code == 403
