"""The pages of funds: balances of any day with their capitals, every line to its record."""

from collections.abc import Generator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook

from api.app import create_app
from ledger import procedures
from ledger.desk import Desk
from ledger.domain.corrections import Why
from ledger.domain.funds import Source
from ledger.domain.ids import FundId
from ledger.domain.kernel import Code, Fen, Office, Scope
from ledger.domain.unions import UnionKind
from tests import pair as pairs
from tests.console.conftest import told
from tests.pair import SHARED, Pair
from tests.world import World


@pytest.fixture
def pair(tmp_path: Path) -> Generator[Pair]:
    made = pairs.open_pair(tmp_path).agree(pairs.annex((*SHARED, Scope.AID)))
    yield made
    pairs.close(made)


def share(pair: Pair, world: World, contributor: str, credited: int) -> tuple[FundId, int]:
    with world.entry(world.root, Office.CHAIR) as entry:
        made = procedures.open_fund(
            entry, world.root, f"{contributor}份额", Source.DONATION, annex=pair.partnership,
            joint=Code("两广帮扶救助基金"), contributor=contributor,
        )  # fmt: skip
    with world.entry(world.root, Office.ACCOUNTANT) as entry:
        procedures.credit(entry, made, Fen(credited))
    assert entry.receipt is not None
    return made, entry.receipt.positions[0]


def browser(world: World, union: str, office: Office = Office.ACCOUNTANT) -> TestClient:
    desk = Desk({world.ledger.province.code: world.ledger}, demo=True)
    desk.open_account(world.ledger, "kuaiji", world.officer(union, office), "", "会计")
    client = TestClient(create_app(desk), headers={"accept": "text/html"})
    fields = {"demo": "1", "name": "kuaiji", "province": world.ledger.province.code}
    assert client.post("/sign-in", data=fields).status_code == 200
    return client


def test_the_list_shows_each_balance_with_its_capitals(pair: Pair) -> None:
    made, _ = share(pair, pair.home, "广西总工会", 9_264_000_00)

    page = browser(pair.home, pair.home.root).get("/funds").text

    assert f'href="/funds/{made}"' in page
    assert "9,264,000.00" in page
    assert "玖佰贰拾陆万肆仟元整" in page


def test_a_page_shows_the_shares_of_both_provinces_and_each_line_with_its_record(
    pair: Pair,
) -> None:
    made, position = share(pair, pair.home, "广西总工会", 1_000_00)
    other, _ = share(pair, pair.host, "广东省广西商会", 200_00)
    pair.sync()
    with pair.home.entry(pair.home.root, Office.APPROVER) as entry:
        procedures.offer_share(entry, made, other, Fen(300_00))

    page = browser(pair.home, pair.home.root).get(f"/funds/{made}").text

    assert "广东省广西商会" in page
    assert "待答复" in page
    assert f"{pair.home.origin}#{position}" in page
    assert "柒佰元整" in page  # what is free, and beside the offer its own
    assert "叁佰元整" in page
    assert "提出划转300.00元给广东的广东省广西商会份额" in page


def test_what_was_corrected_is_struck_and_a_page_of_the_past_shows_what_was_known(
    pair: Pair,
) -> None:
    home = pair.home
    made, position = share(pair, home, "广西总工会", 1_000_00)
    then = home.today
    home.time.to(then + timedelta(2))
    with home.entry(home.root, Office.ACCOUNTANT) as entry:
        procedures.correct(
            entry, position, {"amount": Fen(900_00)}, Why.MISTYPED, "与进账单不符",
            confirmed_by=home.officer(home.root, Office.CHAIR),
        )  # fmt: skip
    client = browser(home, home.root)

    now = client.get(f"/funds/{made}").text
    past = client.get(f"/funds/{made}?known_on={then}").text

    assert "<del>到账1,000.00元" in now
    assert "玖佰元整" in now
    assert "与进账单不符" in now
    assert "这是历史页" in past
    assert "<del>" not in past
    assert "玖佰元整" not in past


def test_a_long_statement_goes_on_to_the_next_page(pair: Pair) -> None:
    home = pair.home
    made, _ = share(pair, home, "广西总工会", 1_00)
    with home.entry(home.root, Office.ACCOUNTANT) as entry:
        for _ in range(120):
            procedures.credit(entry, made, Fen(1_00))
    client = browser(home, home.root)

    first = client.get(f"/funds/{made}?size=100").text
    onward = first.split('rel="next"')[0].split('href="')[-1].split('"')[0].replace("&amp;", "&")
    second = client.get(f"/funds/{made}{onward}").text

    assert first.count("到账1.00元") == 100
    assert second.count("到账1.00元") == 21
    assert client.get(f"/funds/{made}?after=x").status_code == 400
    assert client.get(f"/funds/{made}?size=7").status_code == 400
    assert client.get(f"/funds/{made}?kind=x").status_code == 400


def test_what_is_exported_is_what_is_listed(pair: Pair) -> None:
    home = pair.home
    made, position = share(pair, home, "广西总工会", 1_000_00)
    client = browser(home, home.root)

    answered = client.get(f"/funds/{made}/export?kind=FundCredited")
    rows = list(load_workbook(BytesIO(answered.content)).active.values)  # type: ignore[union-attr]

    assert answered.headers["cache-control"] == "no-store"
    assert [row[2] for row in rows] == ["金额（元）", "1,000.00"]
    assert rows[1][3] == "壹仟元整"
    assert rows[1][-1] == f"{home.origin}#{position}"


def test_another_unions_fund_is_not_shown(pair: Pair) -> None:
    made, _ = share(pair, pair.home, "广西总工会", 1_00)
    county = pair.home.union("东兰县总工会", UnionKind.FEDERATION)

    client = browser(pair.home, county)

    assert client.get(f"/funds/{made}").status_code == 403
    assert client.get("/funds/fnd_" + "a" * 26).status_code == 404
    assert made not in client.get("/funds").text


def test_two_days_of_a_fund_are_compared_by_its_measures_and_its_lines(pair: Pair) -> None:
    made, _ = share(pair, pair.home, "广西总工会", 5_000_00)
    before = pair.home.today
    pair.home.time.to(before + timedelta(days=2))
    with pair.home.entry(pair.home.root, Office.ACCOUNTANT) as entry:
        procedures.credit(entry, made, Fen(1_000_00))
    client = browser(pair.home, pair.home.root)

    page = told(client.get(f"/funds/{made}", params={"then_as_of": before.isoformat()}).text)

    assert "到账 5,000.00 元 6,000.00 元" in page
    assert "可用余额 5,000.00 元 6,000.00 元" in page
    assert page.count("后来计入") == 1
    assert "两个时点之间的变化" not in client.get(f"/funds/{made}").text
    assert client.get(f"/funds/{made}?then_as_of=x").status_code == 400
