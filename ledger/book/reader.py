"""Reading in the book (查阅): streams folded to things, and personal texts opened for a stated look."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, select

from ledger.book.folds import A, Kept
from ledger.book.words import Look, NotFound
from ledger.domain.ids import UnionId, new
from ledger.domain.kernel import Event, Fact, Refused
from ledger.domain.unions import Union
from ledger.journal import codec
from ledger.journal.database import Statement
from ledger.journal.record import Record
from ledger.journal.recorder import claimed
from ledger.journal.tables import channel_leaf, reading, record, sealed
from ledger.journal.vault import SHREDDED, texts_of
from ledger.projections.posting import as_record, channel_name, fact_in
from ledger.projections.two_times import OURS, THEIRS, partners_of

if TYPE_CHECKING:
    from ledger.book import Ledger


class Payload(NamedTuple):
    """One sealed group of a record: as it was sealed, or why it is not open here."""

    record: Record
    person: str
    group: str
    opened: tuple[bytes, bytes] | None  # salt, payload
    why: str = ""


class Reader:
    """Reads streams and opens what may be opened, within one transaction."""

    def __init__(self, ledger: "Ledger", conn: Connection, look: Look | None = None) -> None:
        self.ledger, self.conn, self.look = ledger, conn, look
        self._shown: set[str] = set()
        self._partners: list[str] | None = None
        self._last: tuple[int, bytes] | None = None

    @property
    def partners(self) -> list[str]:
        """The origins of the partners whose records are mirrored here."""
        if self._partners is None:
            self._partners = partners_of(self.conn, self.ledger.origin)
        return self._partners

    def records(self, stream: str) -> list[Record]:
        """The records of a stream, ours and the partners', in the order in which they were known."""
        if not self.partners:
            return self.ledger.recorder.stream(self.conn, stream)
        return self.records_of([stream])[stream]

    def records_of(self, streams: Sequence[str]) -> dict[str, list[Record]]:
        """The same of many streams, in few questions."""
        own = self.ledger.origin
        wanted = list(dict.fromkeys(streams))
        known: dict[str, list[tuple[tuple[int, int], Record]]] = {name: [] for name in wanted}
        for row in OURS.rows(self.conn, wanted, origin=own):
            one = as_record(row)
            known[one.stream].append(((one.position, 0), one))
        for partner in self.partners:
            log = channel_name(partner, own)
            for row in THEIRS.rows(self.conn, wanted, origin=partner, log=log):
                if row[-2] is not None:  # what is parked has not been read yet
                    one = as_record(row[:-2])
                    known[one.stream].append(((row[-2], row[-1]), one))
        return {
            name: [each for _, each in sorted(found, key=lambda pair: pair[0])]
            for name, found in known.items()
        }

    def _known_since(
        self, stream: str, kept: Kept[Any] | None
    ) -> list[tuple[tuple[int, int], Record]]:
        """What became known of a stream since a fold, each with its place in that order."""
        own = self.ledger.origin
        version, position = (kept.thing.version, kept.position) if kept else (0, 0)
        ours = self.ledger.recorder.stream(self.conn, stream, version + 1)
        found = [((one.position, 0), one) for one in ours]
        for partner in self.partners:
            rows = _THEIRS_SINCE.drive(
                self.conn, origin=partner, log=channel_name(partner, own), stream=stream,
                since=position,
            )  # fmt: skip
            found += [((row[-2], row[-1]), as_record(row[:-2])) for row in rows]
        return sorted(found, key=lambda each: each[0])

    @property
    def _end(self) -> tuple[int, bytes]:
        """The last record of our journal that is seen here: its position and its leaf."""
        if self._last is None:
            row = _LAST.drive(self.conn, origin=self.ledger.origin).fetchone()
            self._last = (0, b"") if row is None else (int(row[0]), bytes(row[1]))
        return self._last

    def _stands(self, position: int, leaf: bytes) -> bool:
        """Whether our journal has this very record at that position."""
        if (position, leaf) == self._end:
            return True
        row = _LEAF.drive(self.conn, origin=self.ledger.origin, position=position).fetchone()
        return row is not None and bytes(row[0]) == leaf

    def history(self, stream: str) -> list[Fact]:
        return [fact_in(one)[0] for one in self.records(stream)]

    def find(self, cls: type[A], stream: str) -> A:
        """The thing folded from its facts here. Raises: NotFound."""
        kept = self._folded_on(cls, stream)
        if kept is not None:
            return kept
        history = self.history(stream)
        if not history:
            raise NotFound(stream)
        return self._fold(cls, history)

    def get(self, cls: type[A], stream: str) -> A:
        """The thing folded from its facts here; one without facts where there is none."""
        return self._folded_on(cls, stream) or self._fold(cls, self.history(stream))

    def _folded_on(self, cls: type[A], stream: str) -> A | None:
        """A thing that grows long, from its last fold and what has become known since.

        None where it is no such thing, or has no records in what is seen here.
        """
        if not cls.grows_long:
            return None
        kept = self.ledger.folds.get(stream, cls)
        if kept is not None and not self._stands(kept.position, kept.leaf):
            kept = None  # folded from records that are not seen here
        news = self._known_since(stream, kept)
        facts = [fact_in(one)[0] for _, one in news]
        if kept is not None and any(fact.corrects is not None for fact in facts):
            kept, news = None, self._known_since(stream, None)  # stands in another's place
            facts = [fact_in(one)[0] for _, one in news]
        if kept is None and not facts:
            return None
        thing = kept.thing.copy() if kept else cls.of(facts)
        if kept is not None:
            for fact in facts:
                thing.after(fact)
        thing.version += sum(fact.origin == self.ledger.origin for fact in facts)
        end, leaf = self._end
        if not news or news[-1][0][0] <= end:  # what is read in this very entry may be undone
            again = kept.thing if kept is not None and not news else thing.copy()
            self.ledger.folds.put(stream, Kept(again, end, leaf))
        return thing

    def _fold(self, cls: type[A], history: Sequence[Fact]) -> A:
        thing = cls.of(history)
        thing.version = sum(fact.origin == self.ledger.origin for fact in history)
        return thing

    def holder(self, rule: type[Refused], key: str) -> tuple[int, str] | None:
        """(position, stream) of the record that holds a unique fact."""
        return claimed(self.conn, self.ledger.origin, rule.__name__, key)

    def line(self, union: UnionId) -> list[UnionId]:
        """The union and those above it, up to the top."""
        line: list[UnionId] = []
        step: UnionId | None = union
        while step is not None and step not in line:
            line.append(step)
            step = self.get(Union, step).superior()
        return line

    def facts_at(self, refs: Sequence[tuple[str, int]]) -> list[tuple[Record, Fact]]:
        """The records at these (origin, position) places, sealed texts closed."""
        found: list[tuple[Record, Fact]] = []
        by_origin: dict[str, list[int]] = {}
        for origin, position in refs:
            by_origin.setdefault(origin, []).append(position)
        for origin, positions in by_origin.items():
            for start in range(0, len(positions), 500):
                rows = self.conn.execute(
                    select(record)
                    .where(
                        record.c.origin == origin,
                        record.c.position.in_(positions[start : start + 500]),
                    )
                    .order_by(record.c.position)
                )
                for row in rows:
                    one = as_record(row)
                    found.append((one, fact_in(one)[0]))
        return found

    # ── opening ──

    def opened(self, records: Sequence[Record]) -> list[Fact]:
        """The facts of these records with their personal texts open, as far as they are held here.

        Needs a `Look`; every person whose texts are opened is logged. A text that is not held
        here reads as `Redacted("restricted")`, of a person whose processing is restricted as
        `Redacted("stopped")`, of a forgotten one as `Redacted("shredded")`.
        """
        if self.look is None:
            raise PermissionError("personal texts are opened only by `Ledger.looking`")
        return self._unsealed(records)

    def restated(self, one: Record) -> Fact:
        """The fact of a record with its texts, to be judged by or sealed again in another record:
        they are shown to nobody, and so no look is logged.
        """
        return self._unsealed([one])[0]

    def _unsealed(self, records: Sequence[Record]) -> list[Fact]:
        facts: list[Fact] = []
        boxes = self._boxes(records)
        parsed = [fact_in(one) for one in records]
        concerned: set[str] = {person for *_, body in parsed for person in body.get("sealed", ())}
        resting = self.ledger.vault.at_rest(self.conn, sorted(concerned))
        for one, (fact, _, body) in zip(records, parsed, strict=True):
            committed: Mapping[str, Mapping[str, str]] = body.get("sealed", {})
            if not committed or one.kind not in Event.kinds:
                facts.append(fact)
                continue
            texts, why = self._open(one, committed, boxes, resting)
            event = codec.decode(one.kind, body, texts, why)
            opened = Fact.__new__(Fact)
            opened.__dict__.update({**fact.__dict__, "event": event})
            facts.append(opened)
        return facts

    def _boxes(
        self, records: Sequence[Record]
    ) -> dict[tuple[str, int], dict[tuple[str, str], bytes]]:
        found: dict[tuple[str, int], dict[tuple[str, str], bytes]] = {}
        by_origin: dict[str, list[int]] = {}
        for one in records:
            by_origin.setdefault(one.origin, []).append(one.position)
        for origin, positions in by_origin.items():
            for start in range(0, len(positions), 500):
                rows = self.conn.execute(
                    select(sealed).where(
                        sealed.c.origin == origin,
                        sealed.c.position.in_(positions[start : start + 500]),
                    )
                )
                for _, position, subject, group, box in rows:
                    found.setdefault((origin, position), {})[subject, group] = bytes(box)
        return found

    def _open(
        self,
        one: Record,
        committed: Mapping[str, Mapping[str, str]],
        boxes: Mapping[tuple[str, int], Mapping[tuple[str, str], bytes]],
        resting: Mapping[str, str],
    ) -> tuple[dict[str, dict[str, str]], str]:
        texts: dict[str, dict[str, str]] = {}
        why = "restricted"
        here = boxes.get((one.origin, one.position), {})
        for person, groups in committed.items():
            if person in resting:
                why = "shredded" if resting[person] == SHREDDED else "stopped"
                continue
            for group, commitment in groups.items():
                box = here.get((person, group))
                if box is None:
                    continue
                opened = self.ledger.vault.open(
                    self.conn, one.origin, one.stream, one.version, person, group, box, commitment
                )
                if opened is None:
                    why = "shredded"
                    continue
                texts[group] = texts_of(opened[1])
                self._shown.add(person)
        if not here and resting.keys().isdisjoint(committed) and one.origin == self.ledger.origin:
            why = "shredded"
        return texts, why

    def payloads(
        self, records: Sequence[Record], opens: Callable[[Record, str, str], bool]
    ) -> Iterator[Payload]:
        """Every sealed group of these records; with its salt, for those (record, person, group) that `opens`.

        What is not open says why: `others`, or as `opened` has it. Needs a `Look`.
        """
        if self.look is None:
            raise PermissionError("personal texts are opened only by `Ledger.looking`")
        boxes = self._boxes(records)
        committed = [(one, fact_in(one)[2].get("sealed", {})) for one in records]
        persons = sorted({person for _, groups in committed for person in groups})
        resting = self.ledger.vault.at_rest(self.conn, persons)
        for one, by_person in committed:
            here = boxes.get((one.origin, one.position), {})
            for person, groups in sorted(by_person.items()):
                for group, commitment in sorted(groups.items()):
                    box, opened, why = here.get((person, group)), None, ""
                    if person in resting:
                        why = "shredded" if resting[person] == SHREDDED else "stopped"
                    elif box is None:
                        why = "shredded" if one.origin == self.ledger.origin else "restricted"
                    elif not opens(one, person, group):
                        why = "others"
                    else:
                        opened = self.ledger.vault.open(
                            self.conn, one.origin, one.stream, one.version, person, group, box,
                            commitment,
                        )  # fmt: skip
                        why = "" if opened else "shredded"
                        self._shown.add(person)
                    yield Payload(one, person, group, opened, why)

    def showed(self, persons: Iterable[str]) -> None:
        """Puts persons on the read log whose texts are opened otherwise than by `opened`."""
        self._shown.update(persons)

    def log_reads(self) -> None:
        """Writes one line for each person shown, within this transaction."""
        if self.look is None or not self._shown:
            return
        look, visit = self.look, new("ent")
        at = self.ledger.clock.now().isoformat()
        self.conn.execute(
            reading.insert(),
            [
                {
                    "id": visit, "person": person, "at": at, "officer": look.officer,
                    "union": look.union, "view": look.view, "purpose": look.purpose,
                }
                for person in sorted(self._shown)
            ],
        )  # fmt: skip
        self._shown.clear()


_LAST = Statement(
    select(record.c.position, record.c.leaf)
    .where(record.c.origin == bindparam("origin"))
    .order_by(record.c.position.desc())
    .limit(1)
)
_LEAF = Statement(
    select(record.c.leaf).where(
        record.c.origin == bindparam("origin"), record.c.position == bindparam("position")
    )
)
_THEIRS_SINCE = Statement(
    select(record, channel_leaf.c.read_at, channel_leaf.c.number)
    .join(
        channel_leaf,
        and_(
            channel_leaf.c.log == bindparam("log"),
            channel_leaf.c.origin == record.c.origin,
            channel_leaf.c.position == record.c.position,
        ),
    )
    .where(
        record.c.origin == bindparam("origin"),
        record.c.stream == bindparam("stream"),
        channel_leaf.c.read_at > bindparam("since"),
    )
)
