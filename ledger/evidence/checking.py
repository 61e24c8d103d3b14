"""The verdict on a dossier by our own code (案卷复核): beside the single file, and apart from it.

`verify.py` shares nothing with us; this reads the same dossier with what the ledger itself runs
on: notes, trees, policies, commitments. `liangdi verify` asks both and believes a dossier only
where they agree, so that a mistake in either shows.
"""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from hashlib import sha256
from typing import Any, NamedTuple, cast

from ledger.clock import beijing
from ledger.domain.channels import PartnerRead
from ledger.domain.ids import PREFIXES
from ledger.evidence.subjects import Kind as SubjectKind
from ledger.evidence.zipped import zipped
from ledger.journal import canonical
from ledger.journal.epochs import journal_of
from ledger.journal.merkle import leaf_hash, verify_inclusion
from ledger.journal.notes import (
    BadNote,
    Checkpoint,
    Kind,
    Note,
    Proof,
    PublicKey,
    Signed,
    Unsigned,
    verify,
)
from ledger.journal.policy import Group, Policy, Short
from ledger.journal.record import instant, written
from ledger.journal.vault import commitment
from ledger.projections.channels import leaf_of
from ledger.projections.posting import channel_name

FORMAT = "liangdi-dossier/1"
MANIFEST = "manifest.json"

LISTS: Mapping[str, Mapping[str, type]] = {
    "records": {"origin": str, "position": int, "file": str, "role": str},
    "closed": {"origin": str, "position": int, "person": str, "group": str, "why": str},
    "attachments": {"commitment": str, "salt": str, "about": str, "file": str},
    "missing": {"commitment": str, "why": str},
    "whole": {"origin": str, "stream": str, "records": int},
}
"""The lists of a manifest, and what each entry of one says."""

HEADER: Mapping[str, type] = {
    "origin": str, "position": int, "stream": str, "version": int, "kind": str, "at": str,
    "entry": str,
}  # fmt: skip

IDS: Mapping[SubjectKind, str] = {
    SubjectKind.WORKER: "PersonId", SubjectKind.TRANSFER: "TransferId",
    SubjectKind.GRANT: "GrantId", SubjectKind.CASE: "CaseId", SubjectKind.FUND: "FundId",
    SubjectKind.PERIOD: "UnionId",
}  # fmt: skip
"""By what id a dossier of each kind names its subject."""

Place = tuple[str, int]


class NotEvidence(Exception):
    """Something in a dossier does not hold: what, and in which file."""


class Entered(NamedTuple):
    """A record of a dossier that stands where it says."""

    header: Mapping[str, Any]
    body: Mapping[str, Any]
    data: bytes
    state: str  # witnessed · signed · shared · mirrored · recorded


def check(
    data: bytes, believed: Sequence[PublicKey] = (), policy: Policy | None = None
) -> Mapping[Place, Entered]:
    """The records of a dossier that holds. Raises: NotEvidence."""
    try:
        return _Checking(_files(data), believed, policy).run()
    except (
        BadNote, canonical.NotCanonical, ValueError, KeyError, TypeError, AttributeError, IndexError,
        OverflowError, RecursionError,
    ) as fault:  # fmt: skip
        # Whatever shape a stranger gives it: what we cannot read proves nothing.
        raise NotEvidence(f"{type(fault).__name__}: {fault}") from fault


def _files(data: bytes) -> dict[str, bytes]:
    """The files of a zip that is, byte for byte, what our own writer makes of them."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            if any(each.compress_type or each.compress_size != each.file_size for each in infos):
                raise NotEvidence("a file that is packed")
            files = {each.filename: archive.read(each) for each in infos}
    # `NotImplementedError` is what `zipfile` says of a packing or a version that it does not know.
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError) as fault:
        raise NotEvidence(f"not a zip: {fault}") from fault
    if zipped((each.filename, files[each.filename]) for each in infos) != data:
        raise NotEvidence("a zip that no dossier's writer has made")
    return files


class _Checking:
    """One dossier while it is checked."""

    def __init__(
        self, files: Mapping[str, bytes], believed: Sequence[PublicKey], policy: Policy | None
    ) -> None:
        self._files = files
        self._said: dict[str, Any] = _read(files[MANIFEST])
        self._own: str = self._said["origin"]
        self._given = policy
        inside = Policy.parse(files["policy"])
        _each_of_one_name(inside.keys)
        self._policy = self._trusted(policy or inside, believed)
        self._roots: dict[int, bytes] = {}
        self._states: dict[bytes, str] = {}

    def run(self) -> Mapping[Place, Entered]:
        if self._said["format"] != FORMAT:
            raise NotEvidence("another format")
        _shaped(
            self._said, {"kind": str, "subject": str, "made": str, **dict.fromkeys(LISTS, list)}
        )
        for name, members in LISTS.items():
            for each in self._said[name]:
                _shaped(each, members)
        self._compare_files()
        limit = None
        if "checkpoint" in self._files:
            limit = self._signed(Note.parse(self._files["checkpoint"])).size
        records: dict[Place, Entered] = {}
        for said in self._said["records"]:
            records[said["origin"], said["position"]] = self._record(said, limit)
        self._in_order(records)
        for said in self._said["records"]:
            if said["channel"] is not None:
                place = said["origin"], said["position"]
                records[place] = records[place]._replace(state=self._channel(said, records))
        self._openings(records)
        self._attachments(records)
        self._whole(records)
        self._subject(records)
        return records

    def _trusted(self, policy: Policy, believed: Sequence[PublicKey]) -> Policy:
        """The policy, of the keys that are believed alone: each with the name and the role in which
        it was given."""
        _each_of_one_name([*believed, *policy.keys])
        if not believed:
            return policy
        if any(each.key not in believed for each in policy.logs if each.key.name == self._own):
            raise NotEvidence("policy: a log key that is not believed")
        logs = [each for each in policy.logs if each.key in believed]
        witnesses = {n: each for n, each in policy.witnesses.items() if each.key in believed}
        groups: dict[str, Group] = {}
        for name, group in policy.groups.items():
            here = tuple(n for n in group.members if n in witnesses or n in groups)
            if here:
                groups[name] = Group(group.least, here)
        quorum = policy.quorum if policy.quorum in {*witnesses, *groups} else "none"
        return Policy(logs, witnesses, groups, quorum)

    def _compare_files(self) -> None:
        listed = self._said["files"]
        if {MANIFEST, *listed} != set(self._files) or next(iter(self._files)) != MANIFEST:
            raise NotEvidence("the files are not those that are listed")
        if list(self._files)[1:] != sorted(listed):
            raise NotEvidence("the files are in another order")
        for name, said in listed.items():
            data = self._files[name]
            if (said["size"], said["sha256"]) != (len(data), sha256(data).hexdigest()):
                raise NotEvidence(f"{name}: not what is listed")

    def _signed(self, note: Note) -> Checkpoint:
        """A checkpoint that our log has signed, of one history with the others."""
        by = verify(note, self._policy.keys)
        one = Checkpoint.parse(note.text)
        if journal_of(one.origin)[0] != self._own or not _log_of(by, one.origin):
            raise NotEvidence("a checkpoint that its log has not signed")
        if self._roots.setdefault(one.size, one.root) != one.root:
            raise NotEvidence(f"two roots at size {one.size}")
        return one

    def _record(self, said: Mapping[str, Any], limit: int | None) -> Entered:
        file, data = said["file"], self._files[said["file"]]
        head, newline, rest = data.partition(b"\n")
        header, body = _object(canonical.parse(head)), _object(canonical.parse(rest))
        _shaped(header, HEADER)
        if written(instant(header["at"])) != header["at"]:
            raise NotEvidence(f"{file}: not an instant")
        if type(header.get("evidence", [])) is not list:
            raise NotEvidence(f"{file}: evidence is a list")
        one = Entered(header, body, data, "recorded")
        place = (one.header["origin"], one.header["position"])
        if not newline or len(data) > canonical.MAX_BYTES:
            raise NotEvidence(f"{file}: no record")
        if place != (said["origin"], said["position"]):
            raise NotEvidence(f"{file}: of another place")
        if said["channel"] is not None:
            return one
        if place[0] != self._own:
            raise NotEvidence(f"{file}: another journal's, without a proof")
        if said["proof"] is None:
            return one
        proof = Proof.parse(self._files[said["proof"]])
        note = Note.parse(proof.note)
        stated = self._signed(note)
        held = verify_inclusion(leaf_hash(data), proof.index, stated.size, proof.path, stated.root)
        if proof.extra is not None or proof.index != place[1] - 1 or not held:
            raise NotEvidence(f"{file}: not in the journal that was signed")
        if limit is not None and stated.size > limit:
            raise NotEvidence("checkpoint: older than a proof")
        return one._replace(state=self._state(proof.note))

    def _state(self, data: bytes) -> str:
        """How far a checkpoint that is signed proves: a journal is no witness of itself.

        Raises: Short, by a policy that was given.
        """
        found = self._states.get(data)
        if found is None:
            own, others = f"{self._own}/", 0
            try:
                for each in self._policy.judge(Note.parse(data)).witnesses.values():
                    others += not f"{each.key.name}/".startswith(own)
            except Short:
                if self._given is not None:
                    raise
            found = self._states[data] = "witnessed" if others else "signed"
        return found

    def _in_order(self, records: Mapping[Place, Entered]) -> None:
        if len(records) != len(self._said["records"]):
            raise NotEvidence("a record stands twice")
        last: dict[str, tuple[int, str]] = {}
        for (origin, position), one in records.items():
            before = last.get(origin, (0, ""))
            if position <= before[0] or one.header["at"] < before[1]:
                raise NotEvidence(f"{origin}#{position}: out of order")
            last[origin] = (position, one.header["at"])

    def _channel(self, said: Mapping[str, Any], records: Mapping[Place, Entered]) -> str:
        """A partner's record stood in its channel, as far as a record of ours says it was read: it
        is no better proven than that one."""
        file = said["channel"]
        told = _object(_read(self._files[file]))
        one, head = records[said["origin"], said["position"]], told["header"].encode()
        entered = _object(canonical.parse(head))
        log = channel_name(said["origin"], self._own)
        if {told["channel"], entered["channel"]} != {log} or entered["number"] != told["number"]:
            raise NotEvidence(f"{file}: of another place in the channel")
        path = [_unhex(each) for each in told["path"]]
        root = _unhex(told["root"])
        leaf = leaf_of(head, one.data)
        if not verify_inclusion(leaf, told["number"] - 1, told["size"], path, root):
            raise NotEvidence(f"{file}: not in the channel that was read")
        read = records[self._own, told["read"]]
        stated = (read.body["partner"], read.body["last"], read.body["root"])
        if read.header["kind"] != PartnerRead.__name__ or stated != (
            said["origin"], told["size"], told["root"],
        ):  # fmt: skip
            raise NotEvidence(f"{file}: no record here of that reading")
        by: Sequence[Signed] = ()
        if said["proof"] is not None:
            by = self._signed_channel(said["proof"], log, told["number"] - 1, leaf)
        if read.state not in {"witnessed", "signed"}:
            return "recorded"
        return "shared" if _log_of(by, said["origin"]) else "mirrored"

    def _signed_channel(self, file: str, log: str, index: int, leaf: bytes) -> Sequence[Signed]:
        """Who has signed a channel to which the proof of a leaf leads, of those that are known."""
        proof = Proof.parse(self._files[file])
        note = Note.parse(proof.note)
        try:
            by = verify(note, self._policy.keys)
        except Unsigned:  # by no key that is believed: then it proves no more than before
            by = []
        one = Checkpoint.parse(note.text)
        held = verify_inclusion(leaf, index, one.size, proof.path, one.root)
        if one.origin != log or proof.extra is not None or proof.index != index or not held:
            raise NotEvidence(f"{file}: not in the channel that was signed")
        return by

    def _openings(self, records: Mapping[Place, Entered]) -> None:
        shown: set[tuple[str, int, str, str]] = set()
        said: Any = _read(self._files.get("openings.json", b"[]"))
        for each in said:
            one = records[each["origin"], each["position"]]
            salt, payload = _unhex(each["salt"]), each["payload"].encode()
            canonical.parse(payload)
            committed = one.body["sealed"][each["person"]][each["group"]]
            if len(salt) != 32 or commitment(salt, payload) != committed:
                raise NotEvidence(f"openings.json: {each['group']} is not what was committed to")
            shown.add((each["origin"], each["position"], each["person"], each["group"]))
        for each in self._said["closed"]:
            shown.add((each["origin"], each["position"], each["person"], each["group"]))
        for (origin, position), one in records.items():
            for person, group in _sealed(one):
                if (origin, position, person, group) not in shown:
                    raise NotEvidence(f"{origin}#{position}: {group} is silently missing")

    def _attachments(self, records: Mapping[Place, Entered]) -> None:
        cited = {each for one in records.values() for each in one.header.get("evidence", ())}
        for each in self._said["attachments"]:
            payload = each["about"].encode() + b"\n" + self._files[each["file"]]
            if commitment(_unhex(each["salt"]), payload) != each["commitment"]:
                raise NotEvidence(f"{each['file']}: not the one that was recorded")
            if each["commitment"] not in cited:
                raise NotEvidence(f"{each['file']}: cited by no record")
        told = {
            each["commitment"] for name in ("attachments", "missing") for each in self._said[name]
        }
        if cited - told:
            raise NotEvidence("an attachment is silently missing")

    def _whole(self, records: Mapping[Place, Entered]) -> None:
        support = {
            (each["origin"], each["position"])
            for each in self._said["records"]
            if each["role"] == "support"
        }
        for each in self._said["whole"]:
            have = {
                one.header["version"]
                for place, one in records.items()
                if (place[0], one.header["stream"]) == (each["origin"], each["stream"])
                and place not in support
            }
            if not have >= set(range(1, each["records"] + 1)):
                raise NotEvidence(f"{each['stream']}: a record of it is missing")

    def _subject(self, records: Mapping[Place, Entered]) -> None:
        """What the manifest says that it is about is found in the records: nobody signs for it."""
        kind, subject = SubjectKind(self._said["kind"]), self._said["subject"]
        if not subject.startswith(f"{PREFIXES[IDS[kind]]}_"):
            raise NotEvidence(f"subject: {subject} is no {kind}")
        if kind is SubjectKind.PERIOD:
            union, since, until = subject.split(" ")
            first, last = date.fromisoformat(since), date.fromisoformat(until)
            if f"{union} {first} {last}" != subject:
                raise NotEvidence(f"subject: {subject} is no period")
            for (origin, position), one in records.items():
                day = beijing(instant(one.header["at"])).date()
                theirs = (origin, one.header.get("union")) != (self._own, union)
                if theirs or not first <= day <= last:
                    raise NotEvidence(f"period: {origin}#{position} is not of {subject}")
        elif not any(
            one.header["stream"] == subject
            or (kind in {SubjectKind.WORKER, SubjectKind.TRANSFER} and _mentions(one.body, subject))
            for one in records.values()
        ):
            raise NotEvidence(f"subject: no record of {subject} is here")


def _mentions(body: Mapping[str, Any], text: str) -> bool:
    """Whether a text stands in a body, as a value or as a member's name, at whatever depth."""
    rest: list[Any] = [body]
    while rest:
        each = rest.pop()
        if each == text:
            return True
        if isinstance(each, Mapping):
            held = cast("Mapping[str, Any]", each)
            rest += [*held, *held.values()]
        elif isinstance(each, list):
            rest += cast("list[Any]", each)
    return False


def _each_of_one_name(keys: Sequence[PublicKey]) -> None:
    """Raises: NotEvidence where one key stands under two names or roles, and could be either."""
    names: dict[bytes, PublicKey] = {}
    for key in keys:
        if names.setdefault(key.raw, key) != key:
            raise NotEvidence(f"one key under two names or roles: {names[key.raw]}, {key}")


def _sealed(one: Entered) -> Iterator[tuple[str, str]]:
    for person, groups in one.body.get("sealed", {}).items():
        for group in groups:
            yield person, group


def _log_of(by: Sequence[Signed], origin: str) -> bool:
    return any(each.key.kind is Kind.LOG and each.key.name == origin for each in by)


def _read(data: bytes) -> Any:
    """JSON in UTF-8 in which no member stands twice and each number is whole. Raises: NotEvidence.

    Of a member that stands twice one reader takes the first and another the last; half a character
    is no text.
    """
    found = json.loads(
        data.decode(), object_pairs_hook=_once, parse_int=_whole_number,
        parse_float=_whole_number, parse_constant=_whole_number,
    )  # fmt: skip
    json.dumps(found, ensure_ascii=False).encode()
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotEvidence("a member stands twice")
    return found


def _whole_number(text: str) -> int:
    if not text.removeprefix("-").isdigit() or abs(int(text[:20])) >= canonical.INTEGER_LIMIT:
        raise NotEvidence(f"a number that is not whole, or too large: {text[:20]}")
    return int(text)


def _shaped(value: object, members: Mapping[str, type]) -> None:
    """Raises: NotEvidence where it is no object with these members, each of exactly its type."""
    found = _object(value)
    for name, kind in members.items():
        if type(found.get(name)) is not kind:
            raise NotEvidence(f"{name} is missing, or of another type")


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise NotEvidence("not an object")
    return cast("dict[str, Any]", value)


def _unhex(text: str) -> bytes:
    """Hexadecimal digits in their one form: small, without spaces. Raises: NotEvidence."""
    data = bytes.fromhex(text)
    if data.hex() != text:
        raise NotEvidence("hexadecimal digits in another form")
    return data
