"""Checkpoints to their witnesses (提请见证): signed, offered, and the cosignatures kept.

Whoever the witness is, the partner in this process or a stranger over HTTP, it is asked in the
words of C2SP's tlog-witness. A witness that is away or refuses stops nothing; one that shows us
our own signature over records that we do not hold does.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from threading import Event, Thread
from typing import Protocol

import httpx
from eventsourcing.persistence import OperationalError
from sqlalchemy import exc as sql
from sqlalchemy import func, select

from ledger.book import Ledger
from ledger.clock import ClockJumped
from ledger.exchange.wire import Unproven
from ledger.journal import alarms, checkpoints
from ledger.journal.alarms import BAR, JUMP, REFUSAL
from ledger.journal.checkpoints import Kept
from ledger.journal.keys import Role
from ledger.journal.notes import (
    MOST_BYTES,
    BadNote,
    Kind,
    Malformed,
    Note,
    PublicKey,
    Signature,
    decimal,
    plain,
    verify,
)
from ledger.journal.record import written
from ledger.journal.signing import ReadOnly
from ledger.journal.tables import cosignature
from ledger.journal.witness import Answer, Request

log = logging.getLogger("liangdi.witness")

SECONDS = 20
TRIES = 3
"""How often a witness is asked anew that says it stands elsewhere."""


class Endpoint(Protocol):
    """A witness that can be asked: `Witness` in this process, `HttpWitness` elsewhere."""

    @property
    def keys(self) -> Sequence[PublicKey]:
        """Whose cosignatures we take from it."""
        ...

    def add_checkpoint(self, body: bytes) -> Answer:
        """Its answer. Raises: OSError where it is away."""
        ...

    def latest(self, origin: str) -> bytes | None:
        """The newest checkpoint of that log that it cosigned. Raises: OSError."""
        ...


class NotWitnessed(RuntimeError):
    """A witness has refused our checkpoint: people must look, it or we are wrong."""

    def __init__(self, witness: str, answer: Answer) -> None:
        said = answer.body[:200].decode("utf-8", "replace").strip()
        super().__init__(f"{witness} answered {answer.status}: {said}")
        self.witness, self.answer = witness, answer


@dataclass(frozen=True)
class HttpWitness:
    """A witness at a URL, by its submission prefix (which is its monitoring prefix too)."""

    url: str
    keys: Sequence[PublicKey]

    def add_checkpoint(self, body: bytes) -> Answer:
        return self._ask("add-checkpoint", body)

    def latest(self, origin: str) -> bytes | None:
        answer = self._ask(f"{sha256(origin.encode()).hexdigest()}/checkpoint")
        return answer.body if answer.status == 200 else None

    def _ask(self, path: str, body: bytes | None = None) -> Answer:
        if not self.url.startswith(("http://", "https://")):
            raise OSError(f"{self.url} is no address of a witness")
        address, read = f"{self.url.rstrip('/')}/{path}", b""
        method, plain = "GET" if body is None else "POST", {"Content-Type": "text/plain"}
        try:
            with httpx.stream(
                method, address, content=body, headers=plain, timeout=SECONDS
            ) as found:
                for part in found.iter_bytes(MOST_BYTES):
                    read += part
                    if len(read) >= MOST_BYTES:
                        break
                return Answer(
                    found.status_code, read[:MOST_BYTES], found.headers.get("content-type", "")
                )
        except (httpx.HTTPError, httpx.InvalidURL) as away:
            raise OSError(f"{self.url}: {away}") from away


def introduce(a: Ledger, b: Ledger) -> None:
    """Lets two provinces of one process know each other by all their keys."""
    for one, other in ((a, b), (b, a)):
        one.trust.trust(*(key for role in Role for key in other.signer.keys.public(role)))


def attest(ledger: Ledger, witnesses: Sequence[Endpoint]) -> None:
    """Signs how far the journal is, and has it cosigned.

    Raises: ReadOnly, NotWitnessed, BadNote, OSError.
    """
    ledger.signer.sign(ledger.clock.now())
    for each in witnesses:
        offer(ledger, each)


def offer(ledger: Ledger, witness: Endpoint) -> bool:
    """Offers our newest checkpoint; False where there is none, or nothing new since.

    Raises: NotWitnessed where the witness refuses; ReadOnly where it shows that we are behind;
    BadNote where its answer is none; OSError where it is away.
    """
    with ledger.database.reading() as conn:
        kept = checkpoints.last(conn, ledger.log)
        old = conn.execute(
            select(func.max(cosignature.c.size)).where(
                cosignature.c.log == ledger.log,
                cosignature.c.name.in_([key.name for key in witness.keys]),
            )
        ).scalar()
    if kept is None or old == kept.size:
        return False
    answer = _asked(ledger, witness, kept, old or 0)
    _keep(ledger, witness, kept, answer)
    return True


def _asked(ledger: Ledger, witness: Endpoint, kept: Kept, old: int) -> Answer:
    name = witness.keys[-1].name if witness.keys else "?"
    ours = {key.id for key in ledger.signer.keys.public(Role.LOG)}
    signed = tuple(s for s in kept.note.signatures if s.id in ours)
    note = kept.note._replace(signatures=signed)
    answer = Answer(0)
    for _ in range(TRIES):
        with ledger.database.reading() as conn:
            proof = checkpoints.grown(conn, ledger.origin, old, kept.size) if old else []
        answer = witness.add_checkpoint(Request(old, tuple(proof), note).to_bytes())
        if answer.status == 200:
            return answer
        if answer.status in (429, 503):  # no word against us: later
            raise ConnectionError(f"{name} answered {answer.status}: {answer.body[:200]!r}")
        if answer.status != 409:
            break
        old = decimal(plain(answer.body, 64).removesuffix("\n"))
        if old > kept.size:
            break
    # Its word alone does not stop us; our own signature, which only we can have made, does.
    with suppress(OSError, Unproven, BadNote):  # it has refused, whatever it can show
        held = witness.latest(ledger.log)
        if held is not None:
            ledger.signer.heard(Note.parse(held))
    raise NotWitnessed(name, answer)


def _keep(ledger: Ledger, witness: Endpoint, kept: Kept, answer: Answer) -> None:
    """Keeps the cosignatures of an answer: those of the witness's keys, of which one must hold."""
    told = plain(answer.body, MOST_BYTES)
    if not told.endswith("\n"):
        raise Malformed("cosignatures are lines")
    lines = [Signature.parse(line) for line in told[:-1].split("\n")]
    known = [key for key in witness.keys if key.kind is Kind.COSIGNER]
    signed = verify(Note(kept.note.text, tuple(lines)), known)
    times = {(each.key.name, each.key.id): each.time for each in signed}
    with ledger.database.writing() as conn:
        for line in lines:
            moment = times.get((line.name, line.id))
            if moment is not None:
                checkpoints.keep_cosignature(conn, ledger.log, kept.size, moment, line)


# ── on and on ────────────────────────────────────────────────────────────────────────────────

PASSING = (OSError, OperationalError, sql.OperationalError, ClockJumped)
"""What passes: a witness or the database is away, the clock is being looked at."""

FORESEEN = (ReadOnly, NotWitnessed, BadNote, Unproven, *PASSING)
"""What a witness, or whoever answers in its place, may make of our work; anything else is our bug."""


@dataclass
class _Asked:
    """A witness of one ledger, and for how many turns it is left alone after it failed."""

    pause: int = 0
    left: int = 0
    fault: str = "?"  # what was wrong the last time; at the start that is not known
    failure: Exception | None = None  # where nobody had foreseen it


class Attesting:
    """Signs and offers in the background, while journals grow; starts and stops cleanly.

    The witnesses of a ledger are the other ledgers of this process, its partners' nodes, and those
    of its policy that have an address. Who fails is asked again after a pause that doubles up to `longest` seconds.
    """

    def __init__(
        self, ledgers: Sequence[Ledger], *, every: float = 2.0, longest: float = 300.0,
        partners: Callable[[Ledger], Sequence[Endpoint]] = lambda _: (),
    ) -> None:  # fmt: skip
        """`partners` are those that have nodes of their own."""
        self._ledgers, self._every, self._longest = list(ledgers), every, longest
        self._partners = partners
        self._asked: dict[tuple[str, str], _Asked] = {}
        self._stopping = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        for at, a in enumerate(self._ledgers):
            for b in self._ledgers[at + 1 :]:
                introduce(a, b)
        self._thread = Thread(target=self._run, name="attesting", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends after the checkpoint at hand. Raises what nobody had foreseen and still is so."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        for asked in self._asked.values():
            if asked.failure is not None:
                raise asked.failure

    def _run(self) -> None:
        while not self._stopping.is_set():
            for ledger in self._ledgers:
                self._turn(ledger)
            self._stopping.wait(self._every)

    def _turn(self, ledger: Ledger) -> None:
        self._try(ledger, "", lambda: ledger.signer.sign(ledger.clock.now()))
        for witness in self._witnesses(ledger):
            name = _name(witness)
            if name:
                self._try(ledger, name, lambda witness=witness: offer(ledger, witness))

    def _witnesses(self, ledger: Ledger) -> list[Endpoint]:
        beside: list[Endpoint] = [each.witness for each in self._ledgers if each is not ledger]
        try:
            beside += self._partners(ledger)
            named = ledger.trust.policy.witnesses.values()
        except Exception as fault:  # noqa: BLE001  (it is logged, and `stop` raises it)
            self._say(ledger, "policy", fault)
            return beside
        self._asked.pop((ledger.origin, "policy"), None)
        return beside + [HttpWitness(each.url, [each.key]) for each in named if each.url]

    def _try(self, ledger: Ledger, whom: str, work: Callable[[], object]) -> None:
        asked = self._asked.setdefault((ledger.origin, whom), _Asked())
        if asked.left:
            asked.left -= 1
            return
        try:
            work()
            self._went_well(ledger, whom)
            asked.pause, asked.fault, asked.failure = 0, "", None
        except Exception as fault:  # noqa: BLE001  (what one witness answers ends nobody's work)
            asked.pause = asked.left = min(int(self._longest / self._every), asked.pause * 2 + 1)
            self._say(ledger, whom, fault)

    def _say(self, ledger: Ledger, whom: str, fault: Exception) -> None:
        """Each fault once, as long as it lasts; a refusal counts each time."""
        asked = self._asked.setdefault((ledger.origin, whom), _Asked())
        asked.failure = None if isinstance(fault, FORESEEN) else fault
        new = asked.fault != str(fault)
        if new:
            asked.fault = str(fault)
            level = logging.WARNING if isinstance(fault, PASSING) else logging.CRITICAL
            said = "%s, %s: %s"
            log.log(level, said, ledger.origin, whom or "signer", fault, exc_info=asked.failure)
        if new or isinstance(fault, NotWitnessed):
            with suppress(BadNote, *PASSING):
                note(ledger, whom, fault)

    def _went_well(self, ledger: Ledger, whom: str) -> None:
        """What was written down of this work stands no longer, also from before we started."""
        if self._asked[ledger.origin, whom].fault:
            with ledger.database.writing() as conn:
                alarms.passed(conn, whom or ledger.origin, [REFUSAL, BAR, JUMP])


def _name(witness: Endpoint) -> str:
    """In what name it signs; empty where no key of it is known now."""
    try:
        return next((key.name for key in reversed(witness.keys)), "")
    except OSError:
        return ""


def note(ledger: Ledger, whom: str, fault: Exception) -> None:
    """Writes down what people must look at: a refusal, what bars us, a clock that was moved."""
    kind, facts, at = "", dict[str, object](), None
    match fault:
        case NotWitnessed():
            said = fault.answer.body[:200].decode("utf-8", "replace").strip()
            kind, facts = REFUSAL, {"status": fault.answer.status, "said": said}
        case ReadOnly():
            kind, facts, whom = BAR, {"why": type(fault).__name__, **fault.facts}, ""
        case ClockJumped():
            kind, facts, whom = JUMP, {"wall": written(fault.wall)}, ""
            at = fault.expected
        case BadNote() if whom in {each.name for each in ledger.trust.policy.keys}:
            kind, facts = REFUSAL, {"said": str(fault)}
        case _:
            return
    with ledger.database.writing() as conn:
        now = written(at or ledger.clock.now())
        alarms.meet(conn, whom or ledger.origin, kind, now, facts)
