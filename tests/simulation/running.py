"""One seed from beginning to end: steps by the dice, then calm weather, then everything checked."""

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from itertools import combinations, permutations
from multiprocessing.util import Finalize
from pathlib import Path
from random import Random
from traceback import format_exception

from ledger import procedures
from ledger.book import Conflict, NotFound
from ledger.clock import ClockJumped
from ledger.domain.channels import Cause
from ledger.domain.funds import Source
from ledger.domain.ids import FundId, new_partnership
from ledger.domain.kernel import Code, Fen, Group, Office, Refused, Scope
from ledger.domain.partnerships import Partnership, Party
from ledger.exchange import returning
from ledger.exchange.running import drain, sync
from ledger.exchange.wire import TileDiffers, Unproven
from ledger.exchange.witnessing import NotWitnessed, introduce, offer
from ledger.journal import epochs
from ledger.journal.merkle import Frontier
from ledger.journal.notes import BadNote
from ledger.journal.signing import ReadOnly
from tests import memory
from tests.aid import AidOffice
from tests.forgetting import adopt_terms
from tests.pair import BASIS, annex
from tests.simulation import checks
from tests.simulation.checks import Broken
from tests.simulation.network import Network, Watched, Weather, Wire
from tests.simulation.nodes import Killed, Node, determined
from tests.simulation.officers import ACTS, HELP, Post, Town, Worker
from tests.world import World

CODES = ("45", "44", "43")
STEPS = 45
FAULTS: dict[str, int] = {
    "exchange": 90, "attest": 10, "mirror": 8, "doom": 8, "cut": 3, "back_up": 6, "restore": 9, "jump": 1,
    "set_back": 1, "restart": 2,
}  # fmt: skip
"""What the machines do and what befalls them, beside what people do, and how often."""

POSTS = (
    *((False, office) for office in (Office.CLERK, Office.APPROVER, Office.LIAISON, Office.STATION)),
    (False, Office.REVIEWER),
    *((True, office) for office in (
        Office.CLERK, Office.CHAIR, Office.APPROVER, Office.ACCOUNTANT, Office.CASHIER,
        Office.LEGAL, Office.PRIVACY, Office.REVIEWER,
    )),
)  # fmt: skip


class Failed(AssertionError):
    """A seed that broke something, with its steps and how it is run again."""

    def __init__(self, seed: int, nodes: int, trace: list[str], fault: BaseException) -> None:
        told = "\n".join(f"  {line}" for line in trace)
        where = "" if isinstance(fault, Broken) else "".join(format_exception(fault))
        super().__init__(
            f"seed {seed}, {nodes} nodes: {type(fault).__name__}: {fault}\n{told}\n{where}"
            f"again: make simulate SEED={seed} NODES={nodes}"
        )
        self.trace = trace


# ── where every seed begins ──────────────────────────────────────────────────────────────────


@cache
def beginning(count: int) -> tuple[Path, dict[str, Post]]:
    """Provinces with officers, agreed two by two, each on its disk; made once in a process."""
    folder = memory.new_folder("liangdi-simulation-")
    Finalize(None, shutil.rmtree, (folder,), exitpriority=0)  # of a pool's processes too
    with determined(f"beginning {count}"):
        nodes = [Node(folder, code) for code in CODES[:count]]
        worlds = [World(node.open(), node.time, node.division) for node in nodes]
        posts = {node.origin: _post(world) for node, world in zip(nodes, worlds, strict=True)}
        for one, other in combinations(worlds, 2):
            _agree(one, other, posts)
        for node in nodes:
            node.ledger.close()
    return folder, posts


def _post(world: World) -> Post:
    adopt_terms(world)
    office = AidOffice(world, (HELP,))
    for root, each in POSTS:
        world.officer(world.root if root else office.village, each)
    people = [world.worker(phone=f"1380000000{number}") for number in range(3)]
    workers = [(each, world.enrol(each, office.village)) for each in people[:2]]
    return Post(
        world.root, office.village, world._officers, office.scheme, office.fund, {},
        [*workers, (people[2], None)],
    )  # fmt: skip


def _agree(one: World, other: World, posts: dict[str, Post]) -> None:
    """An agreement on everything, and a joint fund under it with a share on either side."""
    name = new_partnership()
    parties = [
        Party(w.root, Code(w.origin), Code(w.ledger.province.code), w.ledger.province.name)
        for w in (one, other)
    ]
    scopes = [scope for scope in Scope if scope not in (Scope.ALWAYS, Scope.NEVER)]
    with one.entry(one.root, Office.CHAIR) as entry:
        entry.write(
            Partnership.propose(
                entry.act, name, "会籍接转合作协议", parties, annex(scopes, list(Group)),
                origin=one.origin,
            )
        )  # fmt: skip
    for world in (one, other):
        sync(one.ledger, other.ledger)
        with world.entry(world.root, Office.CHAIR) as entry:
            entry.write(entry.read(Partnership, name).sign(entry.act, origin=world.origin))
    sync(one.ledger, other.ledger)
    for world, partner in ((one, other), (other, one)):
        with world.entry(world.root, Office.CHAIR) as entry:
            fund: FundId = procedures.open_fund(
                entry, world.root, "联合帮扶资金", source=Source.DONATION, annex=name,
                joint=Code(f"{one.ledger.province.short}{other.ledger.province.short}"),
                contributor=world.ledger.province.name,
            )  # fmt: skip
        with world.entry(world.root, Office.ACCOUNTANT) as entry:
            procedures.credit(entry, fund, Fen(500_00))
        posts[world.origin].shares[partner.origin] = fund
        for person, _ in posts[world.origin].workers[1:]:  # the first one is nobody else's yet
            with world.entry(posts[world.origin].village, Office.LIAISON) as entry:
                procedures.share(entry, person, partner.origin, BASIS, Cause.ROSTER)
    sync(one.ledger, other.ledger)


# ── one seed ─────────────────────────────────────────────────────────────────────────────────


@dataclass
class Simulation:
    """One seed: its nodes in a folder of their own, and what happened so far."""

    seed: int
    folder: Path
    count: int = 2
    steps: int = STEPS
    trace: list[str] = field(default_factory=list[str])
    roots: dict[str, str] = field(default_factory=dict[str, str])  # of the journals, at the end
    kinds: Counter[str] = field(default_factory=Counter[str])  # of what was recorded

    def run(self) -> "Simulation":
        """Raises: Failed, with every step."""
        template, posts = beginning(self.count)
        shutil.copytree(template, self.folder, dirs_exist_ok=True)
        with determined(f"{self.seed} {self.count}"):
            self.dice = Random(f"steps {self.seed} {self.count}")
            self.nodes = [Node(self.folder, code) for code in CODES[: self.count]]
            self.network = Network(self.dice, Weather.drawn(self.dice), self.meanwhile, self._note)
            self.nested = False
            copied = {o: replace(p, officers=dict(p.officers)) for o, p in posts.items()}
            self.town = Town(self.nodes, copied, self.dice, self.meanwhile)
            for node in self.nodes:
                for person, membership in posts[node.origin].workers:
                    self.town.workers.append(Worker(person, node, membership))
            try:
                self._live()
            except Exception as fault:
                raise Failed(self.seed, self.count, self.trace, fault) from fault
            finally:
                for node in self.nodes:
                    node.ledger.close()
        return self

    def _live(self) -> None:
        for node in self.nodes:
            node.open()
        self._note(f"weather: {self.network.weather}")
        for number in range(self.steps):
            self.trace.append(f"{number}:")
            self._step()
            checks.at_every_instant(self.town)
        self.trace.append("calm:")
        self._calm()
        checks.at_the_end(self.town)
        for node in self.nodes:
            records = node.records()
            self.kinds.update(one.kind for one in records)
            self.roots[node.name] = Frontier().extend([one.leaf for one in records]).root().hex()

    def _note(self, what: str) -> None:
        self.trace[-1:] = [f"{self.trace[-1]} · {what}"] if self.trace else [what]

    # ── steps ──

    def _step(self) -> None:
        for node in self.nodes:  # somebody comes and starts what has died
            if (node.dead and self.dice.random() < 0.6) or (
                node.time.jumped and self.dice.random() < 0.3
            ):
                self._restart(node)
        if self.network.cut and self.dice.random() < 0.15:
            self._note(self.mend())
        if any(node.restored for node in self.nodes) and self.dice.random() < 0.2:
            self._try(self.find_disk, "find_disk")
        alive = [node for node in self.nodes if not node.dead]
        if not alive:
            return
        for _ in range(6):
            people = self.dice.random() < 0.5
            chances = ACTS if people else FAULTS
            name = self.dice.choices(list(chances), list(chances.values()))[0]
            if self._try(getattr(self.town, name) if people else getattr(self, name), name):
                return

    def meanwhile(self) -> None:
        """Others do something while a message is under way, or while an officer looks at a file."""
        if self.nested:
            return
        self.nested = True
        try:
            people = self.dice.random() < 0.5
            name = self.dice.choice(list(ACTS)) if people else "exchange"
            if any(not node.dead for node in self.nodes):
                self._try(getattr(self.town if people else self, name), f"meanwhile {name}")
        finally:
            self.nested = False

    def _try(self, step: Callable[[], str], name: str) -> bool:
        """One step; what a rule, a conflict, the network or a death makes of it is no fault.

        False where there was nothing to do.
        """
        before, self.network.outdated = self.network.outdated, False
        try:
            told = step()
            if not told:
                return False
            self._note(told)
        except Killed as killed:
            self._note(f"{name}: {killed.node.name} dies")
        except (Refused, NotFound, Conflict, ClockJumped) as stopped:
            self._note(f"{name}: {type(stopped).__name__}")
        except (ConnectionError, TimeoutError) as away:
            self._note(f"{name}: {away}")
        except ReadOnly as bar:
            checks.hold(any(n.restored for n in self.nodes), f"read-only for no reason: {bar}")
            self._note(f"{name}: {type(bar).__name__}")
        except (Unproven, NotWitnessed, BadNote, LookupError) as alarm:
            restored = any(n.restored for n in self.nodes)
            expected = self.network.outdated or restored or self._unheard(alarm)
            checks.hold(expected, f"an alarm without a cause: {alarm}")
            self._note(f"{name}: {type(alarm).__name__}")
        finally:
            self.network.outdated = before
        return True

    def _unheard(self, alarm: Exception) -> bool:
        """Whether tiles differ of one that goes on after a loss, in an epoch that another has not
        heard of yet.
        """
        if not isinstance(alarm, TileDiffers):
            return False
        alive = [node for node in self.nodes if not node.dead]
        for one in (node for node in alive if node.origin == alarm.partner):
            for other in (node for node in alive if node is not one):
                with other.ledger.database.reading() as conn:
                    if epochs.present(conn, one.origin) != one.ledger.log:
                        return True
        return False

    def _any(self) -> Node:
        return self.dice.choice([node for node in self.nodes if not node.dead])

    def _restart(self, node: Node) -> None:
        node.restart()
        if not node.restored:
            checks.nothing_acknowledged_is_lost(node)
        self._note(f"{node.name} starts again")

    # ── what the machines do ──

    def exchange(self) -> str:
        reader = self._any()
        giver = self.dice.choice([node for node in self.nodes if node is not reader])
        limit = self.dice.choice((1, 2, 7, 1000))
        read = reader.reading(Wire(self.network, reader, giver)).once(limit)
        return f"{reader.name} reads {read} of {giver.name}"

    def mirror(self) -> str:
        reader = self._any()
        giver = self.dice.choice([node for node in self.nodes if node is not reader])
        compared = reader.mirroring(Wire(self.network, reader, giver)).once()
        return f"{reader.name} compares {compared} of {giver.name} with its journal"

    def attest(self) -> str:
        log = self._any()
        witness = self.dice.choice([node for node in self.nodes if node is not log])
        log.ledger.signer.sign(log.ledger.clock.now())
        introduce(log.ledger, witness.ledger)
        with witness.ledger.database.reading() as conn:
            known = epochs.logs(conn, log.origin)
        try:
            offer(log.ledger, Watched(self.network, log, witness))
        except NotWitnessed as refused:
            if refused.answer.status != 404 or log.ledger.log in known:
                raise
            return f"{witness.name} has not read yet that {log.name} goes on as another log"
        return f"{log.name} is witnessed by {witness.name}"

    # ── what befalls them ──

    def doom(self) -> str:
        """A node is going to die at one of its next commits, before or after it."""
        node = self._any()
        node.life.doom = self.dice.randrange(1, 9)
        return f"{node.name} is going to die in {node.life.doom}"

    def cut(self) -> str:
        one, other = self.dice.sample(self.nodes, 2)
        self.network.cut.add(frozenset((one.origin, other.origin)))
        return f"nothing passes between {one.name} and {other.name}"

    def mend(self) -> str:
        self.network.cut.clear()
        return "everything passes"

    def restart(self) -> str:
        node = self._any()
        self._restart(node)
        return f"{node.name} was restarted"

    def back_up(self) -> str:
        node = self._any()
        if node.restored:
            return ""
        node.keep_disk("backup")
        return f"{node.name} is backed up"

    def restore(self) -> str:
        """A node wakes up with its old backup; its own disk is found later."""
        node = self._any()
        if node.restored or not node.has_disk("backup"):
            return ""
        node.keep_disk("disk")
        node.wake_with("backup", restored=True)
        node.restored = True
        checks.hold(node.ledger.signer.bar is not None, f"{node.name} goes on with an old disk")
        return f"{node.name} wakes up with its backup"

    def find_disk(self) -> str:
        """The partners are asked what they have seen; where the backup is behind, the disk is found.

        Where it is not, the node goes on with its backup, and what nobody had seen is lost. At times
        the disk is found by nobody: then partners give back what they have read, and two officers
        declare the rest lost.
        """
        node = next((node for node in self.nodes if node.restored and not node.dead), None)
        others = [other for other in self.nodes if other is not node]
        if node is None or any(other.dead for other in others):
            return ""
        try:
            node.ledger.signer.resume([n for other in others for n in other.seen_of(node.origin)])
        except ReadOnly as bar:
            self._note(f"{node.name} stays read-only: {type(bar).__name__}")
            gone = not any(other.restored for other in others) and self.dice.random() < 0.8
            if not gone:
                node.wake_with("disk", restored=False)
            else:
                self._declare(node, others)
        lost = checks.lost_with_its_disk(node, others)
        if lost:
            self._note(f"{node.name} has lost {lost} with its disk")
        node.restored = False
        checks.nothing_acknowledged_is_lost(node)
        return f"{node.name} goes on"

    def _declare(self, node: Node, others: Sequence[Node]) -> None:
        """What partners have read of a node comes back to it, and it goes on with what it has."""
        given = [self._given_back(node, other) for other in others]
        found = returning.compare(node.ledger, given)
        self._note(f"given back {found.loss.recovered}, lost {found.loss.lost}")
        if not found.loss.lost:
            returning.take_back(node.ledger, found)
            return
        world, root = self.town.world(node), self.town.posts[node.origin].root
        first, second = (world.act(root, office) for office in (Office.CHAIR, Office.PRIVACY))
        cited = [head.witness for head in found.loss.heads]
        log = returning.begin_epoch(node.ledger, found, first, second, cited)
        self._note(f"{node.name} goes on as {log}")

    def _given_back(self, node: Node, other: Node) -> returning.Given:
        file = self.folder / f"{other.path}-gives-{node.path}"
        look = self.town.world(other).look()
        returning.give_back(other.ledger, node.origin, file, "一个足够长的归还口令", look)
        return returning.read_given(file, "一个足够长的归还口令")

    def jump(self) -> str:
        """The wall clock runs ahead; nothing is recorded until somebody restarts the node."""
        node = self._any()
        node.time.at += timedelta(hours=1)
        node.time.jumped += 3600
        return f"the clock of {node.name} jumps"

    def set_back(self) -> str:
        node = self._any()
        node.time.at -= timedelta(hours=2)
        return f"the clock of {node.name} is set back"

    # ── the end ──

    def _calm(self) -> None:
        """Disks are found, lines mended, clocks set; every deadline passes and everything is read."""
        self.network.clear()
        for node in self.nodes:
            node.life.doom = 0
            if node.dead:
                self._restart(node)
        for _ in self.nodes:
            self.find_disk()
        latest = max(node.time.at for node in self.nodes)
        for node in self.nodes:
            node.time.at = latest + timedelta(days=90)
            node.restart()
        for _ in range(40):
            moved = sum(self._due(node) for node in self.nodes)
            for reader, giver in permutations(self.nodes, 2):
                moved += drain(reader.reading(Wire(self.network, reader, giver)))
            if not moved:
                break
        else:
            raise Broken("it never comes to rest")
        for log, witness in permutations(self.nodes, 2):
            log.ledger.signer.sign(log.ledger.clock.now())
            introduce(log.ledger, witness.ledger)
            offer(log.ledger, Watched(self.network, log, witness))
        for _ in range(3):  # one checkpoint of a channel at a time is compared and signed for
            for reader, giver in permutations(self.nodes, 2):
                wire = Wire(self.network, reader, giver)
                drain(reader.reading(wire))
                reader.mirroring(wire).once()

    def _due(self, node: Node) -> int:
        return len(procedures.due(node.ledger)) + len(procedures.lapse_shares(node.ledger))
