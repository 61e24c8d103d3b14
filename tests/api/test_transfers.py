"""Transfers over HTTP: within a province, and between two of which each keeps its own ledger."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from fastapi import FastAPI

from api.app import create_app
from ledger.desk import Desk
from ledger.domain.kernel import Office
from tests import pair as pairs
from tests.api.conftest import Officer, Sits, seat
from tests.pair import Pair
from tests.world import World

# ── within a province ────────────────────────────────────────────────────────────────────────


def test_an_offer_is_accepted_and_the_membership_has_moved(home: World, sits: Sits) -> None:
    village, street = home.union("纳合村工会"), home.union("街道工会")
    person = home.worker("韦秀英", union=village)
    membership = home.enrol(person, village, date(2024, 3, 1))
    sender, receiver = sits(village, Office.LIAISON), sits(street, Office.LIAISON)

    transfer = sender.act("/transfers", {"membership": membership, "to_union": street})["transfer"]
    waiting = receiver.see("/transfers", tab="waiting", way="in", count=True)
    receiver.upon(f"/transfers/{transfer}", "acceptance", {"employer": "玉柴机器"})

    assert waiting["items"][0]["person"]["name"] == "韦秀英"
    assert waiting["counts"]["waiting"] == 1
    told = receiver.see(f"/transfers/{transfer}")
    assert told["state"]["state"] == "received"
    assert [step["line"]["kind"] for step in told["steps"]] == [
        "TransferOffered", "TransferAccepted", "MembershipReleased", "MembershipReceived"
    ]  # fmt: skip
    assert receiver.see(f"/memberships/{membership}")["membership"]["union"] == street
    days = receiver.see(f"/persons/{person}/responsibility", as_of="2025-01-01")
    assert [day["union"] for day in days] == [village]


def test_many_offers_are_accepted_at_once_each_by_its_own_rules(home: World, sits: Sits) -> None:
    village, street = home.union("纳合村工会"), home.union("街道工会")
    sender, receiver = sits(village, Office.LIAISON), sits(street, Office.LIAISON)
    offers: list[str] = []
    for name in ("韦秀英", "覃海燕"):
        membership = home.enrol(home.worker(name, union=village), village)
        told = sender.act("/transfers", {"membership": membership, "to_union": street})
        offers.append(told["transfer"])
    sender.upon(f"/transfers/{offers[1]}", "withdrawal", {"reason": "misdirected"})

    result = receiver.act("/transfers/acceptances", {"transfers": offers})

    assert result["done"] == offers[:1]
    assert result["refused"][offers[1]]["type"] == "/rules/NoSuchOffer"
    assert receiver.see(f"/transfers/{offers[0]}")["state"]["state"] == "received"


def test_the_second_clerk_who_presses_accept_sees_that_it_is_done(home: World, sits: Sits) -> None:
    village, street = home.union("纳合村工会"), home.union("街道工会")
    membership = home.enrol(home.worker(union=village), village)
    sender, receiver = sits(village, Office.LIAISON), sits(street, Office.LIAISON)
    transfer = sender.act("/transfers", {"membership": membership, "to_union": street})["transfer"]
    thing = f"/transfers/{transfer}"
    seen = receiver.get(thing).headers["etag"]

    receiver.post(f"{thing}/acceptance", seen=seen)
    stale = receiver.post(f"{thing}/acceptance", seen=seen)
    again = receiver.upon_seen(thing, "acceptance")

    assert stale.status_code == 412
    assert again.status_code == 409, again.text
    assert receiver.see(thing)["state"]["state"] == "received"


def test_an_offer_is_withdrawn_declined_and_not_sent_twice(home: World, sits: Sits) -> None:
    village, street = home.union("纳合村工会"), home.union("街道工会")
    membership = home.enrol(home.worker(union=village), village)
    sender, receiver = sits(village, Office.LIAISON), sits(street, Office.LIAISON)
    body = {"membership": membership, "to_union": street}

    first = sender.act("/transfers", body)["transfer"]
    twice = sender.post("/transfers", body)
    sender.upon(f"/transfers/{first}", "withdrawal", {"reason": "misdirected"})
    second = sender.act("/transfers", body)["transfer"]
    receiver.upon(f"/transfers/{second}", "refusal", {"ground": "no_work_relation"})

    assert sender.refused(twice) == "OfferOpen"
    states = {row["transfer"]["transfer"]: row["transfer"]["state"]
              for row in sender.see("/transfers", tab="returned")["items"]}  # fmt: skip
    assert states == {first: "withdrawn", second: "returned"}


def test_a_decline_for_another_reason_goes_to_the_superior_who_answers(
    home: World, sits: Sits
) -> None:
    village, street = home.union("纳合村工会"), home.union("街道工会")
    membership = home.enrol(home.worker(union=village), village)
    sender, receiver = sits(village, Office.LIAISON), sits(street, Office.LIAISON)
    transfer = sender.act("/transfers", {"membership": membership, "to_union": street})["transfer"]
    thing = f"/transfers/{transfer}"

    bare = receiver.upon_seen(thing, "refusal", {"ground": "other"})
    receiver.upon(thing, "refusal", {"ground": "other", "opinion": "单位在外市"})
    sits(home.root, Office.LIAISON).upon(thing, "ruling", {"ruling": "elsewhere"})

    assert receiver.refused(bare) == "GroundNeedsReason"
    line = sender.see("/transfers", membership=membership)["items"][0]["transfer"]
    assert (line["state"], line["escalated_to"], line["ruling"]) == (
        "returned", home.root, "elsewhere"
    )  # fmt: skip


def test_a_worker_who_turned_up_is_asked_for(home: World, sits: Sits) -> None:
    village, street = home.union("纳合村工会"), home.union("街道工会")
    person = home.worker("韦秀英", union=village)
    membership = home.enrol(person, village)
    host, holder = sits(street, Office.LIAISON), sits(village, Office.LIAISON)

    asked = host.act(
        "/transfers/requests",
        {"person": person, "from_union": village, "proof": "word", "employer": "玉柴机器"},
    )["transfer"]
    holder.upon(f"/transfers/{asked}", "answer", {"membership": membership})
    host.upon(f"/transfers/{asked}", "acceptance")

    assert host.see(f"/transfers/{asked}")["state"]["state"] == "received"
    early = host.post("/transfers/requests", {
        "person": person, "from_union": village, "proof": "word"
    })  # fmt: skip
    thing = f"/transfers/{early.json()['result']['transfer']}"
    assert host.refused(host.upon_seen(thing, "request-escalation", {"serves": True})) == (
        "AnswerNotDue"
    )
    host.upon(thing, "request-closing", {"why": "mistaken"})


def test_who_asks_for_a_worker_sees_her_once_she_is_offered_and_not_when_refused(
    home: World, sits: Sits
) -> None:
    village, street = home.union("纳合村工会"), home.union("街道工会")
    person = home.worker("韦秀英", union=village, phone="13800005678")
    membership = home.enrol(person, village)
    host, holder = sits(street, Office.CLERK), sits(village, Office.LIAISON)
    household = sits(village, Office.CLERK).act("/households", {"person": person})["household"]

    def asks() -> str:
        body = {"person": person, "from_union": village, "proof": "card"}
        return f"/transfers/{host.act('/transfers/requests', body)['transfer']}"

    def sees() -> tuple[int, int, set[str]]:
        listed = host.see("/transfers", person=person)["items"]
        file, home_of = host.get(f"/persons/{person}"), host.get(f"/households/{household}")
        return file.status_code, home_of.status_code, {row["person"]["name"] for row in listed}

    first = asks()
    asked = sees()
    told = host.see("/transfers", person=person)["items"][0]["person"]
    holder.upon(first, "request-refusal", {"ground": "worker_objects"})
    refused = sees()
    host.upon(first, "request-closing", {"why": "mistaken"})
    second = asks()
    holder.upon(second, "answer", {"membership": membership})
    offered = sees()
    holder.upon(second, "withdrawal", {"reason": "misdirected"})
    withdrawn = sees()
    state = host.see(second)["state"]["state"]
    sent = holder.act("/transfers", {"membership": membership, "to_union": street})["transfer"]
    sits(street, Office.LIAISON).upon(f"/transfers/{sent}", "acceptance")

    assert asked == refused == withdrawn == (403, 403, {"韦*英"})
    assert not {told["number"], told["birth"], told["phone"], told["sex"]} - {""}
    assert offered == sees() == (200, 200, {"韦秀英"})
    assert state == "withdrawn"
    stranger = sits(home.union("邻村工会"), Office.CLERK)
    assert stranger.get(first).status_code == 403


def test_a_union_that_is_named_in_a_request_and_holds_nobody_says_so_without_her_file(
    home: World, sits: Sits
) -> None:
    village, street, wrong = (home.union(name) for name in ("纳合村工会", "街道工会", "邻村工会"))
    person = home.worker("韦秀英", union=village)
    home.enrol(person, village)
    body = {"person": person, "from_union": wrong, "proof": "word"}

    asked = sits(street, Office.LIAISON).act("/transfers/requests", body)["transfer"]
    named = sits(wrong, Office.LIAISON)
    before = named.get(f"/persons/{person}").status_code
    named.upon(f"/transfers/{asked}", "request-refusal", {"ground": "not_a_member"})

    assert before == 403
    assert named.see(f"/transfers/{asked}")["state"]["state"] == "refused"


def test_a_group_is_handed_over_with_a_result_for_each(home: World, sits: Sits) -> None:
    village, street = home.union("纳合村工会"), home.union("街道工会")
    held = [home.enrol(home.worker(union=village), village) for _ in range(3)]
    sender, receiver = sits(village, Office.LIAISON), sits(street, Office.LIAISON)
    sender.act("/transfers", {"membership": held[0], "to_union": street})

    done = sender.act("/transfers/handovers", {"memberships": held, "to_union": street})

    assert set(done["offers"]) == set(held[1:])
    assert done["refused"][held[0]]["type"] == "/rules/OfferOpen"
    listed = receiver.see("/transfers", handover=done["handover"])["items"]
    assert {row["transfer"]["membership"] for row in listed} == set(held[1:])


# ── between two provinces ────────────────────────────────────────────────────────────────────


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    opened = pairs.open_pair(tmp_path)
    yield opened
    pairs.close(opened)


@pytest.fixture
def two(pair: Pair) -> FastAPI:
    return create_app(Desk({"45": pair.home.ledger, "44": pair.host.ledger}))


def sitting(two: FastAPI, world: World, union: str, office: Office) -> Officer:
    desk: Desk = two.state.desk
    return seat(two, desk, world, union, office)


def annex() -> dict[str, object]:
    return {
        "scopes": ["organisation", "person", "membership"], "answer_days": 10,
        "unanswered": "lapses", "request_days": 5, "counted_by": "host", "late_after_days": 30,
        "notice_days": 30, "at_end": "finish", "call_back_tries": 5,
    }  # fmt: skip


def test_two_provinces_sign_amend_and_end_an_agreement(pair: Pair, two: FastAPI) -> None:
    ours = sitting(two, pair.home, pair.home.root, Office.CHAIR)
    theirs = sitting(two, pair.host, pair.host.root, Office.CHAIR)
    parties = [
        {"union": w.root, "origin": w.origin, "province": w.ledger.province.code,
         "name": w.ledger.province.name}
        for w in (pair.home, pair.host)
    ]  # fmt: skip

    proposing = {"title": "桂粤工会合作协议", "parties": parties, "annex": annex()}
    thing = f"/partnerships/{ours.act('/partnerships', proposing)['partnership']}"
    ours.upon(thing, "signature")
    early = ours.upon_seen(thing, "notice", {"ends": "2026-06-01"})
    pair.sync()
    theirs.upon(thing, "signature", {"paper": "粤工〔2026〕5号"})
    pair.sync()
    ours.upon(thing, "annexes", {"annex": annex() | {"answer_days": 15}})
    pair.sync()
    proposal = theirs.see(thing)["annexes"][1]["proposal"]
    for side in (ours, theirs):
        side.upon(thing, "annex-signature", {"proposal": proposal})
    pair.sync()

    told = ours.see(thing)
    assert ours.refused(early) == "NotConcluded"
    assert (told["live"], told["terms"]["answer_days"]) == (True, 15)
    assert [row["partnership"] for row in theirs.see("/partnerships", live=True)["items"]] == [
        told["partnership"]
    ]
    standing = ours.see("/partnerships/standings")[0]
    assert (standing["partner"], standing["fault"]) == (pair.host.origin, "")
    assert standing["read"] == standing["size"] > 0
    short = ours.upon_seen(thing, "notice", {"ends": "2026-03-10"})
    assert ours.refused(short) == "NoticeTooShort"
    ours.upon(thing, "end", {"ends": "2026-06-01"})


def test_a_worker_moves_between_two_provinces_and_both_files_say_so(
    pair: Pair, two: FastAPI
) -> None:
    pair.agree()
    person, membership = pair.member("韦秀英")
    sender = sitting(two, pair.home, pair.village, Office.LIAISON)
    receiver = sitting(two, pair.host, pair.street, Office.LIAISON)
    body = {"membership": membership, "to_union": pair.street}

    baseless = sender.post("/transfers", body)
    transfer = sender.act("/transfers", body | {"basis": "statutory_duty"})["transfer"]
    pair.sync()
    thing = f"/transfers/{transfer}"
    unasked, waiting = receiver.get(thing), receiver.see("/transfers", tab="waiting")
    receiver.upon(thing, "acceptance", {"employer": "东江电子厂"}, purpose="transfer")
    pair.sync()

    assert sender.refused(baseless) == "NoLegalBasis"
    assert (unasked.status_code, unasked.json()["type"]) == (400, "/problems/purpose")
    assert waiting["items"][0]["person"] is None
    ours = sender.see(f"/persons/{person}", purpose=f"transfer:{transfer}")
    theirs = receiver.see(f"/persons/{person}")
    for file in (ours, theirs):
        assert file["identity"]["name"] == "韦秀英"
        assert file["state"]["memberships"][0]["union"] == pair.street
        assert [lane["short"] for lane in file["lanes"]] == ["广西", "广东"]
    assert sender.get(f"/persons/{person}").json()["type"] == "/problems/purpose"
    reads = sender.see(f"/persons/{person}/reads")["items"]
    assert f"transfer:{transfer}" in {read["purpose"] for read in reads}


def test_a_consent_opens_a_worker_and_its_withdrawal_closes_her(pair: Pair, two: FastAPI) -> None:
    pair.agree()
    person, _ = pair.member("韦秀英")
    clerk = sitting(two, pair.home, pair.village, Office.CLERK)
    consenting = {
        "person": person, "purpose": "membership", "groups": ["identity", "membership"],
        "evidence": "signed_form", "notice": "告知书-2026-1",
        "receiver": {"name": "广东省总工会", "partner": pair.host.origin},
    }  # fmt: skip

    unnoticed = clerk.post("/consents", consenting | {"notice": None})
    consent = clerk.act("/consents", consenting)["consent"]
    clerk.act(
        "/consents/links",
        {"person": person, "partner": pair.host.origin, "cause": "transfer", "consent": consent},
    )
    pair.sync()
    host = sitting(two, pair.host, pair.host.root, Office.CLERK)
    opened = host.see(f"/persons/{person}", purpose="membership")["identity"]["name"]
    clerk.upon(f"/consents/{consent}", "withdrawal")
    pair.sync()
    closed = host.see(f"/persons/{person}", purpose="membership")["identity"]["name"]

    assert clerk.refused(unnoticed) == "NoticeMissing"
    assert (opened, closed) == ("韦秀英", "")
    listed = clerk.see("/consents", person=person)["items"]
    assert [(row["consent"], row["standing"]) for row in listed] == [(consent, [])]
    again = clerk.upon_seen(f"/consents/{consent}", "withdrawal")
    assert clerk.refused(again) == "NothingToWithdraw"


def test_for_a_grown_worker_no_guardian_takes_a_consent_back(pair: Pair, two: FastAPI) -> None:
    person, mother = pair.member("韦志强")[0], pair.member("韦秀英")[0]
    clerk = sitting(two, pair.home, pair.village, Office.CLERK)
    consent = clerk.act("/consents", {
        "person": person, "purpose": "membership", "groups": ["identity"],
        "evidence": "signed_form", "notice": "告知书-2026-1",
        "receiver": {"name": "广东省总工会", "partner": pair.host.origin},
    })["consent"]  # fmt: skip

    answered = clerk.upon_seen(f"/consents/{consent}", "withdrawal", {"guardian": mother})

    assert clerk.refused(answered) == "GuardianshipEnded"


def test_a_basis_in_law_names_its_provision(pair: Pair, two: FastAPI) -> None:
    person, _ = pair.member("韦秀英")
    clerk = sitting(two, pair.home, pair.village, Office.CLERK)
    basing = {
        "person": person, "purpose": "membership", "groups": ["identity"],
        "basis": "statutory_duty", "receiver": {"name": "广东省总工会", "union": pair.street},
    }  # fmt: skip

    bare = clerk.post("/consents/legal-bases", basing)
    made = clerk.act("/consents/legal-bases", basing | {"provision": "个人信息保护法13-3"})

    assert clerk.refused(bare) == "NoBasisGiven"
    assert clerk.see(f"/consents/{made['consent']}")["basis"] == "statutory_duty"


def test_a_partners_fact_is_disputed_accepted_and_annotated_not_corrected(
    pair: Pair, two: FastAPI
) -> None:
    pair.agree()
    person, membership = pair.member("韦秀英")
    offer = pair.offer(membership)
    pair.sync()
    clerk = sitting(two, pair.host, pair.host.root, Office.CLERK)
    lines = clerk.see(f"/persons/{person}", purpose=f"transfer:{offer}")["lines"]
    enrolled = next(line["ref"] for line in lines if line["kind"] == "MemberEnrolled")
    origin, _, position = enrolled.partition("#")
    theirs = {"origin": origin, "position": int(position)}

    silent = clerk.post("/corrections/disputes", theirs | {"ground": "date_differs"})
    clerk.act("/corrections/disputes", theirs | {"ground": "date_differs", "opinion": "应为三月"})
    alerts = clerk.see(f"/persons/{person}", purpose="dispute")["warnings"]
    clerk.act("/corrections/annotations", theirs | {"opinion": "已电话核对"})
    clerk.act("/corrections/acceptances", theirs)

    assert clerk.refused(silent) == "ReasonMissing"
    assert "disputed" in {alert["kind"] for alert in alerts}
    after = clerk.see(f"/persons/{person}", purpose="dispute")["warnings"]
    assert "disputed" not in {alert["kind"] for alert in after}
