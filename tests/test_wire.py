"""Nodes of two releases understand each other: the letters that each release wrote are kept, and read."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson
import pytest

from ledger.exchange import letters
from ledger.exchange.nodes import Card, Directory, certificates_of
from ledger.exchange.reading import Reading
from ledger.exchange.wire import Checkpoint, Owed, Page
from ledger.journal import notes
from ledger.journal.merkle import Frontier
from ledger.journal.notes import Note, PublicKey, verify
from ledger.journal.tiles import Asked, Foreign
from ledger.journal.witness import Request
from tests.test_exchange import own_kinds
from tests.world import World, open_province

KEPT = Path(__file__).parent / "data" / "wire"
RELEASES = sorted(path.name for path in KEPT.iterdir())
each_release = pytest.mark.parametrize("release", RELEASES)


class Kept:
    """A partner of another release, as its letters are kept."""

    def __init__(self, release: str) -> None:
        self._folder = KEPT / release
        self.card = Card.parse(self.letter("card.json"))
        self.origin = self.card.origin

    def letter(self, name: str) -> bytes:
        return (self._folder / name).read_bytes()

    def checkpoint(self, read: int) -> Checkpoint:
        data = self.letter("checkpoint")
        said = notes.Checkpoint.parse(Note.parse(data).text)
        return Checkpoint(said.size, said.root, data)

    def page(self, first: int, limit: int, size: int) -> Page:
        return letters.page_of(self.letter("page.json"))

    def owed(self, links: Sequence[str]) -> Sequence[Owed]:
        return letters.owed_of(self.letter("owed.json"))

    def tile(self, asked: Asked) -> bytes:
        return self.letter(f"tile-{asked.level}-{asked.path.replace('/', '-')}")

    def mirrored(self, note: bytes) -> None:
        raise AssertionError("it is not here to be told")


@pytest.fixture
def host(tmp_path: Path) -> Iterator[World]:
    world = open_province(tmp_path, "44")
    yield world
    world.ledger.close()


@each_release
def test_what_a_node_of_that_release_says_is_read_verified_and_applied(
    release: str, host: World
) -> None:
    kept = Kept(release)
    Directory(host.ledger).admit(kept.card)
    assert Directory(host.ledger).known(kept.origin) == kept.card.node
    reading = Reading(host.ledger, kept)

    read = reading.once()

    assert read == kept.checkpoint(0).size
    assert own_kinds(host)[-1] == "PartnerRead"
    assert reading.once() > 0  # the openings that are owed
    with host.ledger.reading() as reader:
        assert host.ledger.vault.find(reader.conn, name="韦秀英")
        assert host.ledger.vault.find(reader.conn, phone="13800000000")


@each_release
def test_its_records_stand_in_its_journal_by_its_tiles(release: str) -> None:
    kept = Kept(release)
    asked = Request.parse(kept.letter("add-checkpoint"))
    journal = notes.Checkpoint.parse(asked.note.text)
    keys = [PublicKey.parse(each) for each in kept.card.node.keys]

    leaves = Foreign(kept.tile, journal.size, journal.root).standing(0)

    assert verify(asked.note, keys)
    assert asked.old == 0
    assert leaves is not None
    assert Frontier().extend(leaves).root() == journal.root
    with pytest.raises(LookupError):
        Asked.parse("0", "000.p/0")


@each_release
def test_its_questions_are_understood(release: str) -> None:
    kept = Kept(release)
    mirrored, cosigned = (Note.parse(kept.letter(name)) for name in ("mirrored", "cosigned"))
    host_card = Card.parse(kept.letter("host-card.json"))
    by = [PublicKey.parse(each) for each in host_card.node.keys]

    assert letters.links_of(kept.letter("owed-request.json"))
    for note, role in ((mirrored, "mirror"), (cosigned, "witness")):
        assert {each.key.name for each in verify(note, by)} == {f"{host_card.origin}/{role}"}
    assert len(certificates_of(host_card.node)) == 1


@each_release
def test_what_is_read_is_written_again_to_the_byte(release: str) -> None:
    """As long as it can be: a later release may say more, and then says so in its own letters."""
    kept = Kept(release)

    assert letters.page_to_bytes(kept.page(1, 1, 1)) == kept.letter("page.json")
    assert letters.owed_to_bytes(kept.owed([])) == kept.letter("owed.json")
    links = letters.links_of(kept.letter("owed-request.json"))
    assert letters.links_to_bytes(links) == kept.letter("owed-request.json")
    assert Request.parse(kept.letter("add-checkpoint")).to_bytes() == kept.letter("add-checkpoint")
    assert kept.card.to_bytes() == kept.letter("card.json")


@each_release
def test_what_a_newer_release_adds_is_passed_over(release: str, host: World) -> None:
    kept = Kept(release)
    page = orjson.loads(kept.letter("page.json"))
    page["hint"] = {"of": "tomorrow"}
    for line in page["lines"]:
        line["weight"] = 1
        for opening in line["openings"]:
            opening["colour"] = ["red"]
    card = orjson.loads(kept.letter("card.json")) | {"telephone": "0771"}

    assert letters.page_of(orjson.dumps(page)) == kept.page(1, 1, 1)
    assert Card.parse(orjson.dumps(card)) == kept.card
