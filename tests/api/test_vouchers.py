"""Vouchers over HTTP: from one province's ledger into the other's, with the line down between."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from api.app import create_app
from ledger.desk import Desk
from ledger.domain.kernel import Office
from tests import pair as pairs
from tests.api.conftest import Officer, seat
from tests.pair import Pair


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    opened = pairs.open_pair(tmp_path).agree()
    opened.sync()
    yield opened
    pairs.close(opened)


@pytest.fixture
def two(pair: Pair) -> FastAPI:
    return create_app(Desk({"45": pair.home.ledger, "44": pair.host.ledger}))


@pytest.fixture
def sender(pair: Pair, two: FastAPI) -> Officer:
    return seat(two, two.state.desk, pair.home, pair.village, Office.LIAISON)


@pytest.fixture
def receiver(pair: Pair, two: FastAPI) -> Officer:
    return seat(two, two.state.desk, pair.host, pair.street, Office.LIAISON)


def test_a_worker_who_is_quicker_than_the_line_is_served_and_then_accepted(
    pair: Pair, sender: Officer, receiver: Officer
) -> None:
    _, membership = pair.member("韦秀英")
    body = {"membership": membership, "to_union": pair.street, "basis": "statutory_duty"}
    transfer = sender.act("/transfers", body)["transfer"]
    thing = f"/transfers/{transfer}"
    none = sender.get(f"{thing}/voucher")
    sender.upon(thing, "voucher")
    text = sender.see(f"{thing}/voucher")["text"]

    good = receiver.see("/vouchers", voucher=text)
    first = receiver.act("/vouchers", {"voucher": text})
    waiting = receiver.see("/transfers", tab="waiting")["items"][0]["transfer"]
    pair.sync()
    second = receiver.act("/vouchers", {"voucher": text, "employer": "东江电子厂"})
    pair.sync()
    again = receiver.see("/vouchers", voucher=text)

    assert none.status_code == 404
    assert good["good"]
    assert good["voucher"]["union_name"] == "莞城街道工会"
    assert "person" not in good["voucher"]
    assert first == {"transfer": transfer, "accepted": False}
    assert (waiting["state"], waiting["shown_on"]) == ("shown", "2026-03-02")
    assert second == {"transfer": transfer, "accepted": True}
    assert (again["good"], again["rule"]) == (False, "VoucherUsed")
    assert receiver.see(thing, purpose="transfer")["state"]["state"] == "received"


def test_what_stands_in_the_way_is_a_rule_with_what_to_do(
    pair: Pair, sender: Officer, receiver: Officer
) -> None:
    _, membership = pair.member("韦秀英")
    body = {"membership": membership, "to_union": pair.street, "basis": "statutory_duty"}
    transfer = sender.act("/transfers", body)["transfer"]
    sender.upon(f"/transfers/{transfer}", "voucher")
    text = sender.see(f"/transfers/{transfer}/voucher")["text"]

    twice = sender.upon_seen(f"/transfers/{transfer}", "voucher")
    elsewhere = sender.see("/vouchers", voucher=text)
    late = receiver.see("/vouchers", voucher=text, on="2026-12-31")
    nonsense = receiver.post("/vouchers", {"voucher": "LD1:AAAA"})

    assert sender.refused(twice) == "VoucherOut"
    assert elsewhere["rule"] == "VoucherElsewhere"
    assert (late["rule"], late["instead"][:1]) == ("VoucherExpired", "请")
    assert receiver.refused(nonsense) == "VoucherUnreadable"
    assert receiver.get("/vouchers").status_code == 400
    assert receiver.get("/vouchers", voucher="x", nothing="1").status_code == 400


def test_a_damaged_file_of_keys_is_said_to_be_the_administrators_matter(
    pair: Pair, sender: Officer, receiver: Officer
) -> None:
    _, membership = pair.member("韦秀英")
    body = {"membership": membership, "to_union": pair.street, "basis": "statutory_duty"}
    thing = f"/transfers/{sender.act('/transfers', body)['transfer']}"
    sender.upon(thing, "voucher")
    text = sender.see(f"{thing}/voucher")["text"]
    pair.host.ledger.trust.path.with_name("issuers").write_text("no key\n")

    told = receiver.get("/vouchers", voucher=text)

    assert told.status_code == 503
    assert "公钥文件有误" in told.json()["title_zh"]
