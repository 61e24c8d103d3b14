"""Views measured: all of them rebuilt beside the live rows, in records a second."""

import time
from statistics import median

from bench.provinces import EACH, fill, pair, villages
from bench.rows import Places, Row, rate
from ledger import projections
from ledger.book import Ledger

DATABASES = ("sqlite", "postgresql")
AIM = 10_000
REBUILT = [view for view in projections.VIEWS if view.tables]
"""All but the channels: a log keeps what has entered, and is never rebuilt."""


def rebuild(place: Places) -> list[Row]:
    """Every view from the first record to the swap, together; beside it a mere reading."""
    rows: list[Row] = []
    for name in DATABASES:
        with pair(place, name) as provinces:
            home = provinces.home
            place.tell(f"rebuild: filling {name}")
            fill(home, villages(home), place.size(50_000, 5_000) // EACH)
            ledger = home.ledger
            size = ledger.recorder.max_notification_id() or 0
            values: list[float] = []
            for turn in range(place.size(4, 2)):
                begun = time.perf_counter()
                projections.rebuild(ledger.database, ledger.origin, *REBUILT)
                if turn:  # the first round warms up
                    values.append(size / (time.perf_counter() - begun))
            place.tell(f"rebuild: {name} {median(values):,.0f} records/s")
            raw = median(rate(size, lambda ledger=ledger: _read(ledger)) for _ in range(3))
        what = "rebuild of all views"
        rows += [
            Row(what, name, median(values), "records/s", "reading alone", None, AIM),
            Row(f"{what}: reading alone", name, raw, "records/s"),
        ]
    return rows


def _read(ledger: Ledger) -> None:
    with ledger.database.reading() as conn:
        after = 0
        while page := ledger.recorder.page(conn, after, projections.PAGE):
            after = page[-1].position
