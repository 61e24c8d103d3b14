"""What stands between two nodes: requests and answers that are lost, doubled, delayed, outdated."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from ledger.exchange.giving import Giving
from ledger.exchange.wire import Checkpoint, Owed, Page
from ledger.journal.notes import PublicKey
from ledger.journal.tiles import Asked
from ledger.journal.witness import Answer
from tests.simulation.nodes import Killed, Node

T = TypeVar("T")


@dataclass
class Weather:
    """How bad it is: of a hundred messages, how many meet each fault."""

    lost: int = 0
    doubled: int = 0
    delayed: int = 0
    outdated: int = 0

    @classmethod
    def drawn(cls, dice: Random) -> "Weather":
        """Fair for one seed in three, else every fault by its own measure."""
        if dice.random() < 0.33:
            return cls()
        lost, doubled, delayed = (dice.choice((0, 5, 20)) for _ in range(3))
        return cls(lost, doubled, delayed, dice.choice((0, 0, 10)))


@dataclass
class Network:
    """Between all nodes; `meanwhile` lets others do something while a message is under way."""

    dice: Random
    weather: Weather
    meanwhile: Callable[[], None]
    tell: Callable[[str], None]
    cut: set[frozenset[str]] = field(default_factory=set[frozenset[str]])
    old: dict[tuple[str, ...], list[Any]] = field(default_factory=dict[tuple[str, ...], list[Any]])
    outdated: bool = False  # whether the step at hand was given an old answer

    def clear(self) -> None:
        """From now on nothing is cut and nothing goes wrong."""
        self.cut.clear()
        self.weather = Weather()

    def send(self, asker: Node, answerer: Node, what: str, ask: Callable[[], T]) -> T:
        """One request and its answer. Raises: ConnectionError, TimeoutError."""
        between = frozenset((asker.origin, answerer.origin))
        life = asker.life
        if between in self.cut or answerer.dead:
            raise ConnectionRefusedError(f"{answerer.name} cannot be reached")
        if self._meets(self.weather.lost):
            self.tell(f"{what}: the request is lost")
            raise TimeoutError(f"{answerer.name} does not answer")
        answer = self._answered(answerer, ask)
        if self._meets(self.weather.doubled):
            self.tell(f"{what}: the request comes twice")
            answer = self.dice.choice((answer, self._answered(answerer, ask)))
        known = self.old.setdefault((asker.origin, answerer.origin, what), [])
        known.append(answer)
        if self._meets(self.weather.outdated) and len(known) > 1:
            self.tell(f"{what}: an old answer comes")
            self.outdated = True
            answer = self.dice.choice(known[:-1])
        if self._meets(self.weather.delayed):
            self.tell(f"{what}: the answer is late")
            self.meanwhile()
        if between in self.cut or self._meets(self.weather.lost):
            self.tell(f"{what}: the answer is lost")
            raise TimeoutError(f"{answerer.name} does not answer")
        life.goes_on()
        return answer

    def _meets(self, percent: int) -> bool:
        return percent > 0 and self.dice.randrange(100) < percent

    def _answered(self, answerer: Node, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except Killed as killed:
            if killed.node is not answerer:
                raise
            self.tell(f"{answerer.name} dies while it answers")
            raise ConnectionResetError(f"{answerer.name} hung up") from None


@dataclass
class Wire:
    """A partner's channel, read over the network: a `Partner`."""

    network: Network
    reader: Node
    giver: Node

    @property
    def origin(self) -> str:
        return self.giver.origin

    @property
    def _giving(self) -> Giving:
        return Giving(self.giver.ledger, self.reader.origin)

    def checkpoint(self, read: int) -> Checkpoint:
        return self._send("checkpoint", lambda: self._giving.checkpoint(read))

    def page(self, first: int, limit: int, size: int) -> Page:
        return self._send("page", lambda: self._giving.page(first, limit, size))

    def owed(self, links: Sequence[str]) -> Sequence[Owed]:
        return self._send("owed", lambda: self._giving.owed(links))

    def tile(self, asked: Asked) -> bytes:
        return self._send(f"tile {asked}", lambda: self._giving.tile(asked))

    def mirrored(self, note: bytes) -> None:
        self._send("mirrored", lambda: self._giving.mirrored(note))

    def _send(self, what: str, ask: Callable[[], T]) -> T:
        return self.network.send(self.reader, self.giver, what, ask)


@dataclass
class Watched:
    """A partner's witness, asked over the network: an `Endpoint`."""

    network: Network
    log: Node
    witness: Node

    @property
    def keys(self) -> Sequence[PublicKey]:
        return self.witness.ledger.witness.keys

    def add_checkpoint(self, body: bytes) -> Answer:
        return self._send("cosigning", lambda: self.witness.ledger.witness.add_checkpoint(body))

    def latest(self, origin: str) -> bytes | None:
        return self._send("latest", lambda: self.witness.ledger.witness.latest(origin))

    def _send(self, what: str, ask: Callable[[], T]) -> T:
        return self.network.send(self.log, self.witness, what, ask)
