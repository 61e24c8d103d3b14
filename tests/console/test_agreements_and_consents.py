"""Pages of agreements and consents: terms in words, who signed, on what basis, and who looked."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from fastapi import FastAPI

from api.app import create_app
from ledger.desk import Desk
from ledger.domain.kernel import Office
from tests.console.conftest import Clerk, Seats, told
from tests.pair import Pair, close, open_pair
from tests.world import World, citizen_number


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = open_pair(tmp_path)
    yield made
    close(made)


@pytest.fixture
def both(pair: Pair) -> FastAPI:
    return create_app(Desk({"45": pair.home.ledger, "44": pair.host.ledger}, demo=True))


def chair(pair: Pair, app: FastAPI, world: World) -> Clerk:
    desk: Desk = app.state.desk
    name = f"chair{world.ledger.province.code}"
    if name not in {account for account, _, _ in desk.accounts(world.ledger)}:
        desk.open_account(world.ledger, name, world.officer(world.root, Office.CHAIR), "", "主席")
    return Clerk(app, name, world.ledger.province.code)


def test_an_agreement_is_signed_amended_and_ended_by_pages_alone(pair: Pair, both: FastAPI) -> None:
    name = pair.propose()
    pair.sync()
    home, host = chair(pair, both, pair.home), chair(pair, both, pair.host)
    page = f"/partnerships/{name}"
    upon = {"partnership": name, "next": page}

    assert "待签署 1" in told(home.see("/partnerships"))
    assert "/do/partnerships/sign?" not in home.see(page)  # who proposed has signed
    host.act("partnerships/sign", upon, paper="粤工总〔2026〕18号")
    pair.sync()
    signed = told(home.see(page))
    for word in ("有效", "粤工总〔2026〕18号", "接转答复期限", "10 个工作日", "已读到最新"):
        assert word in signed, word

    form = dict(home.open("partnerships/annex", **upon))
    assert form["annex.answer_days"] == "10"  # the terms that hold now are not typed again
    home.act("partnerships/annex", upon, annex__answer_days="5")
    pair.sync()
    amended = told(host.see(page))
    assert "第 2 版" in amended
    assert "接转答复期限： 10 个工作日 → 5 个工作日" in amended
    for clerk in (host, home):
        clerk.act("partnerships/sign_annex", upon)
        pair.sync()
    assert "有附件待签" not in home.see("/partnerships")

    home.act("partnerships/agree_end", upon, ends="2026-03-03")
    assert "协商终止" in told(host.see(page)) or pair.sync() >= 0
    assert host.see("/partnerships?tab=over")
    assert host.see("/partnerships?tab=x", 400)
    assert host.see("/partnerships/par_nothing", 404)


def test_without_an_agreement_the_page_says_what_to_do(pair: Pair, both: FastAPI) -> None:
    assert "各方主席签署后生效" in chair(pair, both, pair.home).see("/partnerships")


def test_a_consent_is_given_seen_and_taken_back_by_pages_alone(home: World, seats: Seats) -> None:
    village = home.union("纳合村工会")
    worker = home.worker("韦秀英", union=village)
    clerk = seats(village, Office.CLERK)
    page = f"/consents?person={worker}"

    assert "没有登记同意或法律依据" in clerk.see(page)
    clerk.act(
        "consents/give", {"person": worker, "next": page}, receiver__name="广东省总工会",
        receiver__partner="liangdi.example/guangdong", purpose="membership", groups="contact",
        evidence="signed_form", notice="告知书-2026-1",
    )  # fmt: skip
    given = clerk.see(page)
    consent = given.partition("consent=")[2][:30]

    assert "告知书-2026-1" in given
    assert "有效" in told(given)
    assert "韦秀英" in clerk.see("/consents")
    clerk.act("consents/withdraw", {"consent": consent, "next": page}, groups="contact")
    after = told(clerk.see(page))
    assert "已撤回 2026-03-02" in after
    assert "谁看过" in after
    assert "授权与共享 办公" in after  # the looks before this one


def test_another_unions_worker_is_not_shown(home: World, seats: Seats) -> None:
    worker = home.worker("韦秀英", union=home.union("纳合村工会"))
    number = citizen_number(home.division, date(1990, 1, 1), 1)
    other = seats(home.union("巴学村工会"), Office.CLERK)

    other.see(f"/consents?person={worker}", 403)
    other.see("/consents?person=x", 400)
    assert "不在您的管辖范围" not in other.see("/consents?q=韦秀英")
    assert "不在您的管辖范围" in other.see(f"/consents?q={number}")
    assert worker not in other.see("/consents?q=韦秀英")
