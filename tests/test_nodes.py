"""Two provinces as two processes, on SQLite and on PostgreSQL: the same stories, over the wire."""

import random
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from ledger.book import Reader
from ledger.domain.kernel import Group, Office, Scope
from ledger.exchange.mirroring import held_by
from ledger.exchange.nodes import Directory, OwnNode, announce, pin_of, unaware
from ledger.journal import checkpoints, fsck
from ledger.projections.posting import channel_name
from tests import (
    test_casework,
    test_exchange,
    test_forgetting,
    test_funding,
    test_procedures,
    test_vouchers,
)
from tests.forgetting import adopt_terms
from tests.nodes import Nodes, open_nodes, size, wait
from tests.pair import Pair, annex
from tests.postgres import Databases
from tests.world import World

T = TypeVar("T")

EVERYTHING = annex(
    [Scope.ORGANISATION, Scope.PERSON, Scope.MEMBERSHIP, Scope.RIGHTS, Scope.AID, Scope.SERVICES],
    [Group.IDENTITY, Group.CONTACT, Group.MEMBERSHIP, Group.CASE],
)


@pytest.fixture(scope="module")
def nodes(
    tmp_path_factory: pytest.TempPathFactory, postgres_databases: Databases
) -> Iterator[Nodes]:
    url = postgres_databases.database()
    with open_nodes(tmp_path_factory.mktemp("nodes"), url) as pair:
        pair.agree(EVERYTHING)
        for world in (pair.home, pair.host):
            adopt_terms(world)
        yield pair
    postgres_databases.drop(url)


def shares(then: Callable[[test_funding.Shares], None]) -> Callable[[Pair], None]:
    def story(pair: Pair) -> None:
        then(test_funding.Shares(pair))

    return story


def carries(then: Callable[[test_vouchers.Held], None]) -> Callable[[Pair], None]:
    def story(pair: Pair) -> None:
        then(test_vouchers.Held(pair, known=True))

    return story


# Each is told within one process elsewhere; here two processes tell it, one after the other.
STORIES: dict[str, Callable[[Pair], None]] = {
    "a transfer": test_procedures.test_offered_accepted_released_received,
    "an offer declined": test_procedures.test_declined_returned,
    "a request from the other side": test_procedures.test_the_receiver_asks_and_the_holder_offers_under_its_id,
    "a transfer by voucher": carries(
        test_vouchers.test_a_voucher_takes_the_place_of_the_offer_s_number
    ),
    "a joint case": test_casework.test_a_joint_case_is_one_case_in_both_ledgers,
    "a payment that both enter": test_casework.test_a_payment_entered_by_both_sides_is_counted_once_in_both,
    "a case that is handed over": test_casework.test_the_lead_is_handed_over_and_the_other_side_goes_on,
    "shared money": shares(test_funding.test_money_moves_when_the_release_is_read),
    "a consent withdrawn": test_exchange.test_consent_withdrawn_closes_the_groups_at_the_partner_and_it_answers,
    "a person forgotten": test_forgetting.test_the_partner_forgets_whom_nothing_of_its_own_keeps_and_says_so,
}


@pytest.mark.parametrize("story", STORIES)
def test_what_is_told_within_one_process_is_told_between_two(nodes: Nodes, story: str) -> None:
    STORIES[story](nodes)


def test_what_they_know_each_other_by_is_the_agreement_and_no_longer_the_card(nodes: Nodes) -> None:
    for one, other in ((nodes.home, nodes.host), (nodes.host, nodes.home)):
        with one.ledger.reading() as reader:
            pinned = pin_of(reader, other.origin)
        assert pinned is not None
        assert pinned.ref.startswith(nodes.home.origin)  # the proposal that both have signed
        assert pinned.node == OwnNode(other.ledger).node()
        directory = Directory(one.ledger)
        assert directory.cards()[other.origin][1] != pinned.ref
        assert directory.known(other.origin) == pinned.node


def test_each_has_the_others_word_that_it_holds_and_has_witnessed_all(nodes: Nodes) -> None:
    nodes.home.union("又一个村工会")
    nodes.sync()

    def done() -> bool:
        for one, other in ((nodes.home, nodes.host), (nodes.host, nodes.home)):
            log = channel_name(one.origin, other.origin)
            with one.ledger.database.reading() as conn:
                held = held_by(conn, one.origin, other.origin)
                states = checkpoints.states(conn, one.origin, [size(one.ledger, one.origin)])
            if held is None or held.size < size(one.ledger, log):
                return False
            if not all(state.witnessed for state in states.values()):
                return False
        return True

    wait(done, "cosigned as witness and as mirror")


def test_a_node_killed_and_a_partner_away_stop_nobody_and_it_goes_on_where_it_was(
    nodes: Nodes,
) -> None:
    """Killed in the middle of reading, again and again, while both sides go on working."""
    dice = random.Random(11)
    nodes.host_node.kill()
    moved = [nodes.member(f"职工{number}") for number in range(8)]
    offers = {membership: nodes.offer(membership) for _, membership in moved}
    for _ in range(2):
        nodes.host_node.start()
        nodes.host.worker()
        nodes.host_node.kill(after=dice.uniform(0.05, 0.4))
        nodes.home.worker()
    nodes.host_node.start()
    nodes.home_node.kill()
    nodes.home_node.start()
    nodes.sync()

    for membership, offer in offers.items():
        nodes.accept(membership, offer)
    nodes.sync()

    for membership in offers:
        assert nodes.holders(membership) == (nodes.host.origin,) * 2
    test_exchange.mirrored_once(nodes)


def test_a_partner_that_answers_nothing_is_waited_for_by_nobody(nodes: Nodes) -> None:
    nodes.host_node.pause()
    try:
        person, membership = nodes.member("等着的人")
        offer = nodes.offer(membership)
        assert nodes.holders(membership)[0] == nodes.home.origin
    finally:
        nodes.host_node.resume()
    nodes.sync()

    nodes.accept(membership, offer)
    nodes.sync()
    assert nodes.holders(membership) == (nodes.host.origin,) * 2
    assert person


def test_a_certificate_is_followed_by_another_and_nothing_is_lost(nodes: Nodes) -> None:
    own = OwnNode(nodes.host.ledger)
    first = own.shown().der
    second = own.rotate(nodes.host.ledger.clock.now())
    assert own.shown().der == first  # until the partner has read of the next
    with nodes.host.entry(nodes.host.root, Office.CHAIR) as entry:
        assert announce(entry) == [nodes.partnership]
    nodes.sync()
    wait(lambda: not told(nodes.host, unaware), "the partner has signed for it")

    assert own.retire() == first
    nodes.home.union("换证之后的工会")
    nodes.host.union("换证之后的街道工会")
    nodes.sync()

    assert OwnNode(nodes.host.ledger).shown().der == second
    assert fsck.check(nodes.home.ledger.database, nodes.home.origin).sound


def told(world: World, ask: Callable[[Reader], T]) -> T:
    with world.ledger.reading() as reader:
        return ask(reader)


def test_it_stops_cleanly(nodes: Nodes) -> None:
    assert nodes.home_node.stop() == 0
    assert "Traceback" not in nodes.home_node.said
    nodes.home_node.start()
