"""Funds over HTTP: kept within a province, and shares of a joint fund between two."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI

from api.app import create_app
from ledger.desk import Desk
from ledger.domain.funds import Fund
from ledger.domain.ids import new_grant
from ledger.domain.kernel import Fen, Office, Scope
from ledger.domain.unions import UnionKind
from tests import pair as pairs
from tests.api.conftest import Officer, Sits, seat
from tests.pair import SHARED, Pair
from tests.world import World

YEAR = {"source": "own", "year": 2026}


def opened(officer: Officer, name: str = "帮扶资金", **more: object) -> str:
    made: str = officer.act("/funds", {"name": name, **YEAR, **more})["fund"]
    return made


def test_money_comes_in_goes_down_the_tree_and_stands_in_both_statements(
    home: World, sits: Sits
) -> None:
    county = home.union("东兰县总工会", UnionKind.FEDERATION)
    chair, books = sits(home.root, Office.CHAIR), sits(home.root, Office.ACCOUNTANT)
    above, below = opened(chair), opened(sits(county, Office.CHAIR), "县帮扶资金")

    books.upon(
        f"/funds/{above}", "credit",
        {"amount": 9_264_000_00, "contributor": "自治区财政厅", "paper": "进账单001"},
    )  # fmt: skip
    chair.upon(
        f"/funds/{above}", "allotment",
        {"to": below, "amount": 400_00, "paper": "桂工发〔2026〕8号"},
    )  # fmt: skip

    listed = {row["fund"]["fund"]: row for row in chair.see("/funds")["items"]}
    assert listed[above]["totals"]["balance"] == 9_263_600_00
    assert listed[below]["totals"]["balance"] == 400_00
    assert listed[below]["keeper_name"] == "东兰县总工会"
    told = chair.see(f"/funds/{above}")
    assert [step["balance"] for step in told["steps"]] == [9_263_600_00, 9_264_000_00, 0]
    assert "拨付县帮扶资金400.00元（桂工发〔2026〕8号）" in told["steps"][0]["line"]["text"]
    lines = chair.see(f"/funds/{above}/lines", kind="FundCredited")["items"]
    assert chair.see(f"/records/{lines[0]['position']}")["header"]["kind"] == "FundCredited"


def test_a_fund_promises_no_more_than_it_has(home: World, sits: Sits) -> None:
    chair = sits(home.root, Office.CHAIR)
    one, other = opened(chair), opened(chair, "另一笔")

    refused = chair.upon_seen(f"/funds/{one}", "allotment", {"to": other, "amount": 1})
    nothing = chair.upon_seen(f"/funds/{one}", "allotment", {"to": other, "amount": 0})
    broken = chair.upon_seen(f"/funds/{one}", "allotment", {"to": other, "amount": 1.5})

    assert chair.refused(refused) == "FundExhausted"
    assert chair.refused(nothing) == "AmountNotPositive"
    assert broken.status_code == 422


def test_a_stale_view_of_a_fund_is_no_ground_to_spend_from_it(home: World, sits: Sits) -> None:
    chair, books = sits(home.root, Office.CHAIR), sits(home.root, Office.ACCOUNTANT)
    fund = opened(chair)
    seen = books.get(f"/funds/{fund}").headers["etag"]

    books.upon(f"/funds/{fund}", "credit", {"amount": 100})
    stale = books.post(f"/funds/{fund}/credit", {"amount": 100}, seen=seen)

    assert stale.status_code == 412


def test_a_statement_answers_for_any_day_as_known_on_any_day(home: World, sits: Sits) -> None:
    chair, books = sits(home.root, Office.CHAIR), sits(home.root, Office.ACCOUNTANT)
    fund = opened(chair)
    books.upon(f"/funds/{fund}", "credit", {"amount": 500_00})
    then = home.today
    home.time.to(then + timedelta(3))
    books.upon(f"/funds/{fund}", "credit", {"amount": 70_00, "act": {"on": then.isoformat()}})

    asked = {"as_of": then.isoformat(), "known_on": then.isoformat()}

    assert chair.see(f"/funds/{fund}", **asked)["totals"]["balance"] == 500_00
    assert chair.see(f"/funds/{fund}", as_of=then.isoformat())["totals"]["balance"] == 570_00
    told = chair.see(
        f"/funds/{fund}/changes", then_known_on=then.isoformat(), then_as_of=then.isoformat()
    )
    assert told["changes"] == [
        {"measure": "credited", "then": 500_00, "now": 570_00},
        {"measure": "balance", "then": 500_00, "now": 570_00},
    ]
    assert [line["title"] for line in told["come"]] == ["到账"]


def test_what_is_kept_for_grants_is_listed(home: World, sits: Sits) -> None:
    chair, books = sits(home.root, Office.CHAIR), sits(home.root, Office.ACCOUNTANT)
    fund, grant = opened(chair), new_grant()
    books.upon(f"/funds/{fund}", "credit", {"amount": 500_00})
    with home.entry(home.root, Office.APPROVER) as entry:
        entry.write(entry.read(Fund, fund).reserve(entry.act, grant, Fen(200_00)))

    kept = chair.see(f"/funds/{fund}/reservations", limit=1)
    closing = chair.upon_seen(f"/funds/{fund}", "closing")

    assert kept["items"][0]["grant"] == grant
    assert chair.refused(closing) == "FundNotEmpty"


def test_a_fund_is_for_its_keeper_and_those_above(home: World, sits: Sits) -> None:
    county, other = (home.union(n, UnionKind.FEDERATION) for n in ("东兰县总工会", "凤山县总工会"))
    fund = opened(sits(county, Office.CHAIR))

    stranger = sits(other, Office.ACCOUNTANT)

    assert stranger.get(f"/funds/{fund}").status_code == 403
    assert sits(home.root, Office.CHAIR).see(f"/funds/{fund}")["keeper_name"] == "东兰县总工会"
    assert sits(county, Office.CHAIR).get("/funds/fnd_" + "a" * 26).status_code == 404


def test_a_past_payment_without_money_is_covered(home: World, sits: Sits) -> None:
    chair, books = sits(home.root, Office.CHAIR), sits(home.root, Office.ACCOUNTANT)
    fund = opened(chair)
    with home.entry(home.root, Office.CASHIER) as entry:
        entry.write(entry.read(Fund, fund).draw_past(entry.act, new_grant(), 1, Fen(300_00)))
    books.upon(f"/funds/{fund}", "credit", {"amount": 100_00})

    told = chair.see(f"/funds/{fund}")
    more = books.upon_seen(f"/funds/{fund}", "cover", {"amount": 300_00})

    assert (told["totals"]["unfunded"], told["totals"]["balance"]) == (200_00, 0)
    assert books.refused(more) == "NothingUnfunded"


# ── between two provinces ────────────────────────────────────────────────────────────────────


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = pairs.open_pair(tmp_path).agree(pairs.annex((*SHARED, Scope.AID)))
    yield made
    pairs.close(made)


def machine(pair: Pair, world: World, office: Office) -> Officer:
    desk = Desk({world.ledger.province.code: world.ledger}, demo=True)
    app: FastAPI = create_app(desk)
    return seat(app, desk, world, world.root, office)


def test_a_share_is_offered_accepted_released_and_received(pair: Pair) -> None:
    ours, theirs = (machine(pair, world, Office.CHAIR) for world in (pair.home, pair.host))
    joint = {"joint": "两广帮扶救助基金", "annex": pair.partnership, "source": "donation"}
    share = opened(ours, "广西份额", contributor="广西壮族自治区总工会", **joint)
    other = opened(theirs, "商会份额", contributor="广东省广西商会", **joint)
    machine(pair, pair.home, Office.ACCOUNTANT).upon(
        f"/funds/{share}", "credit", {"amount": 1_000_00}
    )
    pair.sync()

    offer = ours.upon(f"/funds/{share}", "offers", {"to": other, "amount": 300_00})["offer"]
    pair.sync()
    assert theirs.see("/funds/offers", open=True)[0]["amount"] == 300_00
    theirs.upon(f"/funds/{other}", f"offers/{offer}/acceptance")
    pair.sync()

    for officer in (ours, theirs):
        told = officer.see(f"/funds/{other}")
        balances = {each["fund"]["fund"]: each["totals"]["balance"] for each in told["shares"]}
        assert balances == {share: 700_00, other: 300_00}
        assert told["offers"][0]["outcome"] == "released"


def test_an_offer_is_withdrawn_or_declined_with_a_reason(pair: Pair) -> None:
    ours, theirs = (machine(pair, world, Office.CHAIR) for world in (pair.home, pair.host))
    joint = {"joint": "两广帮扶救助基金", "annex": pair.partnership, "source": "donation"}
    share = opened(ours, "广西份额", contributor="广西壮族自治区总工会", **joint)
    other = opened(theirs, "商会份额", contributor="广东省广西商会", **joint)
    machine(pair, pair.home, Office.ACCOUNTANT).upon(f"/funds/{share}", "credit", {"amount": 500})
    pair.sync()

    first = ours.upon(f"/funds/{share}", "offers", {"to": other, "amount": 100})["offer"]
    ours.upon(f"/funds/{share}", f"offers/{first}/withdrawal")
    second = ours.upon(f"/funds/{share}", "offers", {"to": other, "amount": 100})["offer"]
    pair.sync()
    bare = theirs.upon_seen(f"/funds/{other}", f"offers/{second}/refusal", {"ground": " "})
    theirs.upon(f"/funds/{other}", f"offers/{second}/refusal", {"ground": "额度已足"})
    pair.sync()

    assert theirs.refused(bare) == "ShareGroundMissing"
    found = {row["offer"]: row["outcome"] for row in ours.see("/funds/offers", open=False)}
    assert found == {first: "withdrawn", second: "returned"}
    assert ours.see(f"/funds/{share}")["totals"]["balance"] == 500
