"""Signing measured (签名): single records with checkpoints signed and cosigned beside, and without.

By the clock, and by the CPU seconds of this process: on a busy machine the first is the neighbours'.
"""

import time
from collections.abc import Callable, Sequence
from statistics import median

from eventsourcing.persistence import StoredEvent

from bench.journal import SINGLE, events, one_by_one
from bench.provinces import pair
from bench.rows import Places, Row, in_turns
from ledger.book import Ledger
from ledger.exchange.witnessing import Attesting

DATABASES = ("sqlite", "postgresql")
AIM = 1.1
EVERY = 2.0
"""Seconds between checkpoints, as a node that is served has it."""


def signing(place: Places) -> list[Row]:
    """How many times longer appends take while a signer and the partner's witness work beside."""
    rows: list[Row] = []
    many, rounds = place.size(4 * SINGLE, SINGLE // 4), place.size(7, 2)
    for name in DATABASES:
        with pair(place, name) as provinces:
            home, host = provinces.home.ledger, provinces.host.ledger
            lists = [events(many) for _ in range(2 * (rounds + 1))]

            alone: list[float] = []
            signed: list[float] = []
            off, on, ratio = in_turns(
                rounds, many,
                _timed(alone, lambda home=home, lists=lists: one_by_one(home.recorder, lists.pop())),
                _timed(
                    signed,
                    lambda home=home, host=host, lists=lists: _beside(home, host, lists.pop()),
                ),
            )  # fmt: skip
        cpu = median(one / other for one, other in zip(signed[1:], alone[1:], strict=True))
        took, before = (median(spent[1:]) / many * 1_000_000 for spent in (signed, alone))
        rows += [
            Row("single records, signed", name, on, "records/s", "unsigned", ratio, AIM, "lower"),
            Row("single records, signed: unsigned", name, off, "records/s"),
            Row("signed records by CPU", name, took, "CPU ms/1,000", "unsigned", cpu, AIM, "lower"),
            Row("signed records by CPU: unsigned", name, before, "CPU ms/1,000", better="lower"),
        ]  # fmt: skip
    return rows


def _timed(kept: list[float], work: Callable[[], None]) -> Callable[[int], None]:
    """The same work, each round's CPU seconds kept."""

    def run(_: int) -> None:
        begun = time.process_time()
        work()
        kept.append(time.process_time() - begun)

    return run


def _beside(home: Ledger, host: Ledger, all_: Sequence[StoredEvent]) -> None:
    attesting = Attesting([home, host], every=EVERY)
    attesting.start()
    one_by_one(home.recorder, all_)
    attesting.stop()
