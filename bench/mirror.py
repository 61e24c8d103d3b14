"""The mirror measured: a partner's channel read over mTLS on loopback, verified, sealed anew, stored.

The partner's node is a process of its own, as it would be, and the next page is fetched while one
is applied, as in a node that is served. Half of the channel is read with the views put off: not one
of them posts, and none of their rows is in what is committed. What is left is checked, mirrored,
sealed under our keys, made findable, answered and stored with the record of having been read. The
other half is read with all views. Records are counted, and nothing else that is read. Beside each
rate stands what it took of either process, in CPU seconds: on a busy machine the rate falls and the
work does not.

The raw limit is what the same bytes cost
where nobody checks them: fetched over the same line from a server that has them ready, and rows like
ours written by plain `executemany`.
"""

import gc
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.exchange import WithCertificate, create_exchange
from bench.provinces import fill, pair, villages
from bench.rows import Places, Row
from ledger import procedures, projections
from ledger.book import Ledger, Province
from ledger.domain.channels import Cause
from ledger.domain.kernel import Basis, Office
from ledger.exchange import letters
from ledger.exchange.ahead import Ahead
from ledger.exchange.giving import Giving
from ledger.exchange.listening import Listening
from ledger.exchange.mirroring import Mirroring
from ledger.exchange.nodes import Card, Directory, OwnNode
from ledger.exchange.reading import Reading
from ledger.exchange.remote import Remote
from ledger.exchange.running import drain
from ledger.exchange.wire import Partner
from ledger.exchange.witnessing import attest
from ledger.journal.database import Database
from ledger.journal.recorder import read_head
from ledger.journal.tables import channel_leaf, record, sealed
from ledger.journal.vault import Keyring
from tests.nodes import free_port
from tests.pair import Pair
from tests.world import Time

WORKERS = 4000
AIM = 20_000
WARM = 100
"""So many are read before the clock starts: the first name in a process loads a dictionary."""


def mirror(place: Places) -> list[Row]:
    """A channel of workers with their texts, read by a partner that has nothing of it yet."""
    rows: list[Row] = []
    with pair(place, "sqlite") as provinces:
        _share(place, provinces, place.size(WORKERS, 200))
        with _node(provinces) as (remote, giver):
            apart, whole = _read(provinces.host.ledger, Ahead(remote), giver)
            attest(provinces.home.ledger, [provinces.host.ledger.witness])
            Reading(provinces.host.ledger, remote).once()
            mirroring = Mirroring(provinces.host.ledger, remote)
            begun = time.perf_counter()
            compared = mirroring.once()
            compare = compared / (time.perf_counter() - begun)
            raw = _raw(place, provinces, remote)
    name = "mirror over mTLS"
    rows.append(Row(f"{name}: views apart", "sqlite", apart.rate, "records/s", aim=AIM))
    rows += apart.rows(f"{name}: views apart")
    rows.append(Row(f"{name}: fetched and stored unchecked", "sqlite", raw, "records/s"))
    rows.append(
        Row(
            f"{name}: beside that",
            "sqlite",
            apart.rate,
            "records/s",
            peer="unchecked",
            ratio=apart.rate / raw,
        )
    )
    rows.append(Row(f"{name}: with all views", "sqlite", whole.rate, "records/s"))
    rows += whole.rows(f"{name}: with all views")
    rows.append(Row("mirrored records compared by tiles", "sqlite", compare, "records/s"))
    return rows


class Cost(NamedTuple):
    """What it took to read records: how many a second, and CPU seconds of either side for each."""

    rate: float
    taker: float
    giver: float

    def rows(self, name: str) -> list[Row]:
        return [
            Row(f"{name}: {side}", "sqlite", each * 1_000_000, "CPU ms/1,000", better="lower")
            for side, each in (("taker", self.taker), ("giver", self.giver))
        ]


def _share(place: Places, provinces: Pair, workers: int) -> None:
    """Fills the home province, and opens every worker to the host."""
    filled = fill(provinces.home, villages(provinces.home, 20), workers, place)
    for start in range(0, len(filled), 500):
        with provinces.home.entry(provinces.home.root, Office.LIAISON) as entry:
            for each in filled[start : start + 500]:
                procedures.share(
                    entry, each.person, provinces.host.origin, Basis.STATUTORY_DUTY, Cause.ROSTER
                )
    place.tell(f"{workers:,} workers shared")


def _read(host: Ledger, partner: Partner, giver: Callable[[], float]) -> tuple[Cost, Cost]:
    """What the first half of the channel costs with the views put off, then the other with them."""
    reading = Reading(host, partner)
    half = partner.checkpoint(0).size // 2
    with patch.object(projections, "catch_up", _put_off):
        reading.once(WARM)
        apart = _drained(host, reading, giver, lambda: _reached(host, reading) >= half)
    with host.database.writing() as conn:
        projections.catch_up(conn, host.origin)
    return apart, _drained(host, reading, giver)


def _put_off(*_: Any, **__: Any) -> None:
    """What stands for the views while they are put off."""


def _drained(
    host: Ledger, reading: Reading, giver: Callable[[], float],
    stopped: Callable[[], bool] = lambda: False,
) -> Cost:  # fmt: skip
    before, gave, took = _reached(host, reading), giver(), time.process_time()
    begun = time.perf_counter()
    drain(reading, stopped=stopped)
    spent = time.perf_counter() - begun
    took, gave = time.process_time() - took, giver() - gave
    read = _reached(host, reading) - before
    return Cost(read / spent, took / read, gave / read)


def _reached(host: Ledger, reading: Reading) -> int:
    with host.database.reading() as conn:
        return read_head(conn, reading.log).frontier.size


@contextmanager
def _node(provinces: Pair) -> Generator[tuple[Remote, Callable[[], float]]]:
    """The home province as a node in a process of its own: the host's line to it, and how to ask
    what CPU time it has taken so far.
    """
    home, host = provinces.home.ledger, provinces.host.ledger
    port = free_port()
    for ledger, at in ((home, port), (host, 1)):
        OwnNode(ledger).make(f"https://127.0.0.1:{at}", ledger.clock.now())
    known = Directory(host)
    Directory(home).admit(known.card())
    known.admit(Directory(home).card())
    url = home.database.url.render_as_string(hide_password=False)
    child = subprocess.Popen(
        [
            sys.executable, "-m", "bench.mirror", home.province.code, home.origin, url,
            str(home.vault.keyring.folder), str(port),
        ],
        stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True,
    )  # fmt: skip
    remote = Remote(known, OwnNode(host), home.origin, host.origin)
    try:
        assert child.stdin is not None
        assert child.stdout is not None
        asking, told = child.stdin, child.stdout
        assert told.readline() == "ready\n"

        def spent() -> float:
            asking.write("spent\n")
            asking.flush()
            return float(told.readline())

        yield remote, spent
    finally:
        remote.close()
        child.communicate()


def _raw(place: Places, provinces: Pair, remote: Remote) -> float:
    """The same letters from a server that only hands them out, and rows like ours."""
    home, host = provinces.home.ledger, provinces.host.ledger
    giving = Giving(home, host.origin)
    size = giving.checkpoint(0).size
    pages: list[bytes] = []
    first = 1
    while first <= size:
        page = giving.page(first, letters.PAGE, size)
        pages.append(letters.page_to_bytes(page))
        first += len(page.lines)

    def hand_out(request: Request) -> Response:
        return Response(pages[int(request.query_params["first"])], media_type=letters.JSON)

    app = Starlette(routes=[Route(f"{letters.PREFIX}/page", hand_out)])
    own, known = OwnNode(home), Directory(home)
    listening = Listening(app, WithCertificate, known, own, "127.0.0.1", 0)
    listening.start()
    own.make(f"https://127.0.0.1:{listening.port}", home.clock.now())
    Directory(host).admit(Card.parse(Directory(home).card().to_bytes()))
    line = Remote(Directory(host), OwnNode(host), home.origin, host.origin)
    begun = time.perf_counter()
    for number in range(len(pages)):
        line.page(number, letters.PAGE, size)
    fetched = time.perf_counter() - begun
    line.close()
    listening.stop()
    return size / (fetched + _stored(place, host))


def _stored(place: Places, host: Ledger) -> float:
    """How long the mirror's rows take when they are only written, a page a transaction."""
    kept = sqlite3.connect(place.url("sqlite").removeprefix("sqlite:///"))
    kept.execute("PRAGMA journal_mode=WAL")
    kept.execute("PRAGMA synchronous=FULL")
    spent = 0.0
    for table in (record, channel_leaf, sealed):
        names = ", ".join(table.columns.keys())
        keys = ", ".join(table.primary_key.columns.keys())
        marks = ", ".join("?" * len(table.columns))
        kept.execute(f"CREATE TABLE {table.name} ({names}, PRIMARY KEY ({keys}))")
        with host.database.reading() as conn:
            rows = [tuple(row) for row in conn.execute(table.select())]
        for some in _parts(rows):
            begun = time.perf_counter()
            with kept:
                kept.executemany(f"INSERT INTO {table.name} VALUES ({marks})", some)
            spent += time.perf_counter() - begun
    kept.close()
    return spent


def _parts(rows: list[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    for start in range(0, len(rows), letters.PAGE):
        yield rows[start : start + letters.PAGE]


def serve(code: str, origin: str, url: str, keys: str, port: str) -> None:
    """The node of the one who gives: tells its CPU time when asked, until its standard input ends."""
    ledger = Ledger(
        Province(code, origin, code, code), Database(url), Keyring(Path(keys)), Time().clock
    )
    directory, own = Directory(ledger), OwnNode(ledger)
    door = create_exchange(ledger, directory)
    listening = Listening(door, WithCertificate, directory, own, "127.0.0.1", int(port))
    listening.start()
    print("ready", flush=True)
    for _ in sys.stdin:
        print(time.process_time(), flush=True)
    listening.stop()
    ledger.close()


if __name__ == "__main__":
    gc.freeze()  # as the command line does
    gc.set_threshold(10_000)
    serve(*sys.argv[1:])
