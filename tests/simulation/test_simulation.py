"""The simulator in the suite: two hundred seeds that hold, and broken provinces that it sees."""

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import pytest

from ledger.domain.funds import Fund
from ledger.domain.membership import Answer, Holder, Membership
from ledger.exchange import reading
from ledger.exchange.giving import Giving
from ledger.exchange.wire import Page
from ledger.journal.tables import at_rest
from ledger.journal.vault import SHREDDED, Vault
from ledger.projections import worker_files
from tests import memory
from tests.simulation.nodes import Life
from tests.simulation.running import Failed, Simulation, beginning

CHUNK = 10
pytestmark = pytest.mark.timeout(900)  # seconds: a busy machine takes long for ten seeds


def simulate(seed: int, nodes: int | None = None) -> Simulation:
    with memory.folder("liangdi-seed-") as folder:
        return Simulation(seed, folder, nodes or (3 if seed % 4 == 3 else 2)).run()


@pytest.mark.parametrize("first", range(0, 200, CHUNK))
def test_whatever_goes_wrong_everything_holds(first: int) -> None:
    for seed in range(first, first + CHUNK):
        simulate(seed)


def test_a_seed_is_the_same_twice_to_the_byte() -> None:
    once, again = simulate(7), simulate(7)

    assert once.trace == again.trace
    assert once.roots == again.roots
    assert len(once.roots) == 3


# ── what it must see ──

Breaks = Callable[[pytest.MonkeyPatch], None]


def _never_concludes(patch: pytest.MonkeyPatch) -> None:
    """The holder reads an acceptance, and does nothing."""
    conclude = Membership.conclude

    def none(self: Membership, offer: Any, here: str) -> Any:
        told = self.offers.get(offer)
        return None if told and told.answer is Answer.ACCEPTED else conclude(self, offer, here)

    patch.setattr(Membership, "conclude", none)


def _holds_from_the_acceptance(patch: pytest.MonkeyPatch) -> None:
    """The receiver takes what it has accepted for its own."""
    after = Membership.after

    def too_soon(self: Membership, fact: Any) -> None:
        after(self, fact)
        if type(fact.event).__name__ == "TransferAccepted":
            holder = Holder(fact.event.union, fact.origin)
            self._move(fact, self.moves + 1, holder, fact.on)

    patch.setattr(Membership, "after", too_soon)


def _takes_money_without_a_release(patch: pytest.MonkeyPatch) -> None:
    """The receiver of a share has the money as soon as it has said yes."""
    after = Fund.after

    def at_once(self: Fund, fact: Any) -> None:
        after(self, fact)
        if type(fact.event).__name__ == "ShareAccepted" and fact.origin == self.origin:
            self._came_in += fact.event.amount

    patch.setattr(Fund, "after", at_once)


def _acknowledges_before_the_commit(patch: pytest.MonkeyPatch) -> None:
    """Who dies at a commit has said that it was done."""
    passes = Life.passes

    def too_soon(self: Life) -> None:
        if self.doom == 1:
            self.node.acknowledged[1_000_000] = b"a leaf that never was"
        passes(self)

    patch.setattr(Life, "passes", too_soon)


def _withholds_a_record(patch: pytest.MonkeyPatch) -> None:
    """A giver leaves one line out of a page."""
    page = Giving.page

    def shorter(self: Giving, first: int, limit: int, size: int) -> Page:
        whole = page(self, first, limit, size)
        return whole._replace(lines=[*whole.lines[:1], *whole.lines[2:]])

    patch.setattr(Giving, "page", shorter)


def _mirrors_something_else(patch: pytest.MonkeyPatch) -> None:
    """A reader notes for every line that it stands one further on."""
    mirror = reading.Reading._mirror

    def shifted(self: Any, conn: Any, mine: Any, received: Sequence[Any], *more: Any) -> Any:
        made = mirror(self, conn, mine, received, *more)
        conn.exec_driver_sql(
            "UPDATE channel_leaf SET leaf = zeroblob(32) WHERE log = ? AND number = ?",
            (self.log, received[-1].number),
        )
        return made

    patch.setattr(reading.Reading, "_mirror", shifted)


def _keeps_the_key(patch: pytest.MonkeyPatch) -> None:
    """Who was forgotten is marked as gone, and all of her is kept."""

    def marked(self: Vault, conn: Any, person: str, at: str = "") -> None:
        conn.execute(at_rest.delete().where(at_rest.c.person == person))
        conn.execute(at_rest.insert().values(person=person, state=SHREDDED, at=at))

    patch.setattr(Vault, "forget", marked)


def _leaves_out_of_a_view(patch: pytest.MonkeyPatch) -> None:
    """A view leaves out what it should show, the first time."""
    view, post = worker_files.VIEW, worker_files.VIEW.post
    pages = count()

    def forgetful(conn: Any, generation: int, page: Sequence[Any]) -> None:
        post(conn, generation, page[1:] if next(pages) % 5 == 4 else page)

    patch.setattr(view, "post", forgetful)


BREAKS: Sequence[tuple[Breaks, str]] = [
    (_never_concludes, "has not concluded"),
    (_holds_from_the_acceptance, "two holders"),
    (_takes_money_without_a_release, "fen are there"),
    (_acknowledges_before_the_commit, "and lost them"),
    (_withholds_a_record, "PageDiffers"),
    (_mirrors_something_else, "does not match its leaf hash"),
    (_keeps_the_key, "of who was forgotten"),
    (_leaves_out_of_a_view, "rows differ from the live ones"),
]


def _until_one_fails() -> None:
    for seed in range(60):
        simulate(seed)


@pytest.mark.parametrize(("breaks", "says"), BREAKS, ids=lambda each: getattr(each, "__name__", ""))
def test_a_broken_province_is_seen(
    monkeypatch: pytest.MonkeyPatch, breaks: Breaks, says: str
) -> None:
    for nodes in (2, 3):
        beginning(nodes)  # which is whole
    breaks(monkeypatch)

    with pytest.raises(Failed, match=says) as seen:
        _until_one_fails()

    assert "again: make simulate SEED=" in str(seen.value)
    assert len(seen.value.trace) > 1
