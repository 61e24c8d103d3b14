"""A dossier is believed for what is in it; each way to spoil one is found, and named."""

import ast
import json
import struct
import zipfile
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as given_
from hypothesis import strategies as st

from ledger import evidence
from ledger.domain.kernel import Office
from ledger.domain.persons import Person
from ledger.evidence import checking, verify
from ledger.journal.attachments import Attachments
from ledger.journal.keys import Role
from ledger.journal.notes import PublicKey
from ledger.journal.policy import Policy
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


def agreed(data: bytes) -> tuple[bool, list[verify.Line]]:
    """The verdict that both give, and what the single file found out."""
    one = verify.Check([], None)
    holds = one.run(data)
    try:
        checking.check(data)
        ours, why = True, ""
    except checking.NotEvidence as fault:
        ours, why = False, str(fault)
    assert ours is holds, (why, [each.told() for each in one.faults])
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
