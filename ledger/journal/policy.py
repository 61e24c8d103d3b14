"""Whom we believe (信任策略): logs, witnesses, and how many of them are enough, in one small file.

C2SP's tlog-policy, in Ed25519. `log <vkey> [<url>]`, `witness <name> <vkey> [<url>]`,
`group <name> all|any|<k> <name>…`, and one `quorum <name>|none`. The file is written by the keeper
of a node; a keeper elsewhere, or a court, may have another and judge the same evidence by it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from ledger.journal.keys import Role
from ledger.journal.notes import (
    BadNote,
    Checkpoint,
    Kind,
    Malformed,
    Note,
    PublicKey,
    Signed,
    Unsigned,
    decimal,
    verify,
)

MOST_BYTES = 1 << 16
MOST = 64
"""The most logs, witnesses or groups; the specification asks for 32 of each."""

NONE = "none"
PARTNERS = "partners"
"""The group in which witnesses stand that were added by themselves, of whom any one is enough."""


class Short(BadNote):
    """Signed by the log, but not cosigned by as many witnesses as the policy asks for."""


class Named(NamedTuple):
    """A key of the policy, and where its owner can be reached."""

    key: PublicKey
    url: str = ""


class Judged(NamedTuple):
    """A checkpoint that holds under a policy, and what it rests on."""

    checkpoint: Checkpoint
    log: PublicKey
    witnesses: Mapping[str, Signed]  # by their names in the policy


class Group(NamedTuple):
    """Witnesses and groups of which at least so many must have cosigned."""

    least: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """Logs, witnesses by name, groups of them, and the quorum."""

    logs: Sequence[Named] = ()
    witnesses: Mapping[str, Named] = field(default_factory=dict[str, Named])
    groups: Mapping[str, Group] = field(default_factory=dict[str, Group])
    quorum: str = NONE

    @property
    def keys(self) -> list[PublicKey]:
        """Every key that a note is checked against."""
        return [each.key for each in (*self.logs, *self.witnesses.values())]

    def of_log(self, origin: str) -> list[PublicKey]:
        """The keys that we believe for a log; none where it is not known."""
        return [each.key for each in self.logs if each.key.name == origin]

    def judge(self, note: Note) -> Judged:
        """Reads a checkpoint, and says what it rests on.

        Raises: BadNote; Unsigned where no log of the policy has signed, Short where too few
        witnesses have.
        """
        checkpoint = Checkpoint.parse(note.text)
        by = verify(note, self.keys)
        log = next((s.key for s in by if s.key in self.of_log(checkpoint.origin)), None)
        if log is None:
            raise Unsigned(f"{checkpoint.origin} has not signed")
        found = {each.key: each for each in by}
        witnesses = {
            name: found[each.key] for name, each in self.witnesses.items() if each.key in found
        }
        if not self._met(self.quorum, witnesses):
            raise Short(f"{len(witnesses)} witnesses are not enough for the quorum {self.quorum}")
        return Judged(checkpoint, log, witnesses)

    def _met(self, name: str, by: Mapping[str, Signed]) -> bool:
        if name == NONE:
            return True
        group = self.groups.get(name)
        if group is None:
            return name in by
        return sum(self._met(each, by) for each in group.members) >= group.least

    def grown(self, *keys: PublicKey, url: str = "") -> "Policy":
        """The same with these keys too, witnesses among them in the group of partners.

        Raises: Malformed.
        """
        have = {each.raw for each in self.keys}
        new = [k for k in dict.fromkeys(keys) if k.kind is not Kind.VOUCHER and k.raw not in have]
        if not new:
            return self
        logs = [*self.logs, *(Named(key) for key in new if key.kind is Kind.LOG)]
        witnesses, groups = dict(self.witnesses), dict(self.groups)
        names: list[str] = []
        for key in new:
            if key.kind is Kind.COSIGNER:
                name = key.name if key.name not in witnesses else f"{key.name}#{key.id.hex()}"
                witnesses[name] = Named(key, url)
                names.append(name)
        quorum = self.quorum
        if names and (PARTNERS in groups or (quorum == NONE and not groups)):
            members = groups.get(PARTNERS, Group(1, ())).members
            groups[PARTNERS] = Group(1, (*members, *names))
            quorum = PARTNERS if quorum == NONE else quorum
        return Policy.parse(str(Policy(logs, witnesses, groups, quorum)).encode())

    # ── as a file ──

    def __str__(self) -> str:
        lines = [f"log {each.key} {each.url}".rstrip() for each in self.logs]
        lines += [
            f"witness {n} {each.key} {each.url}".rstrip() for n, each in self.witnesses.items()
        ]
        lines += [f"group {n} {g.least} {' '.join(g.members)}" for n, g in self.groups.items()]
        return "".join(f"{line}\n" for line in (*lines, f"quorum {self.quorum}"))

    @classmethod
    def parse(cls, data: bytes) -> "Policy":
        """Reads a policy file. Raises: Malformed, with the line at fault."""
        if len(data) > MOST_BYTES:
            raise Malformed(f"more than {MOST_BYTES} bytes")
        made = _Reading()
        for number, line in enumerate(data.split(b"\n"), 1):
            try:
                made.read(line)
            except BadNote as fault:
                raise Malformed(f"line {number}: {fault}") from None
        if made.quorum is None:
            raise Malformed("a policy names one quorum")
        return cls(made.logs, made.witnesses, made.groups, made.quorum)


class _Reading:
    """A policy file while it is read, line by line."""

    def __init__(self) -> None:
        self.logs: list[Named] = []
        self.witnesses: dict[str, Named] = {}
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self._members: set[str] = set()

    def read(self, line: bytes) -> None:
        if re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", line):
            raise Malformed("a control character")
        # Names are octets to the specification: what is no UTF-8 is kept apart, and not mended.
        words = line.decode("utf-8", "surrogateescape").strip(" \t")
        if not words or words.startswith("#"):
            return
        match re.split(r"[ \t]+", words):
            case ["log", key, *url] if len(url) < 2:
                self._log(_key(key, Kind.LOG), *url)
            case ["witness", name, key, *url] if len(url) < 2:
                self._witness(name, _key(key, Kind.COSIGNER), *url)
            case ["group", name, least, *members] if members:
                self._group(name, least, tuple(members))
            case ["quorum", name]:
                if self.quorum is not None:
                    raise Malformed("a second quorum")
                self.quorum = name if name == NONE else self._known(name)
            case _:
                raise Malformed("not a line that a policy has")

    def _log(self, key: PublicKey, url: str = "") -> None:
        self._new_key(key, self.logs)
        self.logs.append(Named(key, url))

    def _witness(self, name: str, key: PublicKey, url: str = "") -> None:
        self._new_name(name)
        self._new_key(key, list(self.witnesses.values()))
        self.witnesses[name] = Named(key, url)

    def _group(self, name: str, least: str, members: tuple[str, ...]) -> None:
        self._new_name(name)
        for each in members:
            if self._known(each) in self._members:
                raise Malformed(f"{each!r} counts twice")
            self._members.add(each)
        count = {"all": len(members), "any": 1}.get(least) or decimal(least)
        if not 1 <= count <= len(members):
            raise Malformed(f"{count} of {len(members)}")
        self.groups[name] = Group(count, members)

    def _known(self, name: str) -> str:
        if name not in self.witnesses and name not in self.groups:
            raise Malformed(f"{name!r} is not named above")
        return name

    def _new_name(self, name: str) -> None:
        if name == NONE or name in self.witnesses or name in self.groups:
            raise Malformed(f"{name!r} is taken")
        if max(len(self.witnesses), len(self.groups)) >= MOST:
            raise Malformed(f"more than {MOST}")

    def _new_key(self, key: PublicKey, among: Sequence[Named]) -> None:
        if key.raw in {each.key.raw for each in among}:
            raise Malformed("a key that stands there already")
        if len(among) >= MOST:
            raise Malformed(f"more than {MOST}")


def _key(text: str, kind: Kind) -> PublicKey:
    key = PublicKey.parse(text)
    if key.kind is not kind:
        raise Malformed("a key of the other kind")
    return key


class PolicyFile:
    """The policy of one node, in a file that its keeper may edit while we run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._read: tuple[tuple[int, int, int], Policy] | None = None

    @property
    def policy(self) -> Policy:
        """The policy as the file has it now; nobody is believed where there is none.

        Raises: Malformed.
        """
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return Policy()
        mark = (found.st_mtime_ns, found.st_size, found.st_ino)
        read = self._read
        if read is None or read[0] != mark:
            try:
                read = self._read = (mark, Policy.parse(self.path.read_bytes()))
            except Malformed as fault:
                raise Malformed(f"{self.path}: {fault}") from None
        return read[1]

    def of_log(self, origin: str) -> list[PublicKey]:
        """The keys that we believe for a log. Raises: Malformed."""
        return self.policy.of_log(origin)

    @property
    def witnesses(self) -> frozenset[str]:
        """By what names those are known who see our journal grow. Raises: Malformed.

        A mirror signs for a channel, and is asked about no journal.
        """
        names = {each.key.name for each in self.policy.witnesses.values()}
        return frozenset(name for name in names if not name.endswith(f"/{Role.MIRROR}"))

    @property
    def issuers(self) -> list[PublicKey]:
        """The keys by which we believe a partner's vouchers: a file beside, a vkey a line.

        They sign no notes, so the specification's file has no line for them. Raises: Malformed.
        """
        try:
            lines = self._issuers.read_text("ascii").splitlines()
            return [
                _key(line.strip(), Kind.VOUCHER)
                for line in lines[: 2 * MOST]
                if line.strip() and not line.startswith("#")
            ]
        except FileNotFoundError:
            return []
        except (BadNote, UnicodeDecodeError) as fault:
            raise Malformed(f"{self._issuers}: {fault}") from None

    @property
    def _issuers(self) -> Path:
        return self.path.with_name("issuers")

    def trust(self, *keys: PublicKey, url: str = "") -> None:
        """Adds keys of a partner: its log's, so that we witness it, its witness's, and the one of
        its vouchers.

        Raises: Malformed.
        """
        with self._lock:
            issuers = self.issuers
            added = [k for k in dict.fromkeys(keys) if k.kind is Kind.VOUCHER and k not in issuers]
            before = self.policy
            grown = before.grown(*keys, url=url)
            if added:
                _write(self._issuers, "".join(f"{key}\n" for key in (*issuers, *added)))
            if grown is not before:
                _write(self.path, str(grown))


def _write(path: Path, text: str) -> None:
    """Replaces a file by a whole one."""
    scratch = path.with_name(f".{path.name}.new")
    scratch.write_text(text, "utf-8")
    scratch.replace(path)
