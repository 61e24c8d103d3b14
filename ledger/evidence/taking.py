"""Taking a dossier (取证): records, proofs, what is opened, papers, a page, and the verifier, in one zip.

What stands in it, to the byte: docs/reference/dossier.md. Whoever takes one has been let in by the
door already; each person of whom something is shown stands on the read log, as on any page.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files as resources
from typing import Any

from sqlalchemy import Connection, func, select

from ledger.book import Ledger, Reader
from ledger.domain.channels import PartnerRead
from ledger.evidence import page, pdf
from ledger.evidence.page import Place, Shown
from ledger.evidence.subjects import KINDS, Matter, Sight, Subject, matter
from ledger.evidence.zipped import zipped
from ledger.journal import canonical, checkpoints
from ledger.journal.attachments import GROUP as ATTACHED
from ledger.journal.attachments import NotKept
from ledger.journal.keys import Role, SignerAway
from ledger.journal.merkle import Row, inclusion_proof
from ledger.journal.notes import Kind as KeyKind
from ledger.journal.notes import Proof, verify
from ledger.journal.policy import Named, Policy
from ledger.journal.record import Record, written
from ledger.journal.recorder import LogReader, read_head
from ledger.journal.tables import channel_leaf, record
from ledger.journal.vault import Damaged, texts_of
from ledger.projections.posting import channel_name
from ledger.replay.told import records_at

FORMAT = "liangdi-dossier/1"
MOST_ATTACHED = 100 * 2**20
"""Bytes of attachments that one dossier holds; what is beyond is named, and asked for by itself."""


@dataclass(frozen=True)
class Dossier:
    """A dossier: its zip, and what is in it."""

    subject: Subject
    name: str  # of the file
    data: bytes
    records: int
    witnessed: int
    opened: int
    closed: int
    attachments: int

    @property
    def digest(self) -> str:
        return sha256(self.data).hexdigest()


def take(reader: Reader, subject: Subject, sight: Sight) -> Dossier:
    """A dossier as of this moment. Needs a `Look`. Raises: NotFound, DossierTooLong."""
    return _Taking(reader, subject, sight).dossier()


def sign_first(ledger: Ledger) -> None:
    """Signs what is new, so that a dossier taken now is signed to its end; where that cannot be,
    the newest records stand in it as recorded only."""
    if ledger.signer.bar is None:
        try:
            ledger.signer.sign(ledger.clock.now())
        except SignerAway:
            return


@cache
def verifier() -> bytes:
    """The single file that checks a dossier, as every dossier holds it."""
    return (resources("ledger.evidence") / "verify.py").read_bytes()


class _Taking:
    """One dossier while it is made."""

    def __init__(self, reader: Reader, subject: Subject, sight: Sight) -> None:
        assert reader.look is not None
        self._reader, self._subject, self._sight = reader, subject, sight
        self._conn, self._own = reader.conn, reader.ledger.origin
        self._look = reader.look
        self._made = written(reader.ledger.clock.now())
        self._files: dict[str, bytes] = {}
        self._kept: dict[str, _Kept] = {}
        self._logs: dict[str, _Remembering] = {}
        self._trusted = self._policy()

    def dossier(self) -> Dossier:
        about = matter(self._reader, self._subject, self._sight)
        self._names = about.names
        facts = {each.place: each.record for each in about.told}
        channels = self._channels([each for each in facts.values() if each.origin != self._own])
        support = {place: one for place, one in self._read_by(channels) if place not in facts}
        records = sorted(
            {**facts, **support}.values(), key=lambda one: (one.origin != self._own, one.origin, one.position)
        )  # fmt: skip
        shown: dict[Place, Shown] = {}
        for one in records:  # ours first: by them a partner's were read
            shown[one.origin, one.position] = self._shown(one, channels, shown)
        opened, closed = self._openings(records, about, support)
        attached, missing = self._attachments(records, about)
        last = max((one.position for one in records if one.origin == self._own), default=0)
        self._checkpoint(last)
        self._files["policy"] = str(self._trusted).encode()
        if opened:
            self._files["openings.json"] = _json(opened)
        told = page.told(
            self._reader, about, shown, support, closed, attached, missing,
            made=self._made, look=self._look, policy=self._trusted, mask=self._sight,
            checkpoint=self._files.get("checkpoint"),
        )  # fmt: skip
        self._files["page.html"] = page.html(told).encode()
        self._files["page.pdf"] = pdf.written(told)
        self._files["verify.py"] = verifier()
        manifest: dict[str, Any] = {
            "format": FORMAT,
            "kind": self._subject.kind.value,
            "subject": self._subject.text,
            "origin": self._own,
            "made": self._made,
            "officer": self._look.officer,
            "union": self._look.union,
            "purpose": self._look.purpose,
            "records": [
                {
                    "origin": one.origin, "position": one.position,
                    "file": shown[one.origin, one.position].file,
                    "proof": shown[one.origin, one.position].proof,
                    "channel": shown[one.origin, one.position].channel,
                    "role": "support" if (one.origin, one.position) in support else "fact",
                }
                for one in records
            ],
            "closed": closed,
            "attachments": attached,
            "missing": missing,
            "whole": self._whole(records),
        }  # fmt: skip
        manifest["files"] = {
            name: {"sha256": sha256(data).hexdigest(), "size": len(data)}
            for name, data in sorted(self._files.items())
        }
        data = zipped([("manifest.json", _json(manifest)), *sorted(self._files.items())])
        return Dossier(
            self._subject, self._name(), data, len(facts),
            sum(each.stage == "witnessed" for each in shown.values()), len(opened), len(closed),
            len(attached),
        )  # fmt: skip

    def _name(self) -> str:
        day = self._made[:10].replace("-", "")
        return f"案卷-{KINDS[self._subject.kind]}-{self._subject.id[-6:]}-{day}.zip"

    # ── proofs ──

    def _shown(
        self, one: Record, channels: Mapping[Place, "_Channel"], before: Mapping[Place, Shown]
    ) -> Shown:
        """Puts a record and what proves it among the files."""
        stem = f"{self._folder(one.origin)}/{one.position:012}"
        self._files[f"{stem}.record"] = one.bytes
        if one.origin != self._own:
            channel = channels[one.origin, one.position]
            return self._mirrored(stem, channel, before[self._own, channel.read])
        kept = self._covering(self._own, one.position)
        if kept is None:
            return Shown(f"{stem}.record")
        self._files[f"{stem}.tlog-proof"] = self._proof(self._own, one.position, kept)
        return Shown(f"{stem}.record", f"{stem}.tlog-proof", None, kept.stage, kept.words)

    def _covering(self, log: str, number: int) -> "_Kept | None":
        """The checkpoint by which a record is shown. They are asked for in order: the one that
        covers a record is that of all that follow it, up to its size."""
        held = self._kept.get(log)
        if held is None or number > held.size:
            kept = checkpoints.covering_of(self._conn, log, number)
            if kept is None:
                return None
            stage = self._stage(kept) if log == self._own else ("shared", "")
            held = self._kept[log] = _Kept(kept.size, kept.note.to_bytes(), *stage)
        return held

    def _proof(self, log: str, number: int, kept: "_Kept") -> bytes:
        path = self._path(log, number, kept.size)
        return Proof(number - 1, tuple(path), kept.note).to_bytes()

    def _path(self, log: str, number: int, size: int) -> list[bytes]:
        reader = self._logs.get(log)
        if reader is None:
            reader = self._logs[log] = _Remembering(self._conn, log, channel=log != self._own)
        return inclusion_proof(reader, number - 1, size, reader.stored)

    def _stage(self, kept: checkpoints.Kept) -> tuple[str, str]:
        by = [
            each for each in verify(kept.note, self._trusted.keys)
            if each.key.kind is KeyKind.COSIGNER and each.time is not None
        ]  # fmt: skip
        if not by:
            return "signed", "已签名"
        first = min(by, key=lambda each: each.time or 0)
        at = datetime.fromtimestamp(first.time or 0, UTC)
        names = "、".join(self._province(each.key.name.removesuffix("/witness")) for each in by)
        return "witnessed", f"{names}已见证，不晚于 {page.moment(at)}"

    def _mirrored(self, stem: str, channel: "_Channel", read: Shown) -> Shown:
        """A partner's record: no better proven than ours that says that it was read."""
        self._files[f"{stem}.channel.json"] = _json(channel.told)
        where, number = self._province(channel.origin), channel.told["number"]
        words = f"{where}通道第 {number} 笔，本省阅于本账第 {channel.read} 笔"
        record, told = f"{stem}.record", f"{stem}.channel.json"
        log = channel.told["channel"]
        kept = self._covering(log, number)
        known = self._reader.ledger.trust.policy.of_log(channel.origin)
        unsigned = read.stage == "recorded"
        if unsigned:
            words = f"{words}，该笔尚无签名"
        if kept is None or not known:
            return Shown(record, None, told, "recorded" if unsigned else "mirrored", words)
        self._files[f"{stem}.tlog-proof"] = self._proof(log, number, kept)
        stage = "recorded" if unsigned else "shared"
        return Shown(record, f"{stem}.tlog-proof", told, stage, f"{where}签名；{words}")

    def _province(self, origin: str) -> str:
        return self._names.lane(origin).short

    def _folder(self, origin: str) -> str:
        if origin == self._own:
            return "own"
        return f"partner-{sorted(self._reader.partners).index(origin) + 1}"

    def _checkpoint(self, last: int) -> None:
        kept = checkpoints.covering_of(self._conn, self._own, last) if last else None
        if kept is None:
            kept = checkpoints.last(self._conn, self._reader.ledger.log)
        if kept is not None:
            self._files["checkpoint"] = kept.note.to_bytes()

    def _policy(self) -> Policy:
        """Our log's keys, the partners', and the witnesses that this node believes."""
        keys = self._reader.ledger.signer.keys.public(Role.LOG)
        trusted = self._reader.ledger.trust.policy
        theirs = [each for each in trusted.logs if each.key not in keys]
        return replace(trusted, logs=[*(Named(key) for key in keys), *theirs])

    # ── a partner's records ──

    def _channels(self, records: Sequence[Record]) -> dict[Place, "_Channel"]:
        """Where each of these stands in its channel, and the proof to the root that was read."""
        found: dict[Place, _Channel] = {}
        for one in records:
            log = channel_name(one.origin, self._own)
            row = self._conn.execute(
                select(channel_leaf).where(
                    channel_leaf.c.log == log,
                    channel_leaf.c.origin == one.origin,
                    channel_leaf.c.position == one.position,
                )
            ).one()
            found[one.origin, one.position] = _Channel(
                one.origin, row.read_at, {"channel": log, "number": row.number,
                                          "header": bytes(row.header).decode()},
            )  # fmt: skip
        reads = records_at(self._reader, {(self._own, each.read) for each in found.values()})
        for each in found.values():
            log = each.told["channel"]
            said = canonical.decode(reads[self._own, each.read].body)
            size, root = said["last"], said["root"]
            path = self._path(log, each.told["number"], size)
            each.told.update(
                size=size, root=root, path=[hash_.hex() for hash_ in path], read=each.read
            )
        return found

    def _read_by(self, channels: Mapping[Place, "_Channel"]) -> Iterator[tuple[Place, Record]]:
        """The records of ours that say how far the partner was read: they prove what it showed."""
        places = {(self._own, each.read) for each in channels.values()}
        for place, one in records_at(self._reader, places).items():
            assert one.kind == PartnerRead.__name__
            yield place, one

    # ── what is opened ──

    def _openings(
        self, records: Sequence[Record], about: Matter, support: Mapping[Place, Record]
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        opened: list[dict[str, Any]] = []
        closed: list[dict[str, Any]] = []
        for each in self._reader.payloads(records, about.opens):
            where = {
                "origin": each.record.origin, "position": each.record.position,
                "person": each.person, "group": each.group,
            }  # fmt: skip
            if each.opened is None:
                closed.append({**where, "why": each.why})
            elif not self._sight.sees(texts_of(each.opened[1])):
                closed.append({**where, "why": "office"})
            else:
                salt, payload = each.opened
                opened.append({**where, "salt": salt.hex(), "payload": payload.decode()})
        return opened, closed

    def _attachments(
        self, records: Sequence[Record], about: Matter
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The papers that the records cite: here with their salts, or named with why they are not."""
        attached: list[dict[str, Any]] = []
        missing: list[dict[str, Any]] = []
        room = MOST_ATTACHED
        for committed, one in _cited(records).items():
            store = self._reader.ledger.attachments
            try:
                if store is None or one.origin != self._own:
                    raise NotKept(committed)
                subject, salt, payload = store.opened(self._conn, committed)
            except NotKept:
                missing.append({"commitment": committed, "why": "restricted"})
                continue
            except Damaged:
                missing.append({"commitment": committed, "why": "damaged"})
                continue
            said, _, data = payload.partition(b"\n")
            why = "" if about.opens(one, subject, ATTACHED) else "others"
            if not why and len(data) > room:
                why = "size"
            if why:
                missing.append({"commitment": committed, "why": why})
                continue
            room -= len(data)
            file = f"attachments/{committed}{_EXTENSIONS.get(canonical.decode(said)['type'], '')}"
            self._files[file] = data
            self._reader.showed([subject])
            attached.append(
                {"commitment": committed, "salt": salt.hex(), "about": said.decode(), "file": file}
            )
        return attached, missing

    def _whole(self, records: Sequence[Record]) -> list[dict[str, Any]]:
        """The streams of our own journal of which every record up to now is here."""
        have: dict[str, set[int]] = {}
        for one in records:
            if one.origin == self._own:
                have.setdefault(one.stream, set()).add(one.version)
        found: list[dict[str, Any]] = []
        streams = sorted(have)
        for start in range(0, len(streams), 500):
            rows = self._conn.execute(
                select(record.c.stream, func.max(record.c.version))
                .where(
                    record.c.origin == self._own,
                    record.c.stream.in_(streams[start : start + 500]),
                )
                .group_by(record.c.stream)
            )
            for stream, newest in sorted((row[0], row[1]) for row in rows):
                if len(have[stream]) == newest:
                    found.append({"origin": self._own, "stream": stream, "records": newest})
        return found


@dataclass
class _Channel:
    """Where a partner's record stands in its channel, and by which record of ours it was read."""

    origin: str
    read: int
    told: dict[str, Any]


@dataclass(frozen=True)
class _Kept:
    """A checkpoint by which records are shown, and what it says of them."""

    size: int
    note: bytes
    stage: str
    words: str


class _Remembering(LogReader):
    """The hashes of one log, each row read once: of a dossier many proofs share most of them."""

    def __init__(self, conn: Connection, log: str, *, channel: bool) -> None:
        super().__init__(conn, log, channel=channel)
        self.stored = read_head(conn, log).frontier.size
        self._read: dict[Row, Sequence[bytes]] = {}

    def rows(self, asked: Sequence[Row]) -> Sequence[Sequence[bytes]]:
        missing = [row for row in asked if row not in self._read]
        if missing:
            self._read |= zip(missing, super().rows(missing), strict=True)
        return [self._read[row] for row in asked]


_EXTENSIONS = {
    "application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png", "image/tiff": ".tif",
    "text/plain": ".txt",
}  # fmt: skip


def _cited(records: Sequence[Record]) -> dict[str, Record]:
    """Each paper that is cited, by the first record that does."""
    found: dict[str, Record] = {}
    for one in records:
        for committed in canonical.decode(one.header).get("evidence", ()):
            found.setdefault(committed, one)
    return found


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"
