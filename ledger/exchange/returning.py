"""What was lost comes back from the partners (归还): their mirrors of our channels, and a new epoch.

A partner writes what it holds of our channel to a file under a passphrase: the records as we gave
them, the groups that it can open, our own newest checkpoints that it has seen. We compare that with
what was restored, and know then which positions come back, and in which nobody holds a record.
What comes back stands at its own position, byte for byte. Where records are lost, two officers
declare it, and the journal goes on as another log (`domain.epochs`, `journal.epochs`).
"""

import io
import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from hashlib import sha256
from heapq import heappop, heappush
from pathlib import Path
from typing import Any, NamedTuple

from eventsourcing.persistence import StoredEvent
from sqlalchemy import Connection, func, select

from ledger import projections
from ledger.backups.envelope import BackupDamaged, SealedReader, SealedWriter
from ledger.book import Entry, Ledger, Look
from ledger.domain.epochs import Epochs, Head, Loss, RecordLost, Span
from ledger.domain.ids import new
from ledger.domain.kernel import Act, Basis, Code, Event, StreamId
from ledger.exchange.reading import keep_openings
from ledger.exchange.wire import Line, Opening, Received, read_line
from ledger.journal import canonical, checkpoints, codec, epochs
from ledger.journal.database import load
from ledger.journal.keys import Role
from ledger.journal.merkle import Frontier, root_at
from ledger.journal.notes import Checkpoint, Note
from ledger.journal.record import Particulars, Record, header_of, place, written
from ledger.journal.recorder import Head as LogHead
from ledger.journal.recorder import LogReader, grow, make_head, move_head, read_head
from ledger.journal.tables import channel_leaf, claim, record, sealed, sharing
from ledger.journal.vault import texts_of
from ledger.projections.posting import channel_name

WHAT = "mirror"
CHUNK = 500


class GivenDiffers(ValueError):
    """What a partner gives back is not what we gave it, or not of this journal; the message says why."""


# ── giving back ──────────────────────────────────────────────────────────────────────────────


def give_back(
    ledger: Ledger, to: str, path: Path, passphrase: str, look: Look, *, after: int = 0
) -> int:
    """Writes what we hold of a partner's channel after so many records; returns how many.

    Whose texts are opened for it stands on the reading log and on the sharing record.
    """
    log = channel_name(to, ledger.origin)
    with ledger.looking(look) as reader:
        conn = reader.conn
        size = read_head(conn, log).frontier.size
        if not 0 <= after <= size:
            raise GivenDiffers(f"we hold {size} records of {log}, and not {after}")
        kept = {of: checkpoints.last(conn, of) for of in (epochs.present(conn, to), log)}
        head = {
            "log": log, "origin": to, "reader": ledger.origin, "after": after, "size": size,
            "root": root_at(LogReader(conn, log, channel=True), after).hex() if after else "",
            "cosigned": _note(kept[epochs.present(conn, to)]), "signed": _note(kept[log]),
        }  # fmt: skip
        told: set[str] = set()
        header = {"what": WHAT, "kdf": "scrypt", "origin": to, "at": written(ledger.clock.now())}
        with SealedWriter(path, passphrase.encode(), header) as into:
            into.write(json.dumps(head).encode() + b"\n")
            for line in _held(ledger, conn, log, after):
                told |= {each.person for each in line.openings}
                into.write(_told(line) + b"\n")
        reader.showed(told)
        load(conn, sharing, [
            (
                visit, person, channel_name(ledger.origin, to), after + 1, size, "",
                Basis.STATUTORY_DUTY.value, "", header["at"],
            )
            for visit in [new("ent")]
            for person in sorted(told)
        ])  # fmt: skip
    return size - after


def _note(kept: "checkpoints.Kept | None") -> str:
    return kept.note.to_bytes().decode() if kept else ""


def _held(ledger: Ledger, conn: Connection, log: str, after: int) -> Iterator[Line]:
    """The lines of a mirrored channel, with the groups that can be opened here."""
    size = read_head(conn, log).frontier.size
    for first in range(after + 1, size + 1, CHUNK):
        rows = conn.execute(
            select(channel_leaf.c.header, record)
            .join(
                record,
                (channel_leaf.c.origin == record.c.origin)
                & (channel_leaf.c.position == record.c.position),
            )
            .where(
                channel_leaf.c.log == log, channel_leaf.c.number >= first,
                channel_leaf.c.number < first + CHUNK,
            )
            .order_by(channel_leaf.c.number)
        ).all()  # fmt: skip
        for entered, *row in rows:
            one = Record._make(row)
            yield Line(bytes(entered), one.bytes, tuple(_opened(ledger, conn, one)))


def _opened(ledger: Ledger, conn: Connection, one: Record) -> Iterator[Opening]:
    committed: Mapping[str, Mapping[str, str]] = canonical.decode(one.body).get("sealed", {})
    if not committed:
        return
    resting = ledger.vault.at_rest(conn, list(committed))
    rows = conn.execute(
        select(sealed.c.subject, sealed.c.grp, sealed.c.box).where(
            sealed.c.origin == one.origin, sealed.c.position == one.position
        )
    )
    for person, group, box in rows:
        if person in resting:
            continue
        found = ledger.vault.open(
            conn, one.origin, one.stream, one.version, person, group, bytes(box),
            committed[person][group],
        )  # fmt: skip
        if found is not None:
            yield Opening(person, group, *found)


def _told(line: Line) -> bytes:
    openings = [[o.person, o.group, _b64(o.salt), _b64(o.payload)] for o in line.openings]
    return json.dumps([_b64(line.header), _b64(line.record), openings]).encode()


def _b64(data: bytes) -> str:
    return b64encode(data).decode()


# ── reading what was given back ──────────────────────────────────────────────────────────────


class Given(NamedTuple):
    """One partner's file: whose mirror it is, and its lines from number `after` + 1 on."""

    reader: str
    log: str
    after: int
    root: bytes  # of the channel at `after`
    cosigned: str  # our newest checkpoint that it has cosigned, as a note; empty: none
    signed: str  # our newest signature under the channel that it holds, as a note; empty: none
    lines: Sequence[Line]


def read_given(path: Path, passphrase: str) -> Given:
    """Reads a file to its end. Raises: BackupDamaged."""
    with closing(SealedReader(path, passphrase.encode())) as reader:
        if reader.header.get("what") != WHAT:
            raise BackupDamaged("this is no mirror that was given back")
        told = io.BufferedReader(reader)
        try:
            head = json.loads(told.readline())
            lines = [_line(json.loads(each)) for each in told]
            return Given(
                head["reader"], head["log"], head["after"], bytes.fromhex(head["root"]),
                head["cosigned"], head["signed"], lines,
            )  # fmt: skip
        except (ValueError, KeyError, TypeError) as fault:
            if isinstance(fault, BackupDamaged):
                raise
            raise BackupDamaged(f"its content is not as it should be: {fault}") from fault


def _line(told: Any) -> Line:
    header, data, openings = told
    made = [Opening(p, g, b64decode(salt), b64decode(payload)) for p, g, salt, payload in openings]
    return Line(b64decode(header), b64decode(data), tuple(made))


# ── what came back, and what did not ─────────────────────────────────────────────────────────


class Found(NamedTuple):
    """What was found out: the loss, what comes back by position, and the ends of our channels."""

    loss: Loss
    back: Mapping[int, Received]
    channels: Mapping[str, Sequence[Received]]  # what each channel had beyond what was restored
    notes: Sequence[Note] = ()  # our checkpoints as partners hold them
    epoch: int = 2  # the number of the epoch that would begin

    @property
    def digest(self) -> str:
        """What a declaration was made of, in one word: the same finding gives the same."""
        told = [
            repr(self.loss),
            *(f"{at} {self.back[at].record.leaf.hex()}" for at in sorted(self.back)),
        ]
        return sha256("\n".join(told).encode()).hexdigest()


def compare(ledger: Ledger, given: Sequence[Given]) -> Found:
    """Compares what partners give back with what was restored. Changes nothing.

    Raises: GivenDiffers; BadNote where a checkpoint is not ours; the kinds of `Unproven` where a
    record is none of ours.
    """
    with ledger.database.reading() as conn:
        held = read_head(conn, ledger.origin).frontier.size
        back: dict[int, Received] = {}
        channels: dict[str, list[Received]] = {}
        heads: list[Head] = []
        for each in given:
            received, channels[each.log] = _received(ledger, conn, each)
            _take_in(conn, ledger.origin, held, received, back)
    log = _last_log(ledger, back)
    for each in given:
        heads += _head_of(ledger, each, log)
    signed_as, signed = ledger.signer.signed
    known = [held, signed, *back, *(each.size for each in heads)]
    until = max(known)
    lost = spans([at for at in range(held + 1, until + 1) if at not in back])
    loss = Loss(log, held, until, len(back), lost, tuple(sorted(set(heads), key=repr)))
    notes = [Note.parse(each.cosigned.encode()) for each in given if each.cosigned]
    # A name that was signed under once is not taken again, though nobody has read that it began.
    epoch = 1 + max(epochs.journal_of(each)[1] for each in (log, signed_as))
    return Found(loss, back, channels, notes, epoch)


def _last_log(ledger: Ledger, back: Mapping[int, Received]) -> str:
    """As what the journal was signed last, as far as records tell: a backup may be of before that."""
    begun = [each.record for _, each in sorted(back.items()) if each.record.kind == "EpochBegun"]
    return str(canonical.decode(begun[-1].body)["log"]) if begun else ledger.log


def _received(
    ledger: Ledger, conn: Connection, given: Given
) -> tuple[list[Received], list[Received]]:
    """The lines, checked; and those of them that our own channel has no more."""
    if given.log != channel_name(ledger.origin, given.reader):
        raise GivenDiffers(f"{given.log} is no channel of {ledger.origin}")
    mine = read_head(conn, given.log).frontier
    if given.after > mine.size:
        raise GivenDiffers(f"it begins after {given.after}, and we hold {mine.size}: ask for more")
    ours = LogReader(conn, given.log, channel=True)
    if given.after and root_at(ours, given.after, mine.size) != given.root:
        raise GivenDiffers(f"{given.reader} holds another channel than was restored here")
    received = [
        read_line(line, ledger.origin, given.log, number)
        for number, line in enumerate(given.lines, given.after + 1)
    ]
    both = [each.leaf for each in received if each.number <= mine.size]
    if both and both != list(ours.leaves(given.after, given.after + len(both))):
        raise GivenDiffers(f"{given.reader} holds another channel than was restored here")
    new = [each for each in received if each.number > mine.size]
    if given.signed:
        _check_signed(ledger, given, mine.extend([each.leaf for each in new]), received, ours)
    return received, new


def _check_signed(
    ledger: Ledger, given: Given, grown: Frontier, received: Sequence[Received], ours: LogReader
) -> None:
    """Where our own signature under the channel came along, the lines lead to what it says."""
    said = ledger.signer.own(Note.parse(given.signed.encode()), given.log)
    if said.size > grown.size or said.size < given.after:
        raise GivenDiffers(f"we signed {said.size} records, and {grown.size} came back")
    start = Frontier().extend(list(ours.leaves(0, given.after)))
    tree = start.extend([each.leaf for each in received if each.number <= said.size])
    if tree.root() != said.root:
        raise GivenDiffers(f"{given.reader} gives back another channel than we signed")


def _take_in(
    conn: Connection, origin: str, held: int, received: Sequence[Received],
    back: dict[int, Received],
) -> None:  # fmt: skip
    for each in received:
        at, leaf = each.record.position, each.record.leaf
        if at <= held:
            own = select(record.c.leaf).where(record.c.origin == origin, record.c.position == at)
            if conn.execute(own).scalar() != leaf:
                raise GivenDiffers(f"{origin}#{at} is another record here than was given back")
        elif at in back and back[at].record.leaf != leaf:
            raise GivenDiffers(f"{origin}#{at} was given back in two versions")
        else:
            openings = {(o.person, o.group): o for o in (*each.openings, *_of(back, at))}
            back[at] = each._replace(openings=tuple(openings.values()))


def _of(back: Mapping[int, Received], at: int) -> Sequence[Opening]:
    return back[at].openings if at in back else ()


def _head_of(ledger: Ledger, given: Given, log: str) -> list[Head]:
    if not given.cosigned:
        return []
    said = ledger.signer.own(Note.parse(given.cosigned.encode()))
    if said.origin != log:
        return []  # of an epoch before: its loss was declared then
    name = f"{given.reader}/{Role.WITNESS}"
    return [Head(Code(name), said.size, Code(said.root.hex()))]


def spans(positions: Sequence[int]) -> list[Span]:
    """Positions in their order, as spans."""
    found: list[Span] = []
    for at in positions:
        if found and found[-1].last == at - 1:
            found[-1] = Span(found[-1].first, at)
        else:
            found.append(Span(at, at))
    return found


# ── going on ─────────────────────────────────────────────────────────────────────────────────


def take_back(ledger: Ledger, found: Found) -> Checkpoint:
    """Nothing is lost: everything that came back stands again, and the log goes on as it was.

    Raises: GivenDiffers where it is not what was cosigned; ReadOnly where the file of the signer,
    or the database, says otherwise.
    """
    assert not found.loss.lost
    with ledger.database.writing() as conn:
        _put_back(ledger, conn, found, {})
        frontier = read_head(conn, ledger.origin).frontier
        for each in found.loss.heads:
            if root_at(LogReader(conn, ledger.origin), each.size, frontier.size).hex() != each.root:
                raise GivenDiffers(f"what came back does not lead to what {each.witness} cosigned")
        projections.catch_up(conn, ledger.origin)
    return ledger.signer.resume(found.notes)


def begin_epoch(
    ledger: Ledger, found: Found, first: Act, second: Act, witnesses: Iterable[str],
    *, paper: Code | None = None,
) -> str:  # fmt: skip
    """Puts back what came back, declares the rest lost, and begins a new epoch; returns its log.

    All of it is one transaction: killed before its end, nothing has happened. `witnesses` are
    those whose heads must be cited. Raises: NothingLost, HeadNotCited, LossByOne, LossNotDeclared,
    NotYourOffice.
    """
    log = epochs.log_of(ledger.origin, found.epoch)
    declared = Epochs.declare(first, found.loss, witnesses, paper=paper)
    key = ledger.signer.keys.of(log)
    with ledger.database.writing() as conn:
        read_head(conn, ledger.origin, lock=True)
        _put_back(ledger, conn, found, _lines_of_lost(ledger, conn, found, log))
        entry = Entry(ledger, first, None, {})
        entry.begin(conn, locked=True)
        entry.write(declared)
        told = entry.read(Epochs, declared.union)
        entry.write(
            told.begin(second, found.loss, found.epoch, log, str(key), paper=paper), act=second
        )
        entry.prepare()
        entry.close()
    ledger.signer.begin(log)
    return log


def _put_back(
    ledger: Ledger, conn: Connection, found: Found, lost: Mapping[int, StoredEvent]
) -> None:
    """Every position after the restored ones, in order: what came back, or a line that it is lost."""
    origin = ledger.origin
    at = read_head(conn, origin, lock=True).at
    entry, header = new("ent"), header_of(ledger.procedure(ledger.root))
    records, count = list[Record](), 0
    for position in range(found.loss.held + 1, found.loss.until + 1):
        if position in found.back:
            records.append(found.back[position].record)
            at = str(canonical.decode(records[-1].header)["at"])
        else:
            # It takes the instant of the record before it: what follows was recorded earlier than
            # now, and time never goes back within a journal.
            count += 1
            part = (count, len(lost))
            records.append(place(origin, position, at, entry, part, lost[position], header))
    ledger.recorder.put_back(conn, records, at)
    for log, received in found.channels.items():
        _put_back_channel(conn, origin, log, received)
    sealer = ledger.vault.sealer()
    opened = [(each.record, each.openings) for _, each in sorted(found.back.items())]
    keep_openings(ledger, conn, sealer, opened)
    sealer.keep(conn)
    for one, openings in opened:
        ledger.recorder.take_back(conn, one, _unique_facts(ledger, conn, one, openings))


def _put_back_channel(
    conn: Connection, origin: str, log: str, received: Sequence[Received]
) -> None:
    make_head(conn, log)
    before = read_head(conn, log, lock=True)
    load(conn, channel_leaf, [
        (log, each.number, origin, each.record.position, each.header, each.leaf, None)
        for each in received
    ])  # fmt: skip
    leaves = [each.leaf for each in received]
    grown = grow(conn, log, before.frontier, leaves, channel=True)
    move_head(conn, log, before, LogHead(grown, before.at))


def _unique_facts(
    ledger: Ledger, conn: Connection, one: Record, openings: Sequence[Opening]
) -> Particulars:
    """What a record takes and frees, as far as it can be read here."""
    cls = Event.kinds.get(one.kind)
    if cls is None or (cls.takes is Event.takes and cls.frees is Event.frees):
        return Particulars()
    body = canonical.decode(one.body)
    texts = {each.group: texts_of(each.payload) for each in openings}
    event = codec.decode(one.kind, body, texts)
    committed = {group for groups in body.get("sealed", {}).values() for group in groups}
    takes = [
        (each.rule.__name__, ledger.vault.number_token(each.key).hex() if each.secret else each.key)
        for each in event.takes()
        if not (each.secret and committed - texts.keys())
    ]
    corrected = canonical.decode(one.header).get("corrects")
    if corrected is None:
        return Particulars(takes=takes, frees=[(f.rule.__name__, f.key) for f in event.frees()])
    rows = conn.execute(
        select(claim.c.rule, claim.c.key).where(
            claim.c.origin == ledger.origin, claim.c.position == corrected
        )
    )
    freed = [(rule, key) for rule, key in rows]
    rules = {rule for rule, _ in freed}
    return Particulars(takes=[each for each in takes if each[0] in rules], frees=freed)


# ── lines for what is lost ───────────────────────────────────────────────────────────────────


class _Gap(NamedTuple):
    """A version of a stream that is missing: it stood somewhere between two positions."""

    before: int
    stream: str
    version: int


def _lines_of_lost(
    ledger: Ledger, conn: Connection, found: Found, log: str
) -> dict[int, StoredEvent]:
    """By lost position the line that stands there: of the stream that misses a record, if one does.

    So the versions of every stream are 1, 2, 3 … again, and whoever reads a worker's file sees that
    a record of hers is lost. Which lost position was whose is not known; one is taken at which it
    may have stood. What belongs to no known stream stands in one of the new log's name.
    """
    positions = [at for span in found.loss.lost for at in range(span.first, span.last + 1)]
    begins: dict[int, list[_Gap]] = {}
    for after, gap in _gaps(ledger, conn, found):
        begins.setdefault(after, []).append(gap)
    starts, waiting, lines = sorted(begins), list[_Gap](), dict[int, StoredEvent]()
    version = 0
    for position in positions:
        while starts and starts[0] < position:
            for gap in begins[starts.pop(0)]:
                heappush(waiting, gap)
        if waiting and waiting[0].before > position:
            gap = heappop(waiting)
            stream, number = gap.stream, gap.version
        else:
            version += 1
            stream, number = log, version
        event = RecordLost(StreamId(stream), Code(found.loss.log))
        body = canonical.encode_own(codec.encode(event).body)
        lines[position] = StoredEvent(stream, number, RecordLost.__name__, body)
    return lines


def _gaps(ledger: Ledger, conn: Connection, found: Found) -> Iterator[tuple[int, _Gap]]:
    """The missing versions of streams of which a later record came back, each with the position
    after which it must have stood."""
    by_stream: dict[str, list[Record]] = {}
    for _, each in sorted(found.back.items()):
        by_stream.setdefault(each.record.stream, []).append(each.record)
    newest = _newest(conn, ledger.origin, list(by_stream))
    for stream, records in by_stream.items():
        version, after = newest.get(stream, 0), found.loss.held
        for one in records:
            for missing in range(version + 1, one.version):
                yield after, _Gap(one.position, stream, missing)
            version, after = one.version, one.position


def _newest(conn: Connection, origin: str, streams: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(streams), CHUNK):
        rows = conn.execute(
            select(record.c.stream, func.max(record.c.version))
            .where(record.c.origin == origin, record.c.stream.in_(streams[start : start + CHUNK]))
            .group_by(record.c.stream)
        )
        found.update((stream, version) for stream, version in rows)
    return found
