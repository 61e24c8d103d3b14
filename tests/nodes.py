"""Two provinces as two nodes: each a process of its own, with a database and a folder of its own.

    with open_nodes(tmp_path, host_url=postgres_url) as pair:
        pair.agree()

What officers do is done here, in their ledgers; what passes between the provinces passes between
the two processes, over HTTPS with the certificates that each has of the other. `sync` waits until
nothing moves any more. A node can be killed and started again.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path

from ledger.book import Entry, Ledger, open_ledger
from ledger.clock import Clock
from ledger.domain.ids import UnionId
from ledger.domain.kernel import Office
from ledger.domain.partnerships import Annex, Partnership, Party
from ledger.exchange.nodes import Directory, OwnNode, with_nodes
from ledger.exchange.running import standings
from ledger.journal.recorder import read_head
from ledger.projections.posting import channel_name
from ledger.settings import Settings
from tests.pair import Pair
from tests.world import NAMES, Time, World

ROOT = Path(__file__).parent.parent
SOON = 60.0


class Now(Time):
    """The time of this machine: two processes have no other in common."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)

    def to(self, on: date) -> None:
        raise AssertionError("nobody moves the clock of two nodes")

    @property
    def clock(self) -> Clock:
        return Clock()


class Beside(World):
    """A province whose node reads the partner while its officers write: they wait for each other."""

    @contextmanager
    def entry(
        self, union: str, office: Office = Office.CLERK, on: date | None = None,
        evidence: tuple[str, ...] = (),
    ) -> Generator[Entry]:  # fmt: skip
        with self.ledger.entry(self.act(union, office, on, evidence), lock=True) as entry:
            yield entry

    @contextmanager
    def procedure(self, union: str, on: date | None = None) -> Generator[Entry]:
        with self.ledger.entry(self.ledger.procedure(UnionId(union), on), lock=True) as entry:
            yield entry


def wait(until: Callable[[], bool], what: str, seconds: float = SOON) -> None:
    """Waits until something is so; it is looked at again and again."""
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.02)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


class Process:
    """`liangdi serve` of one province."""

    def __init__(
        self, data: Path, port: int, url: str | None, code: str, *, pages: int = 0
    ) -> None:
        """`port` is where partners find it, `pages` where people do; 0 takes a free one."""
        self.port, self._pages, self._log = port, pages, data / "serve.log"
        self._environment = {
            **os.environ, "PYTHONPATH": str(ROOT), "LIANGDI_DATA": str(data),
            "LIANGDI_EXCHANGE_PORT": str(port), "LIANGDI_EXCHANGE_MS": "100",
            **({f"LIANGDI_URL_{code}": url} if url else {}),
        }  # fmt: skip
        self._child: subprocess.Popen[bytes] | None = None

    def start(self, *, wait_for_it: bool = True) -> None:
        with self._log.open("ab") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "ledger.cli", "serve", "--port", str(self._pages)],
                cwd=ROOT, env=self._environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C on a terminal is for whoever started it
            )  # fmt: skip
        if wait_for_it:
            wait(self.up, "the node listens")

    def up(self) -> bool:
        """Whether it listens. Fails where it has ended."""
        assert self._child is not None
        assert self._child.poll() is None, self._log.read_text("utf-8")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    @property
    def pid(self) -> int:
        assert self._child is not None
        return self._child.pid

    def kill(self, after: float = 0) -> None:
        """As the power cut does it, some seconds later."""
        assert self._child is not None
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(after)
        self._child.send_signal(signal.SIGKILL)
        self._child.wait()
        self._child = None

    def pause(self) -> None:
        """It goes on listening, and answers nothing."""
        assert self._child is not None
        self._child.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self._child is not None
        self._child.send_signal(signal.SIGCONT)

    def stop(self) -> int:
        """As Ctrl-C does it; returns how it ended."""
        if self._child is None:
            return 0
        self._child.send_signal(signal.SIGCONT)
        self._child.send_signal(signal.SIGINT)
        try:
            code = self._child.wait(15)
        except subprocess.TimeoutExpired:
            # One that does not serve yet loses a SIGINT where a shell has put us in the background.
            self._child.terminate()
            code = self._child.wait(SOON)
        self._child = None
        return code

    @property
    def said(self) -> str:
        return self._log.read_text("utf-8")


class Nodes(Pair):
    """Two provinces that know each other by their cards, each served by a process."""

    def __init__(self, home: World, host: World, processes: dict[str, Process]) -> None:
        super().__init__(home, host)
        self.processes = processes
        for one, other in ((home, host), (host, home)):
            Directory(one.ledger).admit(Directory(other.ledger).card())

    @property
    def home_node(self) -> Process:
        return self.processes[self.home.origin]

    @property
    def host_node(self) -> Process:
        return self.processes[self.host.origin]

    def parties(self) -> list[Party]:
        return list(with_nodes(self.home.ledger, super().parties()))

    def agree(self, terms: Annex | None = None, until: date | None = None) -> "Nodes":
        """Both sign; of several stories that two nodes tell, the first one's agreement is all's."""
        with self.home.ledger.reading() as reader:
            agreed = reader.get(Partnership, self.partnership).concluded
        if not agreed:
            super().agree(terms, until)
        return self

    def sync(self) -> int:
        """Waits until each has read all of the other, and nothing has followed from that."""
        before = self._sizes()
        wait(self._still, "everything is read")
        return sum(self._sizes()) - sum(before)

    def _still(self) -> bool:
        before = self._sizes()
        read = all(
            self._channel(giver, giver, reader) == self._channel(reader, giver, reader)
            for giver, reader in ((self.home, self.host), (self.host, self.home))
        )
        owed = any(each.owed for w in (self.home, self.host) for each in standings(w.ledger))
        return read and not owed and before == self._sizes()

    def _sizes(self) -> list[int]:
        return [size(world.ledger, world.origin) for world in (self.home, self.host)]

    def _channel(self, at: World, giver: World, reader: World) -> int:
        return size(at.ledger, channel_name(giver.origin, reader.origin))


def size(ledger: Ledger, log: str) -> int:
    with ledger.database.reading() as conn:
        return read_head(conn, log).frontier.size


@contextmanager
def open_nodes(
    folder: Path, host_url: str | None = None, *, started: bool = True
) -> Generator[Nodes]:
    """广西 on SQLite; 广东 there, or on the PostgreSQL of the URL."""
    worlds: list[World] = []
    processes: dict[str, Process] = {}
    for code, url in (("45", None), ("44", host_url)):
        path, name, short, division = NAMES[code]
        data, port = folder / path, free_port()
        environment = {"LIANGDI_DATA": str(data), **({f"LIANGDI_URL_{code}": url} if url else {})}
        settings = Settings.from_environment(environment)
        origin = f"liangdi.example/{path}"
        ledger = open_ledger(settings.found_province(code, origin, name, short))
        worlds.append(Beside(ledger, Now(), division))
        OwnNode(ledger).make(f"https://127.0.0.1:{port}", ledger.clock.now())
        processes[origin] = Process(data, port, url, code)
    pair = Nodes(worlds[0], worlds[1], processes)
    try:
        if started:
            for process in processes.values():
                process.start(wait_for_it=False)
            for process in processes.values():
                wait(process.up, "the node listens")
        yield pair
    finally:
        for process in processes.values():
            process.stop()
        for world in worlds:
            world.ledger.close()
