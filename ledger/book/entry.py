"""One visit to the book (登记): read streams, write lines, close as a whole."""

import hmac
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from eventsourcing.persistence import IntegrityError, StoredEvent, Tracking
from sqlalchemy import Connection, func, select

from ledger import projections
from ledger.book.folds import A
from ledger.book.reader import Reader
from ledger.book.words import CommandReused, Conflict, Look, NotFound, Receipt
from ledger.domain.corrections import FactCorrected
from ledger.domain.forgetting import OWN, PersonForgotten, ProcessingStopped
from ledger.domain.ids import PersonId, UnionId, new, officer_of
from ledger.domain.kernel import Act, Aggregate, Event, Fact, Office, Refused, dated
from ledger.domain.offices import NotYourOffice, Offices, authorise, in_force
from ledger.domain.unions import Union
from ledger.journal import canonical, codec
from ledger.journal.record import Particulars, Record, header_of
from ledger.journal.recorder import (
    ClaimHeld,
    Command,
    Moved,
    Repeated,
    Visit,
    read_head,
    remembered,
)
from ledger.journal.tables import claim, record
from ledger.journal.vault import RESTRICTED, AtRest, forget_tokens
from ledger.projections.posting import Told, fact_in

if TYPE_CHECKING:
    from ledger.book import Ledger


@dataclass
class _Line:
    """A line of an entry before it is written."""

    event: Event
    act: Act
    corrects: int | None
    causation: str | None


class Entry(Reader):
    """One visit: reads, writes, and closes as a whole."""

    def __init__(
        self,
        ledger: "Ledger",
        act: Act,
        command: tuple[str, str, bytes] | None,
        seen: dict[str, int],
    ) -> None:
        self.ledger, self.act = ledger, replace(act, origin=ledger.origin)
        self.look: Look | None = None
        self.id = new("ent")
        self.result: dict[str, Any] = {}
        self.receipt: Receipt | None = None
        self.repeated = False
        self._command = command
        self._seen = seen
        self._lines: list[_Line] = []
        self._of_stream: dict[str, list[_Line]] = {}
        self._ahead: dict[str, list[Fact]] = {}
        self.noted: dict[tuple[str, ...], Any] = {}  # what procedures remember until we close
        self._things: dict[str, list[Aggregate]] = {}
        self._versions: dict[str, int] = {}
        self._read: set[str] = set()
        self._with_facts: set[str] = set()
        self._begun: set[str] = set()
        self._lines_up: dict[UnionId, list[UnionId]] = {}
        self._shown = set()
        self._partners = None
        self._last = None
        self._locked = False
        self._size = 0
        self._tracking: Tracking | None = None
        self._brought: dict[int, Sequence[Told]] = {}
        self.afterwards: list[Callable[[], None]] = []  # once the record stands
        self._encoded: list[codec.Encoded] = []
        self._held: dict[int, list[tuple[str, str]]] = {}
        self.sealer = ledger.vault.sealer()

    def begin(self, conn: Connection, *, locked: bool) -> None:
        """Starts to read; finds out whether this very command was carried out before."""
        self.conn, self._locked = conn, locked
        self._size = read_head(conn, self.ledger.origin).frontier.size
        if self._command is not None:
            account, name, request = self._command
            before = remembered(conn, self.ledger.origin, account, name)
            if before is not None:
                self._repeat(before[0], before[1], account, request)

    def _repeat(self, mac: bytes, answer: bytes, account: str, request: bytes) -> None:
        if not hmac.compare_digest(mac, self.ledger.vault.request_mac(account, request)):
            raise CommandReused()
        self.receipt = Receipt.from_bytes(answer)
        self.result = self.receipt.result
        self.repeated = True

    # ── reading ──

    def history(self, stream: str) -> list[Fact]:
        """The facts of a stream; whoever writes to it before we close makes a Conflict."""
        self._read.add(stream)
        if stream not in self._ahead:
            # Who writes is asked for her offices: they are read on the same journey.
            self.read_ahead([stream, officer_of(self.act.officer)])
        return self._ahead[stream]

    def read_ahead(self, streams: Iterable[str]) -> None:
        """Reads many streams in few questions, for an entry that is about to look at each."""
        missing = [each for each in streams if each not in self._ahead]
        if not missing:
            return
        for stream, records in self.records_of(missing).items():
            self._ahead[stream] = [fact_in(one)[0] for one in records]

    def read(self, cls: type[A], stream: str) -> A:
        """The thing, as known now; whoever writes to it before we close makes a Conflict.

        Raises: NotFound; Conflict where it is not what the officer had before her eyes.
        """
        thing = self.look_up(cls, stream)
        if stream not in self._with_facts:
            raise NotFound(stream)
        return thing

    def look_up(self, cls: type[A], stream: str) -> A:
        """As `read`, but a thing without facts where there is none yet."""
        for held in self._things.get(stream, ()):
            if type(held) is cls:
                return held
        begun = stream in self._begun
        pending = [self._fact(line) for line in self._of_stream.get(stream, ())]
        kept = None if begun else self._folded_on(cls, stream)
        if kept is not None and any(fact.corrects is not None for fact in pending):
            kept = None
        history = [] if begun or kept is not None else self.history(stream)
        thing = kept or self._fold(cls, history)
        self._versions.setdefault(stream, thing.version)
        expected = self._seen.get(stream)
        if expected is not None and expected != self._versions[stream]:
            raise Conflict(f"{stream} is at version {self._versions[stream]}, not {expected}")
        if kept is not None:
            for fact in pending:
                thing.after(fact)
        elif pending:
            version = thing.version
            thing = cls.of([*history, *pending])
            thing.version = version
        self._read.add(stream)
        self._things.setdefault(stream, []).append(thing)
        if kept is not None or history or pending:
            self._with_facts.add(stream)
        return thing

    def line(self, union: UnionId) -> list[UnionId]:
        found = self._lines_up.get(union)
        if found is None:
            found = list[UnionId]()
            step: UnionId | None = union
            while step is not None and step not in found:
                found.append(step)
                step = self.look_up(Union, step).superior()
            self._lines_up[union] = found
        return found

    def offices_of(self, person: PersonId) -> Offices:
        return in_force(person, lambda who: self.look_up(Offices, officer_of(who)))

    # ── writing ──

    def write(
        self,
        *events: Event,
        act: Act | None = None,
        corrects: int | None = None,
        causation: str | None = None,
    ) -> None:
        """Writes lines. Offices and dates are judged here, and things read here follow.

        Raises: NotYourOffice, DeciderHeldNoOffice, DateAhead, LateWithoutReason.
        """
        under = act or self.act
        for event in events:
            self._judge(event, under, corrects)
            line = _Line(event, under, corrects, causation)
            self._lines.append(line)
            fact = self._fact(line)
            stream = codec.stream_of(event)
            self._of_stream.setdefault(stream, []).append(line)
            if corrects is not None:
                self._things.pop(stream, None)  # it takes another's place: folded anew when asked
            for thing in self._things.get(stream, ()):
                thing.after(fact)
                self._with_facts.add(stream)

    def start(self, event: Event, *, act: Act | None = None) -> None:
        """Writes the first fact of a thing whose id was just made: there is nothing to read.

        Raises: what `write` raises.
        """
        self._begun.add(codec.stream_of(event))
        self.write(event, act=act)

    @contextmanager
    def attempt(self) -> Generator[None]:
        """What is written within stands as a whole or, where a rule refuses, not at all."""
        before = len(self._lines)
        try:
            yield
        except Refused:
            for line in self._lines[before:]:
                stream = codec.stream_of(line.event)
                self._of_stream[stream].remove(line)
                self._things.pop(stream, None)
                self._with_facts.discard(stream)
            del self._lines[before:]
            raise

    def _judge(self, event: Event, act: Act, corrects: int | None) -> None:
        if corrects is not None and self._is_corrected(corrects):
            return  # what stands in a fact's place was decided with its correction
        if act.office is not Office.PROCEDURE:
            if corrects is None:
                dated(event, act, self.ledger.terms.late_after_days)
            offices = self.offices_of(act.officer)
            decider = self._decider(act)
            try:
                authorise(event, act, offices, line=[act.union], decider=decider)
            except NotYourOffice:
                # The tree is climbed only where the office itself does not answer.
                authorise(event, act, offices, line=self.line(act.union), decider=decider)
        else:
            authorise(event, act, Offices(), line=[act.union])

    def _is_corrected(self, position: int) -> bool:
        return any(
            isinstance(line.event, FactCorrected) and line.event.position == position
            for line in self._lines
        )

    @property
    def written(self) -> list[Event]:
        """What this entry is going to record."""
        return [line.event for line in self._lines]

    def _decider(self, act: Act) -> Offices | None:
        decided = act.decided_by
        if decided is None or not decided.who.startswith("per_"):
            return None
        return self.offices_of(PersonId(decided.who))

    def _fact(self, line: _Line) -> Fact:
        act = line.act
        return Fact(
            line.event, act.on, self.ledger.origin, 0, None, act.officer, act.decided_by,
            act.union, act.office, line.corrects, line.causation,
        )  # fmt: skip

    @property
    def locked(self) -> bool:
        """Whether the head is held since the start: what is asked of a set holds until we close."""
        return self._locked

    @property
    def next_position(self) -> int:
        """Where the next line will stand; known where the head is held."""
        assert self._locked
        return self._size + len(self._lines) + 1

    def follow(self, log: str, number: int, told: Sequence[Told]) -> None:
        """Notes, in the same transaction, how far a partner's channel is read; and what it told,
        which the views see where the next line stands.
        """
        self._tracking = Tracking(log, number)
        self._brought[self.next_position] = told

    # ── closing ──

    def prepare(self) -> None:
        """Asks, in the view of the ledger that was read, what is still to be known to close."""
        if self.repeated or not self._lines:
            return
        self._encoded = [codec.encode(line.event) for line in self._lines]
        self._complete_versions(self.conn)
        self._held = self._held_by_corrected(self.conn)
        persons = [e.person for e in self._encoded if e.person is not None and e.groups]
        self.sealer.ready(self.conn, persons)

    def close(self) -> None:
        """Seals, hands over to the journal, and lets the views catch up; all or nothing."""
        if self.repeated or not self._lines:
            return
        ledger = self.ledger
        try:
            stored, visit = self._prepared()
            if self._locked:
                visit.conn = self.conn
            ledger.recorder.insert_events(stored, visit=visit, tracking=self._tracking)
            self.sealer.committed()
        except ClaimHeld as held:
            rule = Refused.rules.get(held.rule)
            if rule is None:
                raise
            raise rule(held_by=held.holder, position=held.position) from held
        except AtRest as resting:
            raise PersonForgotten(person=resting.person) from resting
        except Moved as moved:
            raise Conflict(str(moved)) from moved
        except Repeated as before:
            assert self._command is not None
            self._repeat(before.mac, before.answer, self._command[0], self._command[2])
        except IntegrityError as fault:
            raise Conflict("somebody wrote to the same stream first") from fault

    def _prepared(self) -> tuple[list[StoredEvent], Visit]:
        ledger, sealer = self.ledger, self.sealer
        versions = dict(self._versions)
        stored: list[StoredEvent] = []
        particulars: list[Particulars] = []
        for line, parts in zip(self._lines, self._encoded, strict=True):
            event, kind = line.event, type(line.event).__name__
            stream = codec.stream_of(event)
            version = versions[stream] = versions.get(stream, 0) + 1
            boxes: list[tuple[str, str, bytes]] = []
            tokens: list[tuple[str, bytes, str]] = []
            if parts.groups and parts.person is not None:
                made = sealer.seal(ledger.origin, stream, version, parts.person, parts.groups)
                parts.body["sealed"] = {parts.person: made.commitments}
                boxes = made.boxes
                for texts in parts.groups.values():
                    tokens += ledger.vault.tokens_of(parts.person, kind, texts)
            takes, frees = self._claims_of(line)
            stored.append(StoredEvent(stream, version, kind, canonical.encode_own(parts.body)))
            particulars.append(
                Particulars(
                    header_of(line.act, corrects=line.corrects, causation=line.causation),
                    takes,
                    frees,
                    boxes,
                    tokens,
                )
            )
        at = ledger.clock.now()
        visit = Visit(
            particulars, at, self.id, self._size, frozenset(self._read), bool(self._partners),
            self._remember(), self._before, self._posted,
        )  # fmt: skip
        return stored, visit

    def _claims_of(self, line: _Line) -> tuple[list[tuple[str, str]], list[tuple[str, str | None]]]:
        """What a line takes and frees, by rule and key.

        What stands in another fact's place takes and gives back only what that one still holds.
        """
        event = line.event
        takes = [
            (c.rule.__name__, self.ledger.vault.number_token(c.key).hex() if c.secret else c.key)
            for c in event.takes()
        ]
        if line.corrects is None:
            return takes, [(f.rule.__name__, f.key) for f in event.frees()]
        freed = self._held.get(line.corrects, ())
        rules = {rule for rule, _ in freed}
        return [claim for claim in takes if claim[0] in rules], [*freed]

    def _held_by_corrected(self, conn: Connection) -> dict[int, list[tuple[str, str]]]:
        """The unique facts that the records to be corrected hold, by position."""
        corrected = {line.corrects for line in self._lines if line.corrects is not None}
        found: dict[int, list[tuple[str, str]]] = {}
        streams = [codec.stream_of(line.event) for line in self._lines if line.corrects is not None]
        for start in range(0, len(streams), 500):
            rows = conn.execute(
                select(claim.c.rule, claim.c.key, claim.c.position).where(
                    claim.c.origin == self.ledger.origin,
                    claim.c.holder.in_(streams[start : start + 500]),
                )
            )
            for rule, key, position in rows:
                if position in corrected:
                    found.setdefault(position, []).append((rule, key))
        return found

    def _before(self, conn: Connection) -> None:
        """Keeps new keys; what was corrected no longer finds anybody.

        Raises: ProcessingStopped, PersonForgotten.
        """
        self._refuse_at_rest(conn)
        self.sealer.keep(conn)
        corrected = [
            (person, line.corrects)
            for line in self._lines
            if line.corrects is not None and (person := codec.person_of(line.event))
        ]
        forget_tokens(conn, self.ledger.origin, corrected)

    def _refuse_at_rest(self, conn: Connection) -> None:
        """Of who is restricted or forgotten no officer records anything but what ends it.

        Asked under the head's lock: nobody is forgotten between the question and the record.
        """
        persons = {
            person
            for line in self._lines
            if line.act.office is not Office.PROCEDURE
            and type(line.event).__name__ not in OWN
            and (person := codec.person_of(line.event)) is not None
        }
        for person, state in self.ledger.vault.at_rest(conn, sorted(persons)).items():
            raise (ProcessingStopped if state == RESTRICTED else PersonForgotten)(person=person)

    def _complete_versions(self, conn: Connection) -> None:
        """The versions of streams that are written without having been read."""
        written = {codec.stream_of(line.event) for line in self._lines}
        streams = sorted(written - self._begun - set(self._versions))
        for start in range(0, len(streams), 500):
            rows = conn.execute(
                select(record.c.stream, func.max(record.c.version))
                .where(
                    record.c.origin == self.ledger.origin,
                    record.c.stream.in_(streams[start : start + 500]),
                )
                .group_by(record.c.stream)
            )
            self._versions.update((row[0], row[1]) for row in rows)

    def _remember(self) -> Command | None:
        if self._command is None:
            return None
        account, name, request = self._command
        mac = self.ledger.vault.request_mac(account, request)

        def answer(records: Sequence[Record]) -> bytes:
            return self._receipt(records).to_bytes()

        return Command(account, name, mac, answer)

    def _receipt(self, records: Sequence[Record]) -> Receipt:
        self.receipt = Receipt(
            [each.position for each in records], records[0].leaf.hex(), self.id, self.result
        )
        return self.receipt

    def _posted(self, conn: Connection, records: Sequence[Record]) -> None:
        if self.receipt is None:
            self._receipt(records)
        projections.catch_up(conn, self.ledger.origin, fresh=records, brought=self._brought)
