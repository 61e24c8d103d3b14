#!/usr/bin/env python3
"""Checks a dossier of Liangdi 两地账 (案卷核验), with nothing but this file and Python 3.9 or newer.

    python3 verify.py 案卷.zip [--key VKEY …] [--policy FILE] [--list] [--english] [--json]

It shares no code with the program that made the dossier. It reads the zip, hashes every record,
climbs every proof to a checkpoint, checks the signatures on it (Ed25519, RFC 8032), compares what
is opened with the commitments in the records, and says what holds, what does not and where, and
what was never proven. Whose keys to believe is yours to know: compare them with those that the two
provinces publish, and give them with `--key`.

Exit codes: 0 it holds, 2 not understood, 5 it does not hold, 6 the file cannot be read.
"""

from __future__ import annotations

import argparse
import json
import struct
import sys
import unicodedata
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from datetime import date, datetime, timedelta, timezone
from hashlib import sha256, sha512
from typing import Any, NamedTuple
from zlib import crc32

FORMAT = "liangdi-dossier/1"
MOST_BYTES = 1 << 29
MOST_FILES = 40_000
MOST_RECORD = 65_535
MOST_NOTE = 1 << 17
MOST_SIGNATURES = 16
MOST_HASHES = 63
MOST_FAULTS = 100
AHEAD = timedelta(minutes=5)
BEIJING = timezone(timedelta(hours=8))


class Fault(Exception):
    """Something that does not hold: which, in what file, and what stands where what belongs."""

    def __init__(self, code: str, file: str = "", **facts: Any) -> None:
        super().__init__(code, file, facts)
        self.code, self.file, self.facts = code, file, facts

    def told(self) -> dict[str, Any]:
        """As a program reads it."""
        return {"code": self.code, "file": self.file, **self.facts}


# ── the zip: stored, one file after another, nothing before, between or behind ────────────────


def unzip(data: bytes) -> dict[str, bytes]:
    """The files of the zip, in their order. Only what a dossier's own writer makes is accepted."""
    if len(data) > MOST_BYTES:
        raise Fault("zip-size", expected=MOST_BYTES, found=len(data))
    end = len(data) - 22
    if end < 0 or data[end : end + 4] != b"PK\x05\x06":
        raise Fault("zip-end")
    fields = struct.unpack("<4s4H2LH", data[end:])
    _, disk, first, here, count, length, start, comment = fields
    if (disk, first, comment) != (0, 0, 0) or here != count or count > MOST_FILES:
        raise Fault("zip-form")
    if start + length != end:
        raise Fault("zip-form")
    files: dict[str, bytes] = {}
    at, entry = 0, start
    for _ in range(count):
        name, body, at, entry = _one(data, at, entry, end)
        if name in files:
            raise Fault("zip-twice", name)
        files[name] = body
    if at != start or entry != end:
        raise Fault("zip-form")
    return files


def _one(data: bytes, at: int, entry: int, end: int) -> tuple[str, bytes, int, int]:
    """One file: its line in the directory, its own header, and its bytes."""
    if entry + 46 > end or data[entry : entry + 4] != b"PK\x01\x02":
        raise Fault("zip-form")
    said = struct.unpack("<4s6H3L5H2L", data[entry : entry + 46])
    flags, method, crc, packed, size = said[3], said[4], said[7], said[8], said[9]
    long, more, remark, disk, offset = said[10], said[11], said[12], said[13], said[16]
    raw = data[entry + 46 : entry + 46 + long]
    name = safe_name(raw)
    if method != 0 or packed != size:
        raise Fault("zip-packed", name)
    if flags != 0 or more or remark or disk or offset != at or at + 30 > len(data):
        raise Fault("zip-form", name)
    local = struct.unpack("<4s5H3L2H", data[at : at + 30])
    if local[0] != b"PK\x03\x04" or local[1:6] != said[2:7] or local[6:9] != said[7:10]:
        raise Fault("zip-form", name)
    body = at + 30 + long
    if (local[9], local[10]) != (long, 0) or data[at + 30 : body] != raw or body + size > end:
        raise Fault("zip-form", name)
    content = data[body : body + size]
    if crc32(content) != crc:
        raise Fault("zip-crc", name)
    return name, content, body + size, entry + 46 + long


def safe_name(raw: bytes) -> str:
    """A name that leads nowhere but below the folder where it is unpacked."""
    shown = raw.decode("ascii", "replace")
    allowed = b"abcdefghijklmnopqrstuvwxyz0123456789.-_/"
    parts = raw.split(b"/")
    if len(raw) > 120 or not raw.strip(b"."):
        raise Fault("zip-name", shown)
    if any(byte not in allowed for byte in raw) or any(p in (b"", b".", b"..") for p in parts):
        raise Fault("zip-name", shown)
    return shown


# ── strict reading ────────────────────────────────────────────────────────────────────────────


class Bad(ValueError):
    """Bytes that are not of their form; why."""


def read_json(data: bytes) -> Any:
    """JSON without floats and without a member twice."""

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise Bad("a member stands twice")
        return found

    def refuse(text: str) -> Any:
        raise Bad("a number that is not whole: " + text[:20])

    def whole(text: str) -> int:
        if len(text) > 17 or abs(int(text)) >= 1 << 53:
            raise Bad("a number of 2^53 or more")
        return int(text)

    try:
        found = json.loads(
            data.decode("utf-8"), object_pairs_hook=members, parse_float=refuse,
            parse_constant=refuse, parse_int=whole,
        )  # fmt: skip
        json.dumps(found, ensure_ascii=False).encode("utf-8")  # half a character is no text
        return found
    except Bad:
        raise
    except (ValueError, RecursionError):
        raise Bad("not JSON") from None


def canonical(data: bytes) -> dict[str, Any]:
    """A JSON object in its one form (RFC 8785, without floats)."""
    value = read_json(data)
    if not isinstance(value, dict):
        raise Bad("not an object")
    found: dict[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
    try:
        made = json.dumps(found, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        same = made.encode("utf-8") == data and unicodedata.normalize("NFC", made) == made
    except (ValueError, RecursionError):
        same = False
    if not same:
        raise Bad("not written in the one canonical way")
    return found


def decimal(text: str) -> int:
    if not text or len(text) > 19 or any(each not in "0123456789" for each in text):
        raise Bad("not a number")
    if (text[0] == "0" and text != "0") or int(text) >= 1 << 63:
        raise Bad("not a number in its one form")
    return int(text)


def unbase64(text: str) -> bytes:
    try:
        data = b64decode(text.encode("ascii"), validate=True)
    except (NotBase64, ValueError):
        raise Bad("not base64") from None
    if b64encode(data).decode("ascii") != text:
        raise Bad("not the one way to write these bytes in base64")
    return data


def unhex(text: Any, size: int = 32) -> bytes:
    if not isinstance(text, str) or len(text) != 2 * size:
        raise Bad("not %d bytes in hexadecimal digits" % size)
    if any(each not in "0123456789abcdef" for each in text):
        raise Bad("not hexadecimal digits")
    return bytes.fromhex(text)


def one_hash(text: str) -> bytes:
    data = unbase64(text)
    if len(data) != 32:
        raise Bad("a hash has 32 bytes")
    return data


def plain(data: bytes, most: int) -> str:
    if len(data) > most:
        raise Bad("more than %d bytes" % most)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Bad("not UTF-8") from None
    if any(each < " " and each != "\n" for each in text):
        raise Bad("a control character")
    return text


# ── Ed25519 (RFC 8032 5.1), to verify only ────────────────────────────────────────────────────

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
Y8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
SMALL = (0, 1, P - 1, Y8, P - Y8)
"""Second coordinates of the points of small order: under such a key anything verifies."""


def _add(a: Any, b: Any) -> Any:
    ax, ay, az, at = a
    bx, by, bz, bt = b
    m = (ay - ax) * (by - bx) % P
    n = (ay + ax) * (by + bx) % P
    c = 2 * at * bt * D % P
    d = 2 * az * bz % P
    e, f, g, h = n - m, d - c, d + c, n + m
    return e * f % P, g * h % P, f * g % P, e * h % P


def _double(a: Any) -> Any:
    x, y, z, _ = a
    s, t = x * x % P, y * y % P
    h = s + t
    e = h - (x + y) * (x + y) % P
    g = s - t
    f = 2 * z * z % P + g
    return e * f % P, g * h % P, f * g % P, e * h % P


NEUTRAL = (0, 1, 1, 0)


def _point(data: bytes) -> Any:
    """The point that these 32 bytes stand for, or None."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if (v * x * x - u) % P:
        x = x * ROOT % P
        if (v * x * x - u) % P:
            return None
    if x == 0 and sign:
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def _table(point: Any) -> list[Any]:
    """0 to 15 times the point."""
    made = [NEUTRAL]
    for _ in range(15):
        made.append(_add(made[-1], point))
    return made


BASE = _point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
TIMES_BASE = _table(BASE)


def verifies(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether this key made this signature."""
    if len(key) != 32 or len(signature) != 64:
        return False
    point, s = _point(key), int.from_bytes(signature[32:], "little")
    if point is None or s >= L:
        return False
    h = int.from_bytes(sha512(signature[:32] + key + message).digest(), "little") % L
    x, y, z, t = point
    minus = _table((P - x, y, z, P - t))
    found = NEUTRAL
    for shift in range(252, -1, -4):
        if found is not NEUTRAL:
            found = _double(_double(_double(_double(found))))
        found = _add(_add(found, TIMES_BASE[s >> shift & 15]), minus[h >> shift & 15])
    inverse = pow(found[2], P - 2, P)
    x, y = found[0] * inverse % P, found[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


# ── keys, notes, proofs (C2SP) ────────────────────────────────────────────────────────────────

LOG, COSIGNER = 1, 4


class Key(NamedTuple):
    """A public key: its name, what it signs, and its 32 bytes."""

    name: str
    kind: int
    raw: bytes

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.raw).digest()[:4]

    def __str__(self) -> str:
        body = b64encode(bytes([self.kind]) + self.raw).decode("ascii")
        return "%s+%s+%s" % (self.name, self.id.hex(), body)


def is_name(text: str) -> bool:
    return bool(text) and not any(c <= " " or c == "+" or c.isspace() for c in text)


def read_key(text: str) -> Key:
    name, _, rest = text.partition("+")
    id_, _, encoded = rest.partition("+")
    data = unbase64(encoded)
    if not is_name(name) or len(data) != 33 or data[0] not in (LOG, COSIGNER):
        raise Bad("not a key of a kind that is known here")
    key = Key(name, data[0], data[1:])
    y = int.from_bytes(key.raw, "little") & ((1 << 255) - 1)
    if y >= P or y in SMALL or id_ != key.id.hex():
        raise Bad("a key that proves nothing, or under another's id")
    return key


def read_keys(texts: list[str]) -> list[Key]:
    """The keys that somebody believes; none of them under two names or roles."""
    found = [read_key(each) for each in texts]
    twice = two_names(found)
    if twice:
        raise Bad("one key under two names or roles: %s, %s" % twice)
    return found


def two_names(keys: list[Key]) -> tuple[Key, Key] | None:
    """The same 32 bytes under two names or roles, if so: whoever has the one could be the other."""
    first: dict[bytes, Key] = {}
    for key in keys:
        if first.setdefault(key.raw, key) != key:
            return first[key.raw], key
    return None


class Policy(NamedTuple):
    """Whom to believe: logs, witnesses by name, groups of them, and which must have signed."""

    logs: list[Key]
    witnesses: dict[str, Key]
    groups: dict[str, tuple[int, list[str]]]
    quorum: str

    @property
    def keys(self) -> list[Key]:
        return [*self.logs, *self.witnesses.values()]

    def met(self, by: set[Key], name: str | None = None) -> bool:
        name = self.quorum if name is None else name
        if name == "none":
            return True
        if name in self.groups:
            least, members = self.groups[name]
            return sum(self.met(by, each) for each in members) >= least
        return self.witnesses[name] in by


def read_policy(data: bytes) -> Policy:
    """A tlog-policy file."""
    made = Policy([], {}, {}, "")
    quorum = ""
    counted: set[str] = set()
    for line in plain(data.replace(b"\t", b" "), 1 << 16).split("\n"):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        rest = words[1:]
        if words[0] == "log" and 1 <= len(rest) <= 2:
            made.logs.append(_of_kind(rest[0], LOG))
        elif words[0] == "witness" and 2 <= len(rest) <= 3:
            _new(made, rest[0])
            made.witnesses[rest[0]] = _of_kind(rest[1], COSIGNER)
        elif words[0] == "group" and len(rest) >= 3:
            _new(made, rest[0])
            members = rest[2:]
            if counted & set(members) or len(set(members)) != len(members):
                raise Bad("a witness counts twice")
            counted |= set(members)
            for each in members:
                _known(made, each)
            least = {"all": len(members), "any": 1}.get(rest[1]) or decimal(rest[1])
            if not 1 <= least <= len(members):
                raise Bad("a group that nobody can meet")
            made.groups[rest[0]] = (least, members)
        elif words[0] == "quorum" and len(rest) == 1 and not quorum:
            quorum = rest[0] if rest[0] == "none" else _known(made, rest[0])
        else:
            raise Bad("not a line that a policy has: " + line[:60])
    if not quorum:
        raise Bad("a policy names one quorum")
    if len(made.logs) > 64 or len(made.witnesses) > 64 or len(made.groups) > 64:
        raise Bad("more than 64 of a kind")
    twice = two_names(made.keys)
    if twice:
        raise Bad("one key under two names or roles: %s, %s" % twice)
    if len(set(made.keys)) != len(made.keys):
        raise Bad("a key stands twice")
    return made._replace(quorum=quorum)


def _of_kind(text: str, kind: int) -> Key:
    key = read_key(text)
    if key.kind != kind:
        raise Bad("a key of the other kind")
    return key


def _new(made: Policy, name: str) -> None:
    if name == "none" or name in made.witnesses or name in made.groups:
        raise Bad("a name that is taken: " + name[:60])


def _known(made: Policy, name: str) -> str:
    if name not in made.witnesses and name not in made.groups:
        raise Bad("a name that is not named above: " + name[:60])
    return name


class Checkpoint(NamedTuple):
    """A log's size and root, and who of those that we know signed, when."""

    origin: str
    size: int
    root: bytes
    by: dict[Key, int | None]


def read_note(data: bytes, keys: list[Key]) -> Checkpoint:
    """A signed checkpoint; a known key whose signature fails refuses the whole."""
    text, blank, below = plain(data, MOST_NOTE).rpartition("\n\n")
    if not blank or not below.endswith("\n"):
        raise Bad("a note is a text, an empty line, and signatures")
    lines = below[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise Bad("more than %d signatures" % MOST_SIGNATURES)
    text += "\n"
    known = {(key.name, key.id): key for key in keys}
    if len(known) != len(set(keys)):
        raise Bad("two keys of one name and id")
    by: dict[Key, int | None] = {}
    for line in lines:
        name, space, encoded = line[2:].partition(" ")
        body = unbase64(encoded)
        if line[:2] != "— " or not space or not is_name(name) or len(body) < 5:
            raise Bad("a signature is written: dash, name, base64")
        key = known.get((name, body[:4]))
        if key is not None:
            time = _signed(key, text, body[4:])
            by.setdefault(key, time)
    said = text[:-1].split("\n")
    if len(said) < 3 or not all(said):
        raise Bad("a checkpoint has an origin, a size and a root")
    return Checkpoint(said[0], decimal(said[1]), one_hash(said[2]), by)


def _signed(key: Key, text: str, body: bytes) -> int | None:
    time, message = None, text
    if key.kind == COSIGNER:
        time, body = int.from_bytes(body[:8], "big"), body[8:]
        message = "cosignature/v1\ntime %d\n%s" % (time, text)
    if (time or 0) >= 1 << 63 or not verifies(key.raw, message.encode(), body):
        raise Forged(str(key))
    return time


class Forged(Bad):
    """A signature in the name of a known key that it did not make."""


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def root_of(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """The root to which a proof leads (RFC 9162 2.1.3.2); None where it leads to none."""
    if not 0 <= index < size:
        return None
    fn, sn, found = index, size - 1, leaf
    for each in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            found = sha256(b"\x01" + each + found).digest()
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            found = sha256(b"\x01" + found + each).digest()
        fn, sn = fn >> 1, sn >> 1
    return found if sn == 0 else None


def read_proof(data: bytes) -> tuple[int, list[bytes], bytes]:
    """A tlog-proof without an extra line: index, path, and the checkpoint's note."""
    above, blank, note = plain(data, 1 << 18).partition("\n\n")
    lines = above.split("\n")
    if not blank or len(lines) < 2 or lines[0] != "c2sp.org/tlog-proof@v1":
        raise Bad("a proof begins with c2sp.org/tlog-proof@v1")
    if not lines[1].startswith("index ") or len(lines) - 2 > MOST_HASHES:
        raise Bad("a proof names an index, and has at most %d hashes" % MOST_HASHES)
    return decimal(lines[1][6:]), [one_hash(each) for each in lines[2:]], note.encode()


# ── the dossier ───────────────────────────────────────────────────────────────────────────────


class Line(NamedTuple):
    """One record that was read: its header and body, and how far it is proven."""

    place: tuple[str, int]
    file: str
    header: dict[str, Any]
    body: dict[str, Any]
    data: bytes
    state: str  # witnessed · signed · shared · mirrored · recorded · failed
    by: dict[Key, int | None]  # who but the journal itself has cosigned it
    read: str = ""  # of a partner's: the state of our record that says that it was read


class Check:
    """One checking of one dossier: what was found, and what does not hold."""

    def __init__(self, believed: list[Key], policy: Policy | None) -> None:
        self.believed, self.given = believed, policy
        self.faults: list[Fault] = []
        self.notices: list[Fault] = []
        self.files: dict[str, bytes] = {}
        self.manifest: dict[str, Any] = {}
        self.lines: list[Line] = []
        self.opened: list[dict[str, Any]] = []
        self.attached = 0
        self.keys: list[Key] = []
        self.checkpoint: Checkpoint | None = None
        self._notes: dict[bytes, Checkpoint] = {}
        self._roots: dict[tuple[str, int], tuple[bytes, str]] = {}

    def run(self, data: bytes) -> bool:
        """Checks everything; whether it holds."""
        try:
            self.files = unzip(data)
            self._read_manifest()
            self._compare_files()
            self._believe()
            self._read_checkpoint()
        except Fault as fault:
            self.faults.append(fault)
            return False
        self._read_records()
        self._read_channels()
        self._read_openings()
        self._read_attachments()
        self._look_for_gaps()
        self._look_for_subject()
        return not self.faults

    def _say(self, code: str, file: str = "", **facts: Any) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(code, file, **facts))

    def _note(self, code: str, file: str = "", **facts: Any) -> None:
        self.notices.append(Fault(code, file, **facts))

    # ── what is in it ──

    def _read_manifest(self) -> None:
        name = "manifest.json"
        if name not in self.files:
            raise Fault("file-missing", name)
        try:
            said = read_json(self.files[name])
            self.manifest = _shaped(said)
        except Bad as bad:
            raise Fault("manifest", name, found=str(bad)) from None

    def _compare_files(self) -> None:
        listed: dict[str, Any] = self.manifest["files"]
        for name in self.files:
            if name != "manifest.json" and name not in listed:
                self._say("file-extra", name)
        for name, said in listed.items():
            data = self.files.get(name)
            if data is None:
                self._say("file-missing", name)
            elif (said["size"], said["sha256"]) != (len(data), sha256(data).hexdigest()):
                self._say("digest", name, expected=said["sha256"], found=sha256(data).hexdigest())
        named = [each["file"] for each in self.manifest["records"]]
        if list(self.files) != sorted(self.files, key=_order):
            self._say("order", "manifest.json")
        if len(set(named)) != len(named):
            self._say("record-twice", "manifest.json")

    def _believe(self) -> None:
        """The keys to go by. One that was given counts with its name and its role, as given: who
        has the key of one of them is not thereby another."""
        try:
            inside = read_policy(self._file("policy"))
        except Bad as bad:
            raise Fault("policy", "policy", found=str(bad)) from None
        self.policy = self.given or inside
        self.keys = self.policy.keys
        twice = two_names([*self.believed, *self.keys])
        if twice:
            raise Fault("key-twice", "policy", expected=str(twice[0]), found=str(twice[1]))
        if self.believed:
            known, own = set(self.believed), self.manifest["origin"]
            for key in self.keys:
                if key not in known and key.kind == LOG and key.name == own:
                    raise Fault("key", "policy", found=str(key))
            self.keys = [key for key in self.keys if key in known]
            kept = {name: key for name, key in self.policy.witnesses.items() if key in known}
            self.policy = self.policy._replace(witnesses=kept, groups=_among(self.policy, kept))
            if self.policy.quorum not in {"none", *kept, *self.policy.groups}:
                self.policy = self.policy._replace(quorum="none")

    def _read_checkpoint(self) -> None:
        origin = self.manifest["origin"]
        if "checkpoint" not in self.files:
            self._note("no-checkpoint")
            return
        self.checkpoint = self._judged("checkpoint", self.files["checkpoint"], origin)

    def _judged(self, file: str, note: bytes, origin: str) -> Checkpoint:
        """A checkpoint signed by the log; each note is checked once. Raises: Fault."""
        found = self._notes.get(note)
        if found is None:
            try:
                found = read_note(note, self.keys)
            except Forged as forged:
                raise Fault("signature", file, key=str(forged)) from None
            except Bad as bad:
                raise Fault("checkpoint", file, found=str(bad)) from None
            self._notes[note] = found
        before, epoch, number = found.origin.rpartition("/epoch/")
        counted = len(number) < 5 and number.isdecimal() and str(int(number)) == number
        later = epoch and before == origin and counted and int(number) > 1
        if found.origin != origin and not later:
            raise Fault("origin", file, expected=origin, found=found.origin)
        if not any(key.kind == LOG and key.name == found.origin for key in found.by):
            raise Fault("unsigned", file, origin=found.origin)
        at = (found.origin, found.size)
        root, first = self._roots.setdefault(at, (found.root, file))
        if root != found.root:
            raise Fault("two-histories", file, size=found.size, other=first)
        return found

    # ── records ──

    def _file(self, name: str) -> bytes:
        if name not in self.files:
            raise Fault("file-missing", name)
        return self.files[name]

    def _read_records(self) -> None:
        last: dict[str, tuple[int, str]] = {}
        places: set[tuple[str, int]] = set()
        for said in self.manifest["records"]:
            try:
                line = self._record(said)
            except Fault as fault:
                fault.facts.setdefault("origin", said["origin"])
                fault.facts.setdefault("position", said["position"])
                self._say(fault.code, fault.file, **fault.facts)
                continue
            origin, position = line.place
            before = last.get(origin, (0, ""))
            if line.place in places or position <= before[0]:
                self._say("order", line.file, origin=origin, position=position)
            elif line.header["at"] < before[1]:
                self._say("time", line.file, origin=origin, position=position)
            last[origin] = (position, line.header["at"])
            places.add(line.place)
            self.lines.append(line)

    def _record(self, said: dict[str, Any]) -> Line:
        file, origin, position = said["file"], said["origin"], said["position"]
        data = self._file(file)
        header, body = read_record(file, data)
        stands = (header["origin"], header["position"])
        if stands != (origin, position):
            raise Fault(
                "record-place", file, expected=f"{origin}#{position}", found="%s#%s" % stands
            )
        if said["channel"] is not None:  # until it is compared with the channel
            return Line(stands, file, header, body, data, "failed", {})
        if origin != self.manifest["origin"]:
            raise Fault("unproven", file)
        if said["proof"] is None:
            self._note("recorded", file, origin=origin, position=position)
            return Line(stands, file, header, body, data, "recorded", {})
        try:
            found = self._judge(said["proof"], data, origin, position)
        except Fault as fault:  # what is opened of it is still compared with it
            where = file if fault.code == "inclusion" else fault.file
            self._say(fault.code, where, **{**fault.facts, "origin": origin, "position": position})
            return Line(stands, file, header, body, data, "failed", {})
        times = [time for time in found.by.values() if time is not None]
        if times and _instant(header["at"]).timestamp() > min(times) + AHEAD.total_seconds():
            self._note("clock", file, origin=origin, position=position)
        others = {  # a journal is no witness of itself
            key: time for key, time in found.by.items()
            if key.kind == COSIGNER and not (key.name + "/").startswith(origin + "/")
        }  # fmt: skip
        witnessed = others and self.policy.met(set(found.by))
        state = "witnessed" if witnessed else "signed"
        return Line(stands, file, header, body, data, state, others)

    def _judge(self, file: str, data: bytes, origin: str, position: int) -> Checkpoint:
        """The checkpoint in which a record stands. Raises: Fault."""
        found = self._proven(file, data, origin, position)
        if self.checkpoint is not None and found.size > self.checkpoint.size:
            size = self.checkpoint.size
            raise Fault("checkpoint-older", "checkpoint", expected=found.size, found=size)
        if self.given is not None and not self.policy.met(set(found.by)):
            raise Fault("quorum", file, expected=self.policy.quorum)
        return found

    def _proven(self, file: str, data: bytes, origin: str, position: int) -> Checkpoint:
        try:
            index, path, note = read_proof(self._file(file))
        except Bad as bad:
            raise Fault("proof", file, found=str(bad)) from None
        if index != position - 1:
            raise Fault("proof-index", file, expected=position - 1, found=index)
        found = self._judged(file, note, origin)
        root = root_of(leaf_hash(data), index, found.size, path)
        if root != found.root:
            shown = root.hex() if root is not None else "-"
            raise Fault("inclusion", file, expected=found.root.hex(), found=shown)
        return found

    def _read_channels(self) -> None:
        """Records of the partner: where they stood in its channel when we read it."""
        by_place = {line.place: line for line in self.lines}
        for said in self.manifest["records"]:
            line = by_place.get((said["origin"], said["position"]))
            if said["channel"] is None or line is None:
                continue
            origin, position = line.place
            try:
                read, signed = self._channel(said["channel"], said["proof"], line, by_place)
            except Fault as fault:
                facts = {**fault.facts, "origin": origin, "position": position}
                self._say(fault.code, fault.file, **facts)
                continue
            state = "shared" if signed else "mirrored"
            if read.state not in ("witnessed", "signed"):  # no better proven than its reading
                state = "recorded"
                self._note("unread", line.file, origin=origin, position=position)
            self.lines[self.lines.index(line)] = line._replace(state=state, read=read.state)

    def _channel(
        self, file: str, proof: str | None, line: Line, known: dict[tuple[str, int], Line]
    ) -> tuple[Line, bool]:
        """Compares a partner's record with its channel. By which record of ours it was read, and
        whether the channel is signed by the partner, with a key that is believed. Raises: Fault."""
        own, (origin, _) = self.manifest["origin"], line.place
        try:
            said = _members(read_json(self._file(file)), {
                "channel": str, "number": int, "header": str, "size": int, "root": str,
                "path": list, "read": int,
            })  # fmt: skip
            head = said["header"].encode()
            entered = canonical(head)
            path = [unhex(each) for each in said["path"]]
            root = unhex(said["root"])
        except Bad as bad:
            raise Fault("channel", file, found=str(bad)) from None
        log, number, size = f"{origin}/to/{own}", said["number"], said["size"]
        stood = (entered.get("channel"), entered.get("number"))
        if said["channel"] != log or stood != (log, number):
            raise Fault("channel-place", file, expected=f"{log}#{number}", found="%s#%s" % stood)
        leaf = leaf_hash(head + b"\n" + line.data)
        if len(path) > MOST_HASHES or root_of(leaf, number - 1, size, path) != root:
            raise Fault("channel-inclusion", file, expected=said["root"])
        read = known.get((own, said["read"]))
        if read is None:
            raise Fault("channel-read", file, expected=f"{own}#{said['read']}")
        told = read.body
        found = (read.header["kind"], told.get("partner"), told.get("last"), told.get("root"))
        if found != ("PartnerRead", origin, size, said["root"]):
            raise Fault("channel-read", file, expected=f"PartnerRead {origin} {size}",
                        found="%s %s %s" % found[:3])  # fmt: skip
        if proof is None:
            return read, False
        return read, self._signed_by_partner(proof, log, origin, number - 1, leaf)

    def _signed_by_partner(self, file: str, log: str, origin: str, index: int, leaf: bytes) -> bool:
        """Whether a channel that the partner has signed holds this leaf. Raises: Fault."""
        try:
            stated, path, note = read_proof(self._file(file))
            found = self._notes.get(note) or read_note(note, self.keys)
            self._notes[note] = found
        except Forged as forged:
            raise Fault("signature", file, key=str(forged)) from None
        except Bad as bad:
            raise Fault("proof", file, found=str(bad)) from None
        if found.origin != log:
            raise Fault("origin", file, expected=log, found=found.origin)
        if stated != index:
            raise Fault("proof-index", file, expected=index, found=stated)
        if root_of(leaf, index, found.size, path) != found.root:
            raise Fault("channel-inclusion", file, expected=found.root.hex())
        return any(key.kind == LOG and key.name == origin for key in found.by)

    # ── what is opened ──

    def _read_openings(self) -> None:
        by_place = {line.place: line for line in self.lines}
        shown: set[tuple[str, int, str, str]] = set()
        for said in self._list("openings.json", {
            "origin": str, "position": int, "person": str, "group": str, "salt": str,
            "payload": str,
        }):  # fmt: skip
            where = {name: said[name] for name in ("origin", "position", "person", "group")}
            shown.add((said["origin"], said["position"], said["person"], said["group"]))
            line = by_place.get((said["origin"], said["position"]))
            expected = _committed(line).get((said["person"], said["group"])) if line else None
            try:
                salt, payload = unhex(said["salt"]), said["payload"].encode()
                texts = canonical(payload)
            except (Bad, UnicodeEncodeError) as bad:
                self._say("opening", "openings.json", found=str(bad), **where)
                continue
            found = sha256(b"pc1" + salt + payload).hexdigest()
            if expected != found:
                self._say("opening", "openings.json", expected=expected, found=found, **where)
                continue
            self.opened.append({**where, "texts": texts})
        closed = {
            (each["origin"], each["position"], each["person"], each["group"])
            for each in self.manifest["closed"]
        }
        for line in self.lines:
            for person, group in _committed(line):
                whole = (*line.place, person, group)
                if whole not in shown and whole not in closed:
                    self._say("silent", line.file, origin=line.place[0], position=line.place[1],
                              person=person, group=group)  # fmt: skip

    def _list(self, file: str, members: dict[str, type]) -> list[dict[str, Any]]:
        if file not in self.files:
            return []
        try:
            said = read_json(self.files[file])
            if not isinstance(said, list):
                raise Bad("not a list")
            every: list[Any] = said  # pyright: ignore[reportUnknownVariableType]
            return [_members(each, members) for each in every]
        except Bad as bad:
            self._say("form", file, found=str(bad))
            return []

    def _read_attachments(self) -> None:
        cited = {each for line in self.lines for each in line.header.get("evidence", ())}
        told = {each["commitment"] for each in self.manifest["missing"]}
        for said in self.manifest["attachments"]:
            file, expected = said["file"], said["commitment"]
            told.add(expected)
            if file not in self.files:
                if file not in self.manifest["files"]:  # of one that is listed it was said already
                    self._say("file-missing", file)
                continue
            try:
                payload = said["about"].encode() + b"\n" + self.files[file]
                found = sha256(b"pc1" + unhex(said["salt"]) + payload).hexdigest()
            except (Bad, UnicodeEncodeError):
                found = "-"
            if found != expected:
                self._say("attachment", file, expected=expected, found=found)
            elif expected not in cited:
                self._say("attachment-uncited", file, found=expected)
            else:
                self.attached += 1
        for each in sorted(cited - told):
            self._say("attachment-missing", "", expected=each)

    def _look_for_gaps(self) -> None:
        """Streams that are said to be whole have each version from 1 on; others are told of."""
        versions: dict[tuple[str, str], set[int]] = {}
        support = {each["file"] for each in self.manifest["records"] if each["role"] == "support"}
        for line in self.lines:
            if line.file in support:
                continue
            stream = (line.place[0], line.header["stream"])
            versions.setdefault(stream, set()).add(line.header["version"])
        whole = {
            (each["origin"], each["stream"]): each["records"] for each in self.manifest["whole"]
        }
        for stream, count in whole.items():
            lacking = sorted(set(range(1, count + 1)) - versions.get(stream, set()))
            if lacking:
                self._say("gap", "", origin=stream[0], stream=stream[1], missing=lacking[:20])
        for stream, have in sorted(versions.items()):
            if stream not in whole and len(have) != max(have):
                lacking = sorted(set(range(1, max(have))) - have)
                self._note("partial", "", origin=stream[0], stream=stream[1], missing=len(lacking))

    def _look_for_subject(self) -> None:
        """No one signs what a dossier says that it is about: so it must be found in the records."""
        kind, subject = self.manifest["kind"], self.manifest["subject"]
        try:
            if kind not in SUBJECTS or not subject.startswith(SUBJECTS[kind]):
                raise Bad("not the id of one")
            if kind == "period":
                period = _period(subject)
                for line in self.lines:
                    if not _of_period(line, self.manifest["origin"], *period):
                        self._say("period", line.file, expected=subject)
                return
        except Bad:
            self._say("subject", "manifest.json", expected="%s %s" % (kind, subject))
            return
        about = [line for line in self.lines if _is_about(line, kind, subject)]
        if not about:
            self._say("subject", "manifest.json", expected="%s %s" % (kind, subject))
        elif {line.state for line in about} == {"recorded"} and len(about) < len(self.lines):
            self._note("subject-unsigned", "manifest.json", expected=subject)

    # ── what it comes to ──

    def verdict(self) -> dict[str, Any]:
        """What is proven and what is not, as a program reads it."""
        states = [line.state for line in self.lines]
        kept = self.checkpoint
        return {
            "format": FORMAT,
            "verdict": "fails" if self.faults else "holds",
            "pinned": bool(self.believed or self.given),
            "kind": self.manifest.get("kind"),
            "subject": self.manifest.get("subject"),
            "origin": self.manifest.get("origin"),
            "made": self.manifest.get("made"),
            "checkpoint": None if kept is None else {"size": kept.size, "root": kept.root.hex()},
            "keys": [str(key) for key in self.keys],
            "records": {name: states.count(name) for name in STATES},
            "opened": len(self.opened),
            "closed": len(self.manifest.get("closed", ())),
            "attachments": self.attached,
            "faults": [each.told() for each in self.faults],
            "notices": [each.told() for each in self.notices],
        }


STATES = ("witnessed", "signed", "shared", "mirrored", "recorded")
SUBJECTS = {
    "worker": "per_", "transfer": "trf_", "grant": "grt_", "case": "cas_", "fund": "fnd_",
    "period": "uni_",
}  # fmt: skip
"""What a dossier can be about, and how its id begins."""


def _is_about(line: Line, kind: str, subject: str) -> bool:
    """A thing has a stream of its own; a worker and a transfer may stand in the records of others."""
    if line.header["stream"] == subject:
        return True
    return kind in ("worker", "transfer") and subject in _texts(line.body)


def _texts(value: Any) -> set[str]:
    """Every text in a value of JSON, and every name of a member."""
    found: set[str] = set()
    rest = [value]
    while rest:
        each = rest.pop()
        if isinstance(each, str):
            found.add(each)
        elif isinstance(each, dict):
            rest += [*each, *each.values()]
        elif isinstance(each, list):
            rest += each
    return found


def _period(subject: str) -> tuple[str, date, date]:
    """A union, and the first and the last of the days. Raises: Bad."""
    try:
        union, since, until = subject.split(" ")
        first, last = date.fromisoformat(since), date.fromisoformat(until)
    except ValueError:
        raise Bad("not a union and two days") from None
    if (first.isoformat(), last.isoformat()) != (since, until):
        raise Bad("not days in their one form")
    return union, first, last


def _of_period(line: Line, origin: str, union: str, first: date, last: date) -> bool:
    """Whether a record was entered for this union on one of these days, Beijing's."""
    try:
        day = _instant(line.header["at"]).astimezone(BEIJING).date()
    except OverflowError:
        return False
    return (line.place[0], line.header.get("union")) == (origin, union) and first <= day <= last


def _among(policy: Policy, kept: dict[str, Key]) -> dict[str, tuple[int, list[str]]]:
    """The groups of a policy, of those witnesses that are believed."""
    made: dict[str, tuple[int, list[str]]] = {}
    for name, (least, members) in policy.groups.items():
        here = [each for each in members if each in kept or each in made]
        if here:
            made[name] = (least, here)
    return made


def _order(name: str) -> tuple[int, str]:
    return (0 if name == "manifest.json" else 1, name)


def read_record(file: str, data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """A record's header and body. Raises: Fault."""
    head, newline, rest = data.partition(b"\n")
    try:
        if len(data) > MOST_RECORD or not newline:
            raise Bad("a record is a header, a line feed and a body")
        header = _members(canonical(head), {
            "origin": str, "position": int, "stream": str, "version": int, "kind": str,
            "at": str, "entry": str,
        })  # fmt: skip
        body = canonical(rest)
        _instant(header["at"])
        if type(header.get("evidence", [])) is not list or not all(
            isinstance(each, str) for each in header.get("evidence", [])
        ):
            raise Bad("evidence is a list of commitments")
        for groups in _members(body.get("sealed", {}), {}).values():
            _members(groups, {})
    except Bad as bad:
        raise Fault("record", file, found=str(bad)) from None
    return header, body


def _committed(line: Line) -> dict[tuple[str, str], str]:
    return {
        (person, group): value
        for person, groups in line.body.get("sealed", {}).items()
        for group, value in groups.items()
    }


def _instant(text: str) -> datetime:
    try:
        found = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    except ValueError:
        raise Bad("not an instant") from None
    if found.isoformat(timespec="microseconds") != text[:-1] + "+00:00":
        raise Bad("not an instant in its one form")
    return found


def _members(value: Any, members: dict[str, type]) -> dict[str, Any]:
    """An object that has these members, each of its type. Raises: Bad."""
    if not isinstance(value, dict):
        raise Bad("not an object")
    found: dict[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
    for name, kind in members.items():
        if type(found.get(name)) is not kind:
            raise Bad("%s is missing, or of another type" % name)
    return found


PROOFS = ("proof", "channel")
"""How a record is proven: each names a file, or is null; neither is left out."""


def _shaped(said: Any) -> dict[str, Any]:
    """The manifest, if it has the form of one. Raises: Bad."""
    made = _members(said, {
        "format": str, "kind": str, "subject": str, "origin": str, "made": str, "files": dict,
        "records": list, "closed": list, "attachments": list, "missing": list, "whole": list,
    })  # fmt: skip
    if made["format"] != FORMAT:
        raise Bad("of another format: " + made["format"][:40])
    for each in made["files"].values():
        _members(each, {"sha256": str, "size": int})
    for each in made["records"]:
        _members(each, {"origin": str, "position": int, "file": str, "role": str})
        if any(not isinstance(each.get(name, 0), (str, type(None))) for name in PROOFS):
            raise Bad("a proof is a file, or null")
    for each in made["closed"]:
        _members(each, {"origin": str, "position": int, "person": str, "group": str, "why": str})
    for each in made["attachments"]:
        _members(each, {"commitment": str, "salt": str, "about": str, "file": str})
    for each in made["missing"]:
        _members(each, {"commitment": str, "why": str})
    for each in made["whole"]:
        _members(each, {"origin": str, "stream": str, "records": int})
        if not 0 < each["records"] <= MOST_FILES:
            raise Bad("a stream of too many records")
    return made


# ── in words ──────────────────────────────────────────────────────────────────────────────────

WORDS = {
    "zip-size": ("文件过大（上限 {expected} 字节）", "too large (at most {expected} bytes)"),
    "zip-end": ("不是完整的 zip：被截断，或后面添加了内容",
                "not a whole zip: cut short, or something was added behind it"),
    "zip-form": ("zip 的结构与案卷不符：夹带、重叠或目录与内容不一致",
                 "not laid out as a dossier: something is hidden, overlaps or contradicts itself"),
    "zip-twice": ("zip 中有两个同名文件", "two files of one name in the zip"),
    "zip-packed": ("案卷内文件从不压缩，此文件经过压缩", "files of a dossier are stored, this one is packed"),
    "zip-crc": ("文件与 zip 的校验码不符", "the file does not fit the zip's own checksum"),
    "zip-name": ("文件名不合规，可能写到目录之外", "a name that may lead outside the folder"),
    "manifest": ("清单不能读：{found}", "the manifest cannot be read: {found}"),
    "file-missing": ("清单列有此文件，案卷中没有", "listed, and not there"),
    "file-extra": ("案卷中有清单未列的文件", "there, and not listed"),
    "digest": ("与清单所载摘要不符：应为 {expected}，实为 {found}",
               "not what the manifest lists: {expected} expected, {found} found"),
    "policy": ("信任策略不能读：{found}", "the policy cannot be read: {found}"),
    "key": ("案卷所用总账公钥不是您给出的：{found}", "the log key is not one that you gave: {found}"),
    "key-twice": ("同一公钥用了两个名称或用途：{expected} 与 {found}",
                  "one key under two names or roles: {expected} and {found}"),
    "checkpoint": ("校验点不能读：{found}", "the checkpoint cannot be read: {found}"),
    "signature": ("签名不成立：不是 {key} 所签", "a signature fails: not made by {key}"),
    "unsigned": ("没有 {origin} 的签名", "{origin} has not signed"),
    "origin": ("校验点属于另一本总账：应为 {expected}，实为 {found}",
               "of another journal: {expected} expected, {found} found"),
    "two-histories": ("同为 {size} 笔却有两个根值（另见 {other}）：出示了两份历史",
                      "two roots at size {size} (see {other}): two histories were shown"),
    "checkpoint-older": ("校验点只到第 {found} 笔，证明却到第 {expected} 笔",
                         "the checkpoint is of size {found}, a proof of size {expected}"),
    "quorum": ("见证不足：未达到信任策略要求（{expected}）", "not witnessed as the policy asks: {expected}"),
    "record": ("记录不合格式：{found}", "not a record: {found}"),
    "record-twice": ("清单中同一文件列了两次", "one file is listed twice"),
    "record-place": ("记录位置不符：应为 {expected}，实为 {found}",
                     "of another place: {expected} expected, {found} found"),
    "unproven": ("另一本总账的记录，未附证明", "a record of another journal without any proof"),
    "order": ("次序不对，或重复", "out of order, or twice"),
    "time": ("登记时间早于前一笔", "recorded earlier than the one before it"),
    "proof": ("证明文件不能读：{found}", "the proof cannot be read: {found}"),
    "proof-index": ("证明的是另一个位置：应为 {expected}，实为 {found}",
                    "a proof of another place: {expected} expected, {found} found"),
    "inclusion": ("记录不在所签的总账中：根值应为 {expected}，推得 {found}",
                  "not in the journal that was signed: root {expected} expected, {found} found"),
    "channel": ("通道证明不能读：{found}", "the channel proof cannot be read: {found}"),
    "channel-place": ("通道位置不符：应为 {expected}，实为 {found}",
                      "of another place in the channel: {expected} expected, {found} found"),
    "channel-inclusion": ("对方记录不在所阅通道中：根值应为 {expected}",
                          "not in the channel that was read: root {expected} expected"),
    "channel-read": ("本账没有相应的阅读记录：应为 {expected}",
                     "no record here of that reading: {expected} expected"),
    "opening": ("所附原文（{group}）与记录中的承诺值不符", "the opened text ({group}) is not the one committed to"),
    "silent": ("记录中的一组内容（{group}）既未附原文，也未说明原因",
               "a sealed group ({group}) is neither opened nor said to be closed"),
    "form": ("不合格式：{found}", "not of its form: {found}"),
    "attachment": ("附件不是当时登记的那一份：应为 {expected}，实为 {found}",
                   "not the attachment that was recorded: {expected} expected, {found} found"),
    "attachment-uncited": ("附件未被任何记录引用", "no record cites this attachment"),
    "attachment-missing": ("记录引用的附件 {expected} 未附，也未说明原因",
                           "a cited attachment is neither here nor said to be missing: {expected}"),
    "gap": ("应当完整的对象 {stream} 缺第 {missing} 号记录", "{stream} is said to be whole and lacks {missing}"),
    "subject": ("案卷自称的对象不在记录中：{expected}", "what it says it is about is in none of its records: {expected}"),
    "period": ("不是该工会在该期间的登记：{expected}", "not of that union and those days: {expected}"),
    "no-checkpoint": ("没有校验点：任何一行都未经签名", "no checkpoint: nothing here is signed"),
    "recorded": ("仅已入账，尚无签名", "recorded, and not signed yet"),
    "unread": ("登记读到它的那条记录尚无签名", "the record that it was read is not signed yet"),
    "subject-unsigned": ("对象 {expected} 只见于未签名的记录", "only unsigned records are about {expected}"),
    "partial": ("{origin} {stream} 另有 {missing} 条记录不在本案卷内", "{origin} {stream} has {missing} records more that are not here"),
    "clock": ("登记时间晚于见证时间，时钟有误", "recorded later than it was witnessed: a clock was wrong"),
}  # fmt: skip

TEXTS = {
    "holds": ("成立", "HOLDS"),
    "but": ("，但有 {n} 条记录不能证明", ", BUT NOTHING PROVES {n} OF ITS RECORDS"),
    "fails": ("不成立", "DOES NOT HOLD"),
    "head": ("两地账案卷核验", "A dossier of Liangdi, checked"),
    "of": ("出具方自称（未签名）：总账 {origin}，{kind} {subject}，出具于 {made}",
           "so the issuer says, unsigned: journal {origin}, {kind} {subject}, made {made}"),
    "stands": ("校验点：{origin} 第 1 至 {size} 笔，根值 {root}", "checkpoint: {origin}, size {size}, root {root}"),
    "witnessed": ("{n} 条记录：在已签名并经对方见证的总账中，逐字节未改动",
                  "{n} records stand unchanged in a journal that is signed and witnessed"),
    "signed": ("{n} 条记录：在已签名的总账中，逐字节未改动；尚无对方见证",
               "{n} records stand unchanged in a signed journal; nobody else has witnessed it"),
    "shared": ("{n} 条对方记录：在对方签名的通道中，逐字节如此；本省当时也是这样读到的",
               "{n} records of the partner stand unchanged in the channel that it signed, and are "
               "what was read then"),
    "mirrored": ("{n} 条对方记录：本省签名登记，从对方通道读到的就是这些字节；没有对方签名",
                 "{n} records of the partner are what this journal, signed, says that it read in the "
                 "partner's channel; nothing here is signed by the partner"),
    "unwitnessed": ("对方记录中有 {n} 条，其阅读登记未经见证：何时读到，只有本省之言",
                    "of {n} records of the partner the reading is not witnessed: when it was read, "
                    "this journal alone says"),
    "recorded": ("{n} 条记录：没有签名，不能证明", "{n} records are unsigned: nothing is proven of them"),
    "opened": ("{n} 组原文：就是记录当时封存的内容", "{n} opened texts are those that were sealed"),
    "closed": ("{n} 组内容未打开：只有承诺值，原因见清单", "{n} groups stay closed; the manifest says why"),
    "attachments": ("{n} 份附件：就是记录引用的那一份", "{n} attachments are those that the records cite"),
    "latest": ("最晚于 {time}（北京时间）登记：{name} 于此时见证", "not later than {time} (Beijing): {name} witnessed it then"),
    "not": ("不能由此证明的", "What this does not prove"),
    "unpinned": (
        "公钥取自案卷本身，未与两省公布的核对：请用 --key 给出，或逐字对照下列公钥",
        "the keys are the dossier's own: compare them with those that the provinces publish, or "
        "give them with --key",
    ),
    "pinned": ("公钥与您给出的一致", "the keys are those that you gave"),
}  # fmt: skip

NEVER = (
    (
        "登记时所说的是事实",
        "未登记的事没有发生",
        "本案卷已包含全部有关记录",
        "清单所称的种类、对象、出具人、目的和时间（未签名；对象只核对是否见于记录）",
        "page.html、page.pdf 的文字（它们只便于阅读；以记录原文为准）",
        "两省合谋时的任何事",
    ),
    (
        "that a fact was true when it was recorded",
        "what was never recorded",
        "that every record on the matter is here",
        "the kind, subject, issuer, purpose and time that the manifest gives (they are unsigned; "
        "only that the subject occurs in the records is checked)",
        "the words of page.html and page.pdf (they are for reading; the records count)",
        "anything where both provinces agree to deceive",
    ),
)
KINDS = {
    "worker": "职工", "transfer": "接转", "grant": "救助", "case": "案件", "fund": "资金",
    "period": "期间",
}  # fmt: skip


def tell(check: Check, *, english: bool, every: bool) -> str:
    """The verdict in words."""
    at = 1 if english else 0

    def text(name: str, **facts: Any) -> str:
        return TEXTS[name][at].format(**facts)

    said = check.verdict()
    unproven = said["records"]["recorded"]
    lines = ["%s: %s" % (text("head"), text(said["verdict"]))]
    if said["verdict"] == "holds" and unproven:
        lines[0] += text("but", n=unproven)
    if check.manifest:
        kind = said["kind"] if english else KINDS.get(said["kind"], said["kind"])
        made = shown_time(said["made"])
        lines.append("  " + text("of", origin=said["origin"], kind=kind, subject=said["subject"],
                                 made=made))  # fmt: skip
    for fault in check.faults:
        lines.append("  ✗ " + told_fault(fault, at))
    if check.checkpoint:
        lines.append("  " + text("stands", origin=check.checkpoint.origin, **said["checkpoint"]))
    for state in STATES:
        if said["records"][state]:
            mark = "!" if state == "recorded" else "✓"
            lines.append("  %s %s" % (mark, text(state, n=said["records"][state])))
    unwitnessed = sum(line.read == "signed" for line in check.lines)
    if unwitnessed:
        lines.append("  ! " + text("unwitnessed", n=unwitnessed))
    for name in ("opened", "attachments", "closed"):
        if said[name]:
            lines.append("  %s %s" % ("·" if name == "closed" else "✓", text(name, n=said[name])))
    for notice in check.notices[:20]:
        lines.append("  ! " + told_fault(notice, at))
    lines.append("  " + text("pinned" if said["pinned"] else "unpinned"))
    lines += ["    " + key for key in said["keys"]]
    if every:
        lines += _every(check, at)
    lines.append(text("not") + (": " if english else "："))
    lines += ["  - " + each for each in NEVER[at]]
    return "".join(harmless(line) + "\n" for line in lines)


def harmless(text: str) -> str:
    """One line for a terminal: what would break, move, turn or hide it stands as its code point."""
    return "".join(
        "〔U+%04X〕" % ord(each) if unicodedata.category(each) in HIDDEN else each for each in text
    )


HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Control characters, invisible ones, half ones, and other ends of lines."""


def told_fault(fault: Fault, at: int) -> str:
    facts = {"expected": "-", "found": "-", "group": "-", **fault.facts}
    where = fault.file
    if "position" in facts:
        where += " (%s#%s)" % (facts.get("origin", ""), facts["position"])
    if "person" in facts:
        where += " " + facts["person"]
    said = WORDS.get(fault.code, (fault.code, fault.code))[at].format(**facts)
    return "%s%s[%s]" % (where + (": " if at else "：") if where else "", said, fault.code)


def _every(check: Check, at: int) -> list[str]:
    """Each record with what is opened of it: read from the proven bytes, not from the page."""
    texts: dict[tuple[str, int], list[str]] = {}
    for each in check.opened:
        shown = json.dumps(each["texts"], ensure_ascii=False)
        place = (each["origin"], each["position"])
        texts.setdefault(place, []).append("      %s: %s" % (each["group"], shown))
    lines: list[str] = []
    for line in check.lines:
        head = line.header
        lines.append("  %s#%d [%s] %s %s %s" % (
            *line.place, line.state, head.get("on", ""), head["kind"], shown_time(head["at"])
        ))  # fmt: skip
        for key, time in line.by.items():
            if time is not None:
                when = datetime.fromtimestamp(time, BEIJING).strftime("%Y-%m-%d %H:%M:%S")
                lines.append("      " + TEXTS["latest"][at].format(time=when, name=key.name))
        body = {name: value for name, value in line.body.items() if name != "sealed"}
        lines.append("      " + json.dumps(body, ensure_ascii=False, sort_keys=True))
        lines += texts.get(line.place, [])
    return lines


def shown_time(text: Any) -> str:
    """An instant as a clock in Beijing shows it."""
    try:
        return _instant(text).astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
    except (Bad, OverflowError):
        return "?"


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="verify.py", description="核验两地账案卷 / Checks a dossier."
    )
    parser.add_argument("file", help="案卷 / the dossier")
    parser.add_argument("--key", action="append", default=[], metavar="VKEY",
                        help="相信的公钥，可写多次 / a key that you believe")  # fmt: skip
    parser.add_argument("--policy", metavar="FILE", help="信任策略文件 / a policy of your own")
    parser.add_argument("--list", action="store_true", help="列出每条记录与原文 / every record")
    parser.add_argument("--english", action="store_true", help="in English")
    parser.add_argument("--json", action="store_true", help="供程序读取 / for programs")
    asked = parser.parse_args(arguments)
    try:
        believed = read_keys(asked.key)
        policy = None
        if asked.policy:
            with open(asked.policy, "rb") as file:
                policy = read_policy(file.read(1 << 17))
        with open(asked.file, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except Bad as bad:
        sys.stderr.write(harmless(str(bad)) + "\n")
        return 2
    except OSError as fault:
        sys.stderr.write("%s\n" % fault)
        return 6
    check = Check(believed, policy)
    holds = check.run(data)
    if asked.json:
        said = json.dumps(check.verdict(), indent=2) + "\n"
    else:
        said = tell(check, english=asked.english, every=asked.list)
    sys.stdout.buffer.write(said.encode())
    return 0 if holds else 5


if __name__ == "__main__":
    sys.exit(main())
