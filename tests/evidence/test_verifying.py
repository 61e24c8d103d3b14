"""A dossier is believed for what is in it; each way to spoil one is found, and named."""

import ast
import json
import struct
import unicodedata
import zipfile
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, settings
from hypothesis import given as given_
from hypothesis import strategies as st

from ledger import evidence
from ledger.domain.kernel import Office
from ledger.domain.persons import Person
from ledger.evidence import checking, verify
from ledger.journal import canonical
from ledger.journal.attachments import Attachments
from ledger.journal.keys import Role
from ledger.journal.merkle import leaf_hash
from ledger.journal.notes import Checkpoint, Kind, Note, Proof, PublicKey, sign
from ledger.journal.policy import Policy
from ledger.projections.channels import leaf_of
from tests import dossiers
from tests.dossiers import (
    Files,
    changed,
    listed,
    manifest,
    moved,
    named,
    packed,
    restated,
    unpacked,
    verdict,
)
from tests.pair import close, open_pair


class Given:
    """A good dossier of each province, and the keys that the first one is to be believed by; and
    one with a paper, one that is not there, and what its reader may not see.

    No dataclass: Hypothesis writes those out whole, whatever they call themselves.
    """

    def __init__(self, home: bytes, host: bytes, guarded: bytes, keys: tuple[str, ...]) -> None:
        self.home, self.host, self.guarded, self.keys = home, host, guarded, keys

    def __repr__(self) -> str:
        return "a dossier"


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Given]:
    pair = open_pair(tmp_path_factory.mktemp("pair"))
    pair.agree()
    person, _, _ = moved(pair)
    worker = evidence.Subject(evidence.Kind.WORKER, person)
    pair.member("李明")
    pair.sync()
    pair.sync()
    keys = [
        *pair.home.ledger.signer.keys.public(Role.LOG), *pair.host.ledger.witness.keys,
    ]  # fmt: skip
    home, folder = pair.home, tmp_path_factory.mktemp("papers")
    home.ledger.attachments = store = Attachments(folder, home.ledger.vault)
    other = home.worker("韦秀英")
    with home.ledger.database.writing() as conn:
        paper = store.keep(conn, other, "身份证.jpg", "image/jpeg", b"\xff\xd8 scanned")
    with home.ledger.entry(home.act(home.root, Office.CLERK, evidence=(paper, "ab" * 32))) as entry:
        held = entry.read(Person, other)
        entry.write(held.change_contact(entry.act, other, "13800000009", ""))
    yield Given(
        dossiers.taken(home, worker).data,
        dossiers.taken(pair.host, worker).data,
        dossiers.taken(
            home, evidence.Subject(evidence.Kind.WORKER, other), evidence.Sight(numbers=False)
        ).data,
        tuple(word for key in keys for word in ("--key", str(key))),
    )
    close(pair)


def test_a_good_dossier_holds_on_every_python_that_is_here(given: Given, tmp_path: Path) -> None:
    for python in dossiers.pythons():
        for data in (given.home, given.host):
            code, said = verdict(data, tmp_path, python=python)

            assert (code, said["verdict"], said["faults"]) == (0, "holds", []), python
            assert len(checking.check(data)) == sum(said["records"].values())
            assert said["pinned"] is False
            assert said["opened"] == 3
            assert said["records"]["witnessed"] + said["records"]["signed"] > 4
            assert said["records"]["shared"] > 0
            assert said["records"]["mirrored"] == 0


def test_the_keys_that_one_knows_are_compared(given: Given, tmp_path: Path) -> None:
    code, said = verdict(given.home, tmp_path, *given.keys)
    assert (code, said["pinned"]) == (0, True)
    assert said["records"]["shared"] == 0  # the partner's own key is not among them
    assert said["records"]["mirrored"] > 0
    known = [PublicKey.parse(each) for each in given.keys[1::2]]
    assert checking.check(given.home, known)
    with pytest.raises(checking.NotEvidence):
        checking.check(given.host, known)

    code, said = verdict(given.host, tmp_path, *given.keys)
    assert code == 5
    assert [each["code"] for each in said["faults"]] == ["key"]


def test_the_verifier_is_written_for_python_3_9() -> None:
    source = dossiers.VERIFIER.read_text("utf-8")

    tree = ast.parse(source, feature_version=(3, 9))

    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [each.name for each in node.names] if isinstance(node, ast.Import)
            else [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        )
    }  # fmt: skip
    assert imported <= {
        "__future__", "argparse", "base64", "binascii", "datetime", "hashlib", "json", "struct",
        "sys", "typing", "unicodedata", "zlib",
    }  # fmt: skip
    # What 3.10 and later brought, and a parser does not see.
    for newer in (".bit_count(", "strict=", "removeprefix", "| None]", "slots=", "UTC", "match "):
        assert newer not in source.replace("int | None]", ""), newer


# ── spoilt ones ──────────────────────────────────────────────────────────────────────────────


def flipped(data: bytes, at: int = -20) -> bytes:
    spoilt = bytearray(data)
    spoilt[at] ^= 1
    return bytes(spoilt)


def proof_of(files: Files) -> str:
    return named(files, ".tlog-proof")[-1]


def a_byte_of_a_record(files: Files) -> Files:
    return listed(changed(files, named(files, ".record")[2], lambda d: d.replace(b"2026", b"2025")))


def a_record_not_in_its_form(files: Files) -> Files:
    return listed(changed(files, named(files, ".record")[2], lambda d: d.replace(b'":', b'": ', 1)))


def a_byte_of_a_payload(files: Files) -> Files:
    name = "openings.json"
    return listed(
        changed(files, name, lambda d: d.replace("艾比布力".encode(), "艾比布拉".encode()))
    )


def a_byte_of_a_salt(files: Files) -> Files:
    said = json.loads(files["openings.json"])
    said[0]["salt"] = flipped(bytes.fromhex(said[0]["salt"])).hex()
    return listed({**files, "openings.json": json.dumps(said).encode()})


def a_hash_of_a_proof(files: Files) -> Files:
    def change(data: bytes) -> bytes:
        lines = data.decode().split("\n")
        lines[2] = b64encode(flipped(b64decode(lines[2]))).decode()
        return "\n".join(lines).encode()

    return listed(changed(files, proof_of(files), change))


def the_index_of_a_proof(files: Files) -> Files:
    name = proof_of(files)
    index = int(name.split("/")[1][:12]) - 1
    return listed(
        changed(files, name, lambda d: d.replace(b"index %d" % index, b"index %d" % (index - 1)))
    )


def two_records_change_places(files: Files) -> Files:
    one, two = named(files, ".record")[:2]
    return listed({**files, one: files[two], two: files[one]})


def records_listed_in_another_order(files: Files) -> Files:
    return restated(files, lambda said: said["records"].reverse())


def a_record_left_out(files: Files) -> Files:
    name = named(files, ".record")[1]
    kept = {n: data for n, data in files.items() if n not in {name, name[:-6] + "tlog-proof"}}

    def change(said: Any) -> None:
        said["records"] = [each for each in said["records"] if each["file"] != name]

    return listed(restated(kept, change))


def a_record_file_gone(files: Files) -> Files:
    name = named(files, ".record")[1]
    return {n: data for n, data in files.items() if n != name}


def a_record_put_in(files: Files) -> Files:
    name = named(files, ".record")[-1]
    position = int(name.split("/")[1][:12])
    made = files[name].replace(b'"position":%d' % position, b'"position":%d' % (position + 1))
    new = f"own/{position + 1:012}.record"

    def change(said: Any) -> None:
        last = next(each for each in said["records"] if each["file"] == name)
        said["records"].append({**last, "position": position + 1, "file": new})

    return listed(restated({**files, new: made}, change))


def a_record_without_proof(files: Files) -> Files:
    """Of a partner's record its proof is taken away."""

    def change(said: Any) -> None:
        (one, *_) = [each for each in said["records"] if each["channel"]]
        one["channel"] = None

    return restated(files, change)


def another_key(files: Files) -> Files:
    stranger = verify.Key("liangdi.example/guangxi", 1, bytes(range(32)))
    log = files["policy"].split(b"\n")[0]
    return listed(changed(files, "policy", lambda d: d.replace(log, f"log {stranger}".encode())))


def a_cosignature_at_another_time(files: Files) -> Files:
    def change(data: bytes) -> bytes:
        head, _, line = data.rstrip(b"\n").rpartition(b"\n")
        dash, name, encoded = line.decode().split(" ")
        body = bytearray(b64decode(encoded))
        body[11] ^= 1  # the last byte of the seconds
        return head + f"\n{dash} {name} {b64encode(body).decode()}\n".encode()

    return listed(changed(files, proof_of(files), change))


def our_signature_taken_away(files: Files) -> Files:
    def change(data: bytes) -> bytes:
        text, _, below = data.partition(b"\n\n")
        return text + b"\n\n" + below.split(b"\n", 1)[1]

    return listed(changed(files, "checkpoint", change))


def an_attested_size_that_was_not(files: Files) -> Files:
    def change(data: bytes) -> bytes:
        lines = data.split(b"\n")
        lines[1] = b"%d" % (int(lines[1]) + 1)
        return b"\n".join(lines)

    return listed(changed(files, "checkpoint", change))


def another_origin(files: Files) -> Files:
    return restated(files, lambda said: said.update(origin="liangdi.example/hunan"))


def a_changed_manifest(files: Files) -> Files:
    return restated(files, lambda said: said["closed"].append("nothing"))


def a_page_in_other_words(files: Files) -> Files:
    return changed(
        files, "page.html", lambda d: d.replace("成立".encode(), "不成立".encode()) + b" "
    )


def a_file_nobody_listed(files: Files) -> Files:
    return {**files, "own/readme.txt": b"believe me"}


def a_text_silently_missing(files: Files) -> Files:
    said = json.loads(files["openings.json"])
    return listed({**files, "openings.json": json.dumps(said[1:]).encode()})


def a_channel_root_that_nobody_read(files: Files) -> Files:
    (name, *_) = named(files, ".channel.json", "partner")
    said = json.loads(files[name])
    said["root"] = flipped(bytes.fromhex(said["root"])).hex()
    return listed({**files, name: json.dumps(said).encode()})


def a_hash_of_the_partner_s_proof(files: Files) -> Files:
    (name, *_) = named(files, ".tlog-proof", "partner")

    def change(data: bytes) -> bytes:
        lines = data.decode().split("\n")
        lines[2] = b64encode(flipped(b64decode(lines[2]))).decode()
        return "\n".join(lines).encode()

    return listed(changed(files, name, change))


def a_size_that_the_partner_has_not_signed(files: Files) -> Files:
    (name, *_) = named(files, ".tlog-proof", "partner")

    def change(data: bytes) -> bytes:
        head, _, note = data.partition(b"\n\n")
        origin, size, rest = note.split(b"\n", 2)
        return head + b"\n\n" + origin + b"\n%d\n" % (int(size) + 1) + rest

    return listed(changed(files, name, change))


SPOILT: list[tuple[Callable[[Files], Files], str]] = [
    (a_byte_of_a_record, "inclusion"),
    (a_record_not_in_its_form, "record"),
    (a_byte_of_a_payload, "opening"),
    (a_byte_of_a_salt, "opening"),
    (a_hash_of_a_proof, "inclusion"),
    (the_index_of_a_proof, "proof-index"),
    (two_records_change_places, "record-place"),
    (records_listed_in_another_order, "order"),
    (a_record_left_out, "gap"),
    (a_record_file_gone, "file-missing"),
    (a_record_put_in, "proof-index"),
    (a_record_without_proof, "unproven"),
    (another_key, "unsigned"),
    (a_cosignature_at_another_time, "signature"),
    (our_signature_taken_away, "unsigned"),
    (an_attested_size_that_was_not, "signature"),
    (another_origin, "origin"),
    (a_changed_manifest, "manifest"),
    (a_page_in_other_words, "digest"),
    (a_file_nobody_listed, "file-extra"),
    (a_text_silently_missing, "silent"),
    (a_channel_root_that_nobody_read, "channel-inclusion"),
    (a_hash_of_the_partner_s_proof, "channel-inclusion"),
    (a_size_that_the_partner_has_not_signed, "signature"),
]


@pytest.mark.parametrize(
    ("spoil", "code"), SPOILT, ids=lambda each: getattr(each, "__name__", each)
)
def test_what_is_spoilt_is_named(
    given: Given, tmp_path: Path, spoil: Callable[[Files], Files], code: str
) -> None:
    exit_code, said = verdict(packed(spoil(unpacked(given.home))), tmp_path)

    assert exit_code == 5
    assert said["verdict"] == "fails"
    with pytest.raises(checking.NotEvidence):
        checking.check(packed(spoil(unpacked(given.home))))
    (fault,) = [each for each in said["faults"] if each["code"] == code][:1] or [said["faults"]]
    assert isinstance(fault, dict), said["faults"]
    if code in {"inclusion", "opening", "silent", "record-place"}:
        assert fault["origin"] == "liangdi.example/guangxi"
        assert fault["position"] > 0


def test_an_older_checkpoint_does_not_carry_newer_proofs(given: Given, tmp_path: Path) -> None:
    files = unpacked(given.home)
    old = min(
        (files[name].partition(b"\n\n")[2] for name in named(files, ".tlog-proof")),
        key=lambda note: int(note.split(b"\n")[1]),
    )

    code, said = verdict(packed(listed({**files, "checkpoint": old})), tmp_path)

    assert code == 5
    with pytest.raises(checking.NotEvidence):
        checking.check(packed(listed({**files, "checkpoint": old})))
    assert "checkpoint-older" in {each["code"] for each in said["faults"]}


def test_a_policy_of_one_s_own_may_ask_for_more(given: Given, tmp_path: Path) -> None:
    files = unpacked(given.home)
    theirs = tmp_path / "policy"
    other = verify.Key("liangdi.example/hunan/witness", 4, bytes([7] * 32))
    more = files["policy"].decode().replace(
        "group ", f"witness hunan {other}\ngroup ", 1
    ).replace("quorum partners", "group both all partners hunan\nquorum both")  # fmt: skip
    for text, codes in ((files["policy"].decode(), set[str]()), (more, {"quorum"})):
        theirs.write_text(text)

        code, said = verdict(given.home, tmp_path, "--policy", str(theirs))

        assert ({each["code"] for each in said["faults"]}, bool(code)) == (codes, bool(codes))
        if codes:
            with pytest.raises(checking.NotEvidence):
                checking.check(given.home, (), Policy.parse(text.encode()))
        else:
            checking.check(given.home, (), Policy.parse(text.encode()))


@settings(
    max_examples=60, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
@given_(
    which=st.integers(0, 1 << 30), at=st.integers(0, 1 << 30),
    how=st.sampled_from(["flip", "drop", "add"]), byte=st.integers(1, 255),
)  # fmt: skip
def test_the_two_verdicts_agree_on_whatever_is_done_to_it(
    given: Given, which: int, at: int, how: str, byte: int
) -> None:
    files = unpacked(given.home)
    name = sorted(files)[which % len(files)]
    spoilt = bytearray(files[name])
    at %= len(spoilt)
    if how == "flip":
        spoilt[at] ^= byte
    elif how == "drop":
        del spoilt[at]
    else:
        spoilt.insert(at, byte)
    made = {**files, name: bytes(spoilt)}
    packed_ = packed(made if name == "manifest.json" else listed(made))

    holds, lines = agreed(packed_)
    if name.endswith(".record"):
        assert not holds
    if holds:
        # A signature whose name or key nobody knows is passed over: it proves less, and says so.
        whole = {line.file: line.state for line in agreed(given.home)[1]}
        for line in lines:
            assert line.state in {whole[line.file], WEAKER.get(whole[line.file])}


WEAKER = {"witnessed": "signed", "shared": "mirrored"}


def agreed(data: bytes, believed: Sequence[verify.Key] = ()) -> tuple[bool, list[verify.Line]]:
    """The verdict that both give, and what the single file found out; each record is proven as far
    by the one as by the other, and it is told in lines of plain text."""
    one = verify.Check([*believed], None)
    holds = one.run(data)
    known = [PublicKey.parse(str(each)) for each in believed]
    try:
        ours, why = checking.check(data, known), ""
    except checking.NotEvidence as fault:
        ours, why = None, str(fault)
    assert (ours is not None) is holds, (why, [each.told() for each in one.faults])
    if ours is not None:
        states = {place: each.state for place, each in ours.items()}
        assert states == {line.place: line.state for line in one.lines}
    told = verify.tell(one, english=True, every=True)
    assert not [c for c in told if unicodedata.category(c) in verify.HIDDEN and c != "\n"]
    json.dumps(one.verdict()).encode()
    return holds, one.lines


ANYTHING = (
    None, True, 0, 1, -1, 2**53, 2**70, 1.5, "", "a", "support", "e\u0301", [], {}, [1], {"a": 1},
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a JSON value."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, each in value.items():
            yield from places(each, (*path, key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from places(each, (*path, number))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for each in path:
        value = value[each]
    return value


@settings(
    max_examples=100, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
@given_(data=st.data())
def test_the_two_verdicts_agree_on_whatever_its_lists_say(
    given: Given, data: st.DataObject
) -> None:
    files = unpacked(data.draw(st.sampled_from([given.home, given.guarded])))
    name = data.draw(st.sampled_from(sorted(n for n in files if n.endswith(".json"))))
    said = json.loads(files[name])
    here, there = (data.draw(st.sampled_from(list(places(said)))) for _ in range(2))
    holder, last = at(said, here[:-1]), here[-1]
    deed = data.draw(st.sampled_from(["other", "gone", "moved", "more", "twice"]))
    match deed:
        case "other":
            holder[last] = data.draw(st.sampled_from(ANYTHING))
        case "gone":
            del holder[last]
        case "moved":
            holder[last] = json.loads(json.dumps(at(said, there)))
        case "more" if isinstance(holder, dict):
            holder["more"] = data.draw(st.sampled_from(ANYTHING))
        case "more":
            holder.append(data.draw(st.sampled_from(ANYTHING)))
        case _:  # "twice" is done to the text
            pass
    text = json.dumps(said, ensure_ascii=False)
    if deed == "twice" and isinstance(holder, dict):
        member = f"{json.dumps(last)}: {json.dumps(holder[last], ensure_ascii=False)}"
        text = text.replace(member, f"{member}, {member}", 1)
    made = {**files, name: text.encode()}

    agreed(packed(made if name == "manifest.json" else listed(made)))


def test_a_paper_under_a_name_that_is_not_there_is_missed(given: Given, tmp_path: Path) -> None:
    files = unpacked(given.guarded)
    (paper,) = named(files, ".jpg", "attachments")
    del files[paper]

    def elsewhere(said: Any) -> None:
        said["attachments"][0]["file"] = "attachments/other.jpg"

    without = packed(listed(restated(files, elsewhere)))

    code, said = verdict(without, tmp_path)
    assert (code, [each["code"] for each in said["faults"]]) == (5, ["file-missing"])
    assert agreed(without)[0] is False


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"role": "fact"', b'"role": "fact", "role": "support"'),
        (b'"channel": null', b'"chaAnel": null'),
        (b'"kind": "worker"', b'"kind": 9007199254740992'),
    ],
    ids=["a member twice", "a member of another name", "a number too large"],
)
def test_a_manifest_that_two_readers_could_read_in_two_ways_is_believed_by_none(
    given: Given, old: bytes, new: bytes
) -> None:
    files = unpacked(given.home)
    files = restated(files, lambda said: None)
    assert old in files["manifest.json"]

    holds, _ = agreed(packed(changed(files, "manifest.json", lambda m: m.replace(old, new, 1))))

    assert not holds


# ── whose keys ───────────────────────────────────────────────────────────────────────────────

A, B = "liangdi.example/guangxi", "liangdi.example/guangdong"
AT = "2026-03-02T01:00:00.000000Z"


class Signer:
    """A key of somebody who makes up a dossier."""

    def __init__(self, name: str, kind: Kind, private: Ed25519PrivateKey | None = None) -> None:
        self.private = private or Ed25519PrivateKey.generate()
        self.public = PublicKey(name, kind, self.private.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message)

    def called(self, name: str, kind: Kind) -> "Signer":
        return Signer(name, kind, self.private)


def header(origin: str, position: int, kind: str, stream: str) -> bytes:
    return canonical.encode({
        "origin": origin, "position": position, "stream": stream, "version": 1, "kind": kind,
        "at": AT, "on": "2026-03-02", "entry": "ent_x", "part": [1, 1],
    })  # fmt: skip


def made_up(log: Signer, *witnesses: Signer) -> bytes:
    """A dossier of A's journal of one record, sound in itself, signed by these."""
    record = header(A, 1, "AidApproved", "grt_x") + b"\n" + canonical.encode({"amount": 99999900})
    stated = Checkpoint(A, 1, leaf_hash(record))
    lines = [sign(stated.text, log), *(sign(stated.text, each, 1772413200) for each in witnesses)]
    note = Note(stated.text, tuple(lines)).to_bytes()
    names = [f"w{number}" for number, _ in enumerate(witnesses)]
    policy = [f"log {log.public}"]
    policy += [f"witness {n} {w.public}" for n, w in zip(names, witnesses, strict=True)]
    policy += [f"group all all {' '.join(names)}", "quorum all"] if names else ["quorum none"]
    said: dict[str, Any] = {
        "format": checking.FORMAT, "kind": "grant", "subject": "grt_x", "origin": A, "made": AT,
        "records": [{
            "origin": A, "position": 1, "file": "own/1.record", "proof": "own/1.tlog-proof",
            "channel": None, "role": "fact",
        }],
        "closed": [], "attachments": [], "missing": [], "whole": [], "files": {},
    }  # fmt: skip
    return packed(
        listed({
            "manifest.json": json.dumps(said).encode(),
            "checkpoint": note,
            "own/1.record": record,
            "own/1.tlog-proof": Proof(0, (), note).to_bytes(),
            "policy": "".join(f"{line}\n" for line in policy).encode(),
        })
    )  # fmt: skip


LOG_A, LOG_B = Signer(A, Kind.LOG), Signer(B, Kind.LOG)
WITNESS_A, WITNESS_B = Signer(f"{A}/witness", Kind.COSIGNER), Signer(f"{B}/witness", Kind.COSIGNER)
PUBLISHED = [
    verify.read_key(str(each.public)) for each in (LOG_A, WITNESS_A, LOG_B, WITNESS_B)
]  # fmt: skip


@pytest.mark.parametrize(
    "forged",
    [
        made_up(LOG_B.called(A, Kind.LOG), WITNESS_B),
        made_up(LOG_A, WITNESS_A.called(f"{B}/witness", Kind.COSIGNER)),
        made_up(LOG_A, LOG_A.called(f"{B}/witness", Kind.COSIGNER)),
        made_up(WITNESS_B.called(A, Kind.LOG), WITNESS_B),
    ],
    ids=[
        "the partner's log key as ours", "our witness's key as the partner's",
        "our log key as the partner's witness", "a witness's key as a log's",
    ],
)  # fmt: skip
def test_a_key_that_one_knows_counts_by_its_own_name_and_role_alone(
    forged: bytes, tmp_path: Path
) -> None:
    keys = [word for key in PUBLISHED for word in ("--key", str(key))]

    code, said = verdict(forged, tmp_path, *keys)

    assert (code, sum(said["records"].values())) == (5, 0)
    assert [each["code"] for each in said["faults"]] in (["key-twice"], ["policy"])
    assert "two names or roles" in verify.told_fault(
        verify.Fault(**said["faults"][0]), at=1
    )  # and says which
    assert agreed(forged, PUBLISHED)[0] is False


def test_keys_that_are_given_under_two_names_are_not_understood(tmp_path: Path) -> None:
    keys = [LOG_A, LOG_A.called(B, Kind.LOG)]
    file = tmp_path / "a.zip"
    file.write_bytes(made_up(LOG_A))

    assert verify.main([str(file), *(w for k in keys for w in ("--key", str(k.public)))]) == 2
    assert agreed(made_up(LOG_A), [verify.read_key(str(k.public)) for k in keys])[0] is False


def test_a_journal_is_no_witness_of_itself(tmp_path: Path) -> None:
    for witnesses, state in (
        ((), "signed"),
        ((WITNESS_A,), "signed"),
        ((WITNESS_B,), "witnessed"),
        ((WITNESS_A, WITNESS_B), "witnessed"),
    ):
        data = made_up(LOG_A, *witnesses)

        assert verdict(data, tmp_path)[1]["records"][state] == 1
        for believed in ([], PUBLISHED):
            holds, (line,) = agreed(data, believed)
            assert (holds, line.state) == (True, state)


@settings(
    max_examples=60, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
@given_(data=st.data())
def test_the_two_verdicts_agree_whichever_keys_are_given_and_listed(
    given: Given, data: st.DataObject
) -> None:
    files = unpacked(given.home)
    lines = files["policy"].decode().splitlines()
    said = [word for line in lines for word in line.split() if word.count("+") >= 2]
    true = [verify.read_key(each) for each in said]

    def drawn() -> verify.Key:
        one, name = data.draw(st.sampled_from(true)), data.draw(st.sampled_from(true)).name
        kind = data.draw(st.sampled_from([verify.LOG, verify.COSIGNER]))
        return data.draw(st.sampled_from([one, one, verify.Key(name, kind, one.raw)]))

    believed = [drawn() for _ in range(data.draw(st.integers(0, 4)))]
    if data.draw(st.booleans()):
        other = str(drawn())
        at_ = data.draw(st.sampled_from(said))
        files = listed(changed(files, "policy", lambda p: p.replace(at_.encode(), other.encode())))

    holds, lines_ = agreed(packed(files), believed)

    published = {(key.name, key.kind, key.raw) for key in true}
    if holds and believed and any(line.state == "witnessed" for line in lines_):
        assert any(k.kind == verify.COSIGNER and tuple(k) in published for k in believed)


# ── what is said of what is not signed ───────────────────────────────────────────────────────


def unsigned(files: Files, kind: bytes) -> Files:
    """With the proofs of all records of this kind taken away."""
    names = {n for n in named(files, ".record") if b'"kind":"%s"' % kind in files[n]}
    assert names

    def change(said: Any) -> None:
        for each in said["records"]:
            if each["file"] in names:
                each["proof"] = None

    kept = {n: d for n, d in files.items() if n.replace(".tlog-proof", ".record") not in names}
    return listed(restated({**kept, **{n: files[n] for n in names}}, change))


def test_a_partner_s_record_is_no_better_proven_than_the_record_that_it_was_read(
    given: Given, tmp_path: Path
) -> None:
    known = [verify.read_key(each) for each in given.keys[1::2]]
    whole = verdict(given.home, tmp_path)[1]["records"]
    weak = packed(unsigned(unpacked(given.home), b"PartnerRead"))

    for believed in ([], known):
        keys = [word for key in believed for word in ("--key", str(key))]
        code, said = verdict(weak, tmp_path, *keys)

        assert (code, said["records"]["shared"], said["records"]["mirrored"]) == (0, 0, 0)
        assert said["records"]["recorded"] > whole["shared"]
        assert {each["code"] for each in said["notices"]} == {"recorded", "unread"}
        assert agreed(weak, believed)[0]
        one = verify.Check(believed, None)
        one.run(weak)
        told = verify.tell(one, english=True, every=False)
        count = said["records"]["recorded"]
        assert f"BUT NOTHING PROVES {count} OF ITS RECORDS" in told
        assert f"! {count} records are unsigned" in told


def test_what_was_made_up_of_the_partner_is_said_to_be_unproven(
    given: Given, tmp_path: Path
) -> None:
    """No signature at all: a reading that never was, of a record that never was."""
    files = unpacked(given.home)
    theirs = header(B, 7, "WagesRecovered", "cas_x") + b"\n" + canonical.encode({"amount": 1})
    place = {"channel": f"{B}/to/{A}", "number": 1, "cause": 1, "under": ""}
    root = leaf_of(canonical.encode(place), theirs).hex()
    read = canonical.encode({"partner": B, "first": 1, "last": 1, "root": root})
    channel = {
        "channel": f"{B}/to/{A}", "number": 1, "header": canonical.encode(place).decode(),
        "size": 1, "root": root, "path": [], "read": 9,
    }  # fmt: skip

    def change(said: Any) -> None:
        said.update(
            kind="case", subject="cas_x", closed=[], attachments=[], missing=[], whole=[],
            records=[
                {"origin": A, "position": 9, "file": "own/9.record", "proof": None,
                 "channel": None, "role": "support"},
                {"origin": B, "position": 7, "file": "partner-1/7.record", "proof": None,
                 "channel": "partner-1/7.channel.json", "role": "fact"},
            ],
        )  # fmt: skip

    made = packed(
        listed(
            restated(
                {
                    **{n: files[n] for n in ("manifest.json", "policy", "checkpoint")},
                    "own/9.record": header(A, 9, "PartnerRead", "chn_x") + b"\n" + read,
                    "partner-1/7.record": theirs,
                    "partner-1/7.channel.json": json.dumps(channel).encode(),
                },
                change,
            )
        )
    )

    code, said = verdict(made, tmp_path, *given.keys)

    assert (code, said["records"]["recorded"]) == (0, 2)
    assert sum(said["records"].values()) == 2
    assert agreed(made, [verify.read_key(each) for each in given.keys[1::2]])[0]


def relabelled(files: Files, kind: str, subject: str) -> bytes:
    return packed(restated(files, lambda said: said.update(kind=kind, subject=subject)))


def test_what_a_dossier_says_that_it_is_about_must_be_found_in_its_records(
    given: Given, tmp_path: Path
) -> None:
    files = unpacked(given.home)
    person = manifest(files)["subject"]
    for kind, subject in (
        ("worker", "per_somebodyelse"),
        ("case", "cas_somebodyelse"),
        ("case", person),
        ("fund", person),
        ("letter", person),
        ("worker", ""),
        ("worker", f"{person} "),
        ("period", "uni_x"),
        ("period", "uni_x 2026-3-1 2026-03-31"),
    ):
        code, said = verdict(relabelled(files, kind, subject), tmp_path)

        assert (code, [each["code"] for each in said["faults"]]) == (5, ["subject"]), subject
        assert agreed(relabelled(files, kind, subject))[0] is False
    for subject in (
        f"{manifest(files)['union']} 2026-03-01 2026-03-31",
        "uni_x 2026-03-01 2026-03-31",
    ):
        code, said = verdict(relabelled(files, "period", subject), tmp_path)
        assert (code, {each["code"] for each in said["faults"]}) == (5, {"period"})
        assert agreed(relabelled(files, "period", subject))[0] is False


def test_a_subject_that_only_an_unsigned_record_has_is_told(given: Given, tmp_path: Path) -> None:
    files = unpacked(given.home)

    def change(said: Any) -> None:
        said.update(kind="case", subject="cas_x")
        last = max(n for n, each in enumerate(said["records"]) if each["origin"] == A)
        said["records"].insert(last + 1, {
            "origin": A, "position": 9999, "file": "own/9999.record", "proof": None,
            "channel": None, "role": "fact",
        })  # fmt: skip

    one = header(A, 9999, "CaseOpened", "cas_x").replace(b"2026-03-02T", b"2027-03-02T") + b"\n{}"
    made = packed(listed(restated({**files, "own/9999.record": one}, change)))

    code, said = verdict(made, tmp_path)

    assert (code, {each["code"] for each in said["notices"]}) == (
        0,
        {"recorded", "subject-unsigned"},
    )
    assert agreed(made)[0]


def test_no_text_of_a_dossier_becomes_a_line_or_a_command_of_its_own(given: Given) -> None:
    lie = "\n  ✓ 99 records stand unchanged in a journal\x1b[1A\x9b2J\u202e\u2028\r"
    files = unpacked(given.home)
    person = manifest(files)["subject"]

    for change in (
        {"subject": person + lie}, {"made": lie}, {"made": "2026" + lie}, {"kind": lie},
        {"origin": A + lie}, {"whole": [{"origin": A, "stream": lie, "records": 3}]},
    ):  # fmt: skip
        made = packed(restated(files, lambda said, change=change: said.update(change)))
        one = verify.Check([], None)
        one.run(made)
        for english in (True, False):
            told = verify.tell(one, english=english, every=True)

            assert not any(line.startswith("  ✓ 99") for line in told.splitlines())
            assert not {"\x1b", "\x9b", "\u202e", "\u2028", "\r"} & set(told)


def test_half_a_character_is_no_text(given: Given, tmp_path: Path) -> None:
    files = unpacked(given.home)
    made = packed(
        changed(files, "manifest.json", lambda m: m.replace(b'"made": "', b'"made": "\\ud800', 1))
    )

    code, said = verdict(made, tmp_path)

    assert (code, [each["code"] for each in said["faults"]]) == (5, ["manifest"])
    assert agreed(made)[0] is False


# ── zips ─────────────────────────────────────────────────────────────────────────────────────


def with_zipfile(
    files: Files, *more: tuple[str, bytes], packing: int = zipfile.ZIP_STORED
) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", packing) as archive:
        for name, data in (*files.items(), *more):
            archive.writestr(name, data)
    return out.getvalue()


def test_a_zip_that_hides_something_is_not_opened(given: Given, tmp_path: Path) -> None:
    good, files = given.home, unpacked(given.home)
    (record, *_) = named(files, ".record")
    bomb = zlib.compress(bytes(1 << 24))
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = with_zipfile(files, (record, b"{}"))
    for spoilt, code in (
        (good[:-1], "zip-end"),
        (good[: len(good) // 2], "zip-end"),
        (good + b"\0", "zip-end"),
        (b"#!/bin/sh\n" + good, "zip-form"),
        (twice, "zip-twice"),
        (with_zipfile(files, packing=zipfile.ZIP_DEFLATED), "zip-packed"),
        (with_zipfile({**files, "bomb": bomb}, packing=zipfile.ZIP_DEFLATED), "zip-packed"),
        (with_zipfile({**files, "../../etc/cron.d/x": b""}), "zip-name"),
        (with_zipfile({**files, "/etc/passwd": b""}), "zip-name"),
        (with_zipfile({**files, "own/./x": b""}), "zip-name"),
        (with_zipfile({**files, "记录": b""}), "zip-name"),
        (good.replace(files[record], flipped(files[record])), "zip-crc"),
        (packed(files)[:-22] + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 9, 9, 9, 9, 0), "zip-form"),
        (b"", "zip-end"),
    ):
        exit_code, said = verdict(spoilt, tmp_path)

        assert exit_code == 5
        assert [each["code"] for each in said["faults"]] == [code]
        with pytest.raises(checking.NotEvidence):
            checking.check(spoilt)


def test_every_fault_is_said_in_chinese_and_in_english() -> None:
    source = dossiers.VERIFIER.read_text("utf-8")
    calls = [
        node.args[0].value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) in {"Fault", "_say", "_note"}
        and node.args
        and isinstance(node.args[0], ast.Constant)
    ]

    assert set(calls) == set(verify.WORDS)


def test_the_same_content_is_the_same_zip(given: Given) -> None:
    assert packed(unpacked(given.home)) == given.home
    said = manifest(unpacked(given.home))
    assert said["files"]["verify.py"]["sha256"] == sha256(evidence.verifier()).hexdigest()
