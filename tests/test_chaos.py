"""Two nodes whose processes and whose database are killed at random, for as long as one likes.

    make chaos SECONDS=300

The suite gives it some seconds. Whatever a province was told is recorded stands afterwards, each
record stands once in the mirror, and every membership has one holder on both sides.
"""

import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy.exc import OperationalError

from ledger.domain.ids import MembershipId, TransferId
from ledger.journal import fsck
from tests import postgres, test_exchange
from tests.nodes import open_nodes
from tests.test_nodes import EVERYTHING

SECONDS = float(os.environ.get("LIANGDI_CHAOS_SECONDS", "8"))
T = TypeVar("T")


def patiently(act: Callable[[], T]) -> T:
    """Does it as a clerk does whose database has just come back: once more, and it works."""
    for _ in range(20):
        try:
            return act()
        except OperationalError:
            continue
    return act()


@pytest.mark.timeout(SECONDS * 3 + 280)
def test_killed_at_random_nothing_acknowledged_is_lost_and_everybody_has_one_holder(
    tmp_path: Path,
) -> None:
    seed = int(os.environ.get("LIANGDI_CHAOS_SEED", "20"))
    dice = random.Random(seed)
    with postgres.server(durable=True) as server:
        url = server.database()
        with open_nodes(tmp_path, url) as nodes:
            nodes.agree(EVERYTHING)
            offers: dict[MembershipId, TransferId] = {}
            done: list[str] = []

            def work() -> None:
                _, membership = nodes.member(f"职工{len(offers)}")
                offers[membership] = nodes.offer(membership)
                patiently(nodes.host.worker)

            def kill_the_database() -> None:
                server.kill()
                nodes.home.worker()  # 广西 has a database of its own, and nothing keeps it
                server.restart()

            def kill_home() -> None:
                nodes.home_node.kill(after=dice.uniform(0, 0.5))
                nodes.home.worker()
                nodes.home_node.start()

            def kill_host() -> None:
                nodes.host_node.kill(after=dice.uniform(0, 0.5))
                nodes.home.worker()
                nodes.host_node.start()

            def stall() -> None:
                nodes.host_node.pause()
                work()
                nodes.host_node.resume()

            end = time.monotonic() + SECONDS
            while time.monotonic() < end:
                fault = dice.choice([kill_the_database, kill_home, kill_host, stall, work, work])
                done.append(fault.__name__)
                fault()
                work()
            print(f"seed {seed}: {len(offers)} offers under {len(done)} turns, {set(done)}")

            nodes.sync()
            for membership, offer in offers.items():
                patiently(lambda m=membership, o=offer: nodes.accept(m, o))
            nodes.sync()

            for membership in offers:
                assert nodes.holders(membership) == (nodes.host.origin,) * 2
            test_exchange.mirrored_once(nodes)
            for ledger in (nodes.home.ledger, nodes.host.ledger):
                report = fsck.check(ledger.database, ledger.origin, vault=ledger.vault)
                assert report.sound, report.faults[:3]
