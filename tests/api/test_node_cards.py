"""Node cards over HTTP: our own, a partner's read without a record, and admitted by the chair."""

import pytest

from ledger.domain.kernel import Office
from ledger.exchange.nodes import Card, Directory, OwnNode
from tests.api.conftest import Officer, Sits
from tests.world import World, open_province


@pytest.fixture
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Card:
    """The card of 广东."""
    world = open_province(tmp_path_factory.mktemp("other"), "44")
    OwnNode(world.ledger).make("https://gd.example:8443", world.ledger.clock.now())
    card = Directory(world.ledger).card()
    world.ledger.close()
    return card


def read(who: Officer, card: str) -> dict[str, object]:
    found = who.post("/partnerships/cards/reading", {"card": card})
    assert found.status_code == 200, found.text
    return found.json()


def test_our_card_is_there_once_a_node_was_made(home: World, sits: Sits) -> None:
    clerk = sits(home.root, Office.CLERK)
    assert clerk.get("/partnerships/card").status_code == 404
    OwnNode(home.ledger).make("https://gx.example:8443", home.ledger.clock.now())

    shown = clerk.see("/partnerships/card")

    assert Card.parse(shown["card"].encode()).fingerprint == shown["fingerprint"]
    assert len(shown["keys"]) == len(Directory(home.ledger).card().node.keys)


def test_a_card_is_read_admitted_and_known(home: World, sits: Sits, theirs: Card) -> None:
    chair, card = sits(home.root, Office.CHAIR), theirs.to_bytes().decode()
    before = read(chair, card)

    made = chair.act("/partnerships/cards", {"card": card, "compared": True})

    assert (before["own"], before["by"], before["changes"]) == (False, "", [])
    assert made == {"origin": theirs.origin}
    assert read(chair, card)["by"] == "card"
    assert Directory(home.ledger).cards()[theirs.origin] == (theirs, "")


def test_each_refusal_is_a_rule_and_what_is_no_card_is_422(
    home: World, sits: Sits, theirs: Card
) -> None:
    chair, card = sits(home.root, Office.CHAIR), theirs.to_bytes().decode()
    village = home.union("纳合村工会")
    OwnNode(home.ledger).make("https://gx.example:8443", home.ledger.clock.now())
    own = Directory(home.ledger).card().to_bytes().decode()

    def rule(who: Officer, card: str, *, compared: bool = True) -> str:
        return who.refused(who.post("/partnerships/cards", {"card": card, "compared": compared}))

    assert rule(chair, card, compared=False) == "CardNotCompared"
    assert rule(chair, own) == "OwnCard"
    assert rule(sits(village, Office.CHAIR), card) == "CardForTheLedger"
    assert rule(sits(home.root, Office.LIAISON), card) == "NotYourOffice"
    for bad in ("{}", card[:-9], card.replace("https", "http"), "x" * (1 << 17)):
        for path, more in (("/cards/reading", {}), ("/cards", {"compared": True})):
            answered = chair.post(f"/partnerships{path}", {"card": bad, **more})
            assert answered.status_code == 422, answered.text
    clerk = sits(village, Office.CLERK)
    assert clerk.post("/partnerships/cards/reading", {"card": card}).status_code == 403
    chair.act("/partnerships/cards", {"card": card, "compared": True})
    assert rule(chair, card) == "CardKnownAlready"
