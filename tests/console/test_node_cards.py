"""The page of node cards: our own to hand over, theirs looked at, compared, and admitted or not."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from api.app import create_app
from ledger.book import Ledger
from ledger.desk import Desk
from ledger.domain.corrections import Why
from ledger.domain.kernel import Office
from ledger.exchange.nodes import Card, Directory, OwnNode, announce, spoken
from ledger.exchange.signals import signals
from ledger.procedures import annul
from tests.console.conftest import Clerk, Seats, fields_in, told
from tests.pair import Pair, close, open_pair
from tests.world import World

PAGE = "/partnerships/card"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = open_pair(tmp_path)
    for world in (made.home, made.host):
        code = world.ledger.province.code
        OwnNode(world.ledger).make(f"https://n{code}.example:8443", world.ledger.clock.now())
    yield made
    close(made)


@pytest.fixture
def home(pair: Pair) -> World:
    return pair.home


@pytest.fixture
def app(desk: Desk) -> FastAPI:
    return create_app(desk)


def card_of(ledger: Ledger) -> Card:
    return Directory(ledger).card()


def looked_at(clerk: Clerk, data: bytes, *, pasted: bool = False) -> httpx2.Response:
    """Sends a card with the page's form, as a file or as text."""
    form = dict(fields_in(clerk.see(PAGE), PAGE))
    if pasted:
        return clerk.http.post(PAGE, data={**form, "card": data.decode()}, follow_redirects=False)
    return clerk.http.post(
        PAGE, data=form, files={"file": ("gd.card", data)}, follow_redirects=False
    )


def admitted(clerk: Clerk, page: str, **written: str) -> httpx2.Response:
    """Presses 收下名片 on the page that shows a card."""
    form = fields_in(page, "/do/partnerships/admit")
    assert form, told(page)
    return clerk.send("partnerships/admit", form, **written)


def test_our_own_card_is_shown_with_what_is_read_out_and_downloaded_as_it_is(
    home: World, seats: Seats
) -> None:
    chair, card = seats(home.root, Office.CHAIR), card_of(home.ledger)

    page = chair.see(PAGE)

    assert PAGE in chair.see("/partnerships")
    assert spoken(card.fingerprint) in page
    assert card.node.address in page
    assert chair.http.get(f"{PAGE}/file").content == card.to_bytes()
    assert "45.card" in chair.http.get(f"{PAGE}/file").headers["content-disposition"]


def test_a_card_is_looked_at_compared_and_admitted_and_then_the_node_is_known(
    pair: Pair, home: World, seats: Seats
) -> None:
    chair, theirs = seats(home.root, Office.CHAIR), card_of(pair.host.ledger)
    directory = Directory(home.ledger)

    shown = looked_at(chair, theirs.to_bytes())

    assert shown.status_code == 200
    assert spoken(theirs.fingerprint) in shown.text
    assert "本省还不知道这个节点" in told(shown.text)
    assert directory.known(theirs.origin) is None  # looking takes in nothing
    sent = admitted(chair, shown.text, compared="1")
    assert (sent.status_code, sent.headers["location"].partition("?")[0]) == (303, PAGE)
    assert directory.known(theirs.origin) == theirs.node
    again = looked_at(chair, theirs.to_bytes(), pasted=True)
    assert "与现在所知完全相同" in told(again.text)
    assert fields_in(again.text, "/do/partnerships/admit") == []


def test_it_is_not_admitted_before_the_fingerprint_was_compared(
    pair: Pair, home: World, seats: Seats
) -> None:
    chair, theirs = seats(home.root, Office.CHAIR), card_of(pair.host.ledger)
    page = looked_at(chair, theirs.to_bytes()).text

    unsaid, no = admitted(chair, page), admitted(chair, page, compared="0")

    assert unsaid.status_code == 422
    assert no.status_code == 409
    assert "须用电话与对方核对名片指纹" in told(no.text)
    assert Directory(home.ledger).known(theirs.origin) is None


def test_what_differs_from_the_node_that_the_agreement_pins_is_shown_before_anything(
    pair: Pair, home: World, seats: Seats
) -> None:
    pair.agree()
    with pair.host.entry(pair.host.root, Office.CHAIR) as entry:
        announce(entry)
    pair.sync()
    host, chair = OwnNode(pair.host.ledger), seats(home.root, Office.CHAIR)
    pinned = Directory(home.ledger).known(pair.host.origin)
    assert pinned == host.node()
    host.make("https://moved.example", pair.host.ledger.clock.now())
    host.rotate(pair.host.ledger.clock.now())

    page = looked_at(chair, card_of(pair.host.ledger).to_bytes()).text

    assert "有 2 处不同" in told(page)
    assert re.search(f"协议记录：.*{pair.host.origin}#", told(page))
    assert '<del class="digest">https://n44.example:8443</del>' in page
    assert '<ins class="digest">https://moved.example</ins>' in page
    assert admitted(chair, page, compared="1").status_code == 303
    assert Directory(home.ledger).known(pair.host.origin) == host.node()
    with pair.host.entry(pair.host.root, Office.CHAIR) as entry:
        host.make("https://again.example", pair.host.ledger.clock.now())
        announce(entry)
    pair.sync()  # the journal says something newer: the card has had its time
    known = Directory(home.ledger).known(pair.host.origin)
    assert known is not None
    assert known.address == "https://again.example"


def test_of_the_keepers_card_and_an_officers_the_later_one_counts(
    pair: Pair, home: World, seats: Seats
) -> None:
    directory, host = Directory(home.ledger), OwnNode(pair.host.ledger)
    directory.admit(card_of(pair.host.ledger))
    host.make("https://second.example", pair.host.ledger.clock.now())
    chair = seats(home.root, Office.CHAIR)
    page = looked_at(chair, card_of(pair.host.ledger).to_bytes()).text
    assert "以前收下的名片" in told(page)
    (at,) = [home.ledger.recorder.max_notification_id() or 0]
    assert admitted(chair, page, compared="1").status_code == 303

    by_officer = directory.nodes()[pair.host.origin].address
    host.make("https://third.example", pair.host.ledger.clock.now())
    directory.admit(card_of(pair.host.ledger))
    by_keeper = directory.nodes()[pair.host.origin].address

    assert (by_officer, by_keeper) == ("https://second.example", "https://third.example")
    with home.entry(home.root, Office.CHAIR) as entry:
        annul(entry, at + 1, Why.NOT_SO, "不是对方的名片")
    assert directory.nodes()[pair.host.origin].address == "https://third.example"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda card: card[:-20], "没有复制完整"),
        (lambda card: b"{}", "没有 liangdi-node-1 的标记"),
        (lambda card: card.replace(b"https://", b"http://"), "https 地址"),
        (lambda card: card.replace(b"guangdong+", b"hunan+"), "其总账的公钥"),
        (lambda card: card + b" " * (1 << 16), "超过 64 KB"),
        (lambda card: b"\xff\xfe", "不是节点名片"),
        (lambda card: b"", "请先选择名片文件"),
    ],
)
def test_what_is_no_card_is_said_plainly_and_nothing_is_offered(
    pair: Pair, home: World, seats: Seats, spoil: Callable[[bytes], bytes], said: str
) -> None:
    chair = seats(home.root, Office.CHAIR)

    found = looked_at(chair, spoil(card_of(pair.host.ledger).to_bytes()))

    assert found.status_code == 422
    assert said in told(found.text)
    assert fields_in(found.text, "/do/partnerships/admit") == []


def test_of_whom_only_a_card_is_known_nothing_is_late(
    pair: Pair, home: World, seats: Seats
) -> None:
    home.union("最早的工会")
    home.time.to(home.today + timedelta(days=90))
    chair = seats(home.root, Office.CHAIR)
    page = looked_at(chair, card_of(pair.host.ledger).to_bytes()).text
    assert admitted(chair, page, compared="1").status_code == 303
    assert pair.host.origin in Directory(home.ledger).nodes()

    with home.ledger.reading() as reader:
        found = [each for each in signals(reader) if each.kind == "CosignatureOld"]

    assert found == []


def test_our_own_card_is_known_as_our_own(home: World, seats: Seats) -> None:
    chair = seats(home.root, Office.CHAIR)

    page = looked_at(chair, card_of(home.ledger).to_bytes()).text

    assert "这是本省自己的名片" in told(page)
    assert fields_in(page, "/do/partnerships/admit") == []


def test_only_the_chair_of_the_federation_admits_and_others_below_do_not_even_see_it(
    pair: Pair, home: World, seats: Seats
) -> None:
    clerk, village = seats(home.root, Office.CLERK), seats(pair.village, Office.CHAIR)

    page = looked_at(clerk, card_of(pair.host.ledger).to_bytes()).text

    assert "名片由省级工会主席收下" in told(page)
    assert fields_in(page, "/do/partnerships/admit") == []
    assert PAGE not in village.see("/partnerships")
    village.see(PAGE, 403)


def test_where_no_node_was_made_the_page_says_how(home: World, seats: Seats) -> None:
    for path in home.ledger.signer.keys.folder.glob("node-*"):
        path.unlink()
    chair = seats(home.root, Office.CHAIR)

    assert "liangdi node make" in told(chair.see(PAGE))
    chair.see(f"{PAGE}/file", 404)
