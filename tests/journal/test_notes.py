"""Signed notes: against the specifications' and the Go checksum database's own examples, and lies."""

from base64 import b64decode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ledger.journal.merkle import Frontier, leaf_hash, node_hash
from ledger.journal.notes import (
    MOST_SIGNATURES,
    BadNote,
    Checkpoint,
    Forged,
    Kind,
    Malformed,
    Misplaced,
    Note,
    Proof,
    PublicKey,
    Signature,
    Unsigned,
    sign,
    verify,
)


@dataclass(frozen=True)
class Key:
    """A key in memory."""

    private: Ed25519PrivateKey
    public: PublicKey

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message)


def key(name: str, kind: Kind = Kind.LOG, seed: bytes = b"1") -> Key:
    private = Ed25519PrivateKey.from_private_bytes(seed.rjust(32, b"\0"))
    return Key(private, PublicKey(name, kind, private.public_key().public_bytes_raw()))


LOG = key("liangdi.example/guangxi")
WITNESS = key("liangdi.example/guangdong/witness", Kind.COSIGNER, b"2")
STRANGER = key("stranger.example", seed=b"3")

# ── Known vectors ───────────────────────────────────────────────────────────────────────────────

# C2SP signed-note: its example of a key and a note.
FOO = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
FOO_NOTE = """This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
"""

# golang.org/x/mod/sumdb/note: its tests' keys, text and signatures.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
PETER_SEED = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = """If you think cryptography is the answer to your problem,
then you don't know what your problem is.
"""
PETERS = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
ENOCHS = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"

# C2SP tlog-cosignature and tlog-checkpoint: a checkpoint of a log, cosigned by a witness.
SOFA = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""


def note(*lines: str, text: str = TEXT) -> bytes:
    return (text + "\n" + "".join(lines)).encode()


def test_the_example_of_the_specification_verifies() -> None:
    foo = PublicKey.parse(FOO)

    found = verify(Note.parse(FOO_NOTE.encode()), [foo])

    assert [each.key for each in found] == [foo]
    assert str(foo) == FOO
    assert Note.parse(FOO_NOTE.encode()).to_bytes() == FOO_NOTE.encode()


def test_the_notes_of_the_checksum_database_verify_and_are_signed_alike() -> None:
    peter, enoch = PublicKey.parse(PETER), PublicKey.parse(ENOCH)
    seed = b64decode(PETER_SEED)[1:]
    private = Key(Ed25519PrivateKey.from_private_bytes(seed), peter)

    both = verify(Note.parse(note(PETERS, ENOCHS)), [peter, enoch])

    assert [each.key for each in both] == [peter, enoch]
    assert [each.key for each in verify(Note.parse(note(PETERS, ENOCHS)), [enoch])] == [enoch]
    assert sign(TEXT, private).line == PETERS


def test_a_cosigned_checkpoint_is_read_as_it_was_written() -> None:
    read = Note.parse(SOFA.encode())
    checkpoint = Checkpoint.parse(read.text)

    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text == read.text
    assert read.to_bytes() == SOFA.encode()
    assert int.from_bytes(read.signatures[1].body[:8], "big") == 1679315147


# ── Keys ────────────────────────────────────────────────────────────────────────────────────────


def test_a_key_with_any_byte_changed_or_missing_is_none() -> None:
    for start in range(len(PETER)):
        for stop in range(start + 1, len(PETER) + 1):
            if (start, stop) != (0, len(PETER)):
                with pytest.raises(Malformed):
                    PublicKey.parse(PETER[start:stop])
    for at, letter in enumerate(PETER):
        with pytest.raises(Malformed):
            PublicKey.parse(PETER[:at] + chr(ord(letter) + 1) + PETER[at + 1 :])


def test_a_key_of_another_length_or_kind_is_none() -> None:
    for text in (
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ):
        with pytest.raises(Malformed):
            PublicKey.parse(text)


SMALL = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
]


@pytest.mark.parametrize("point", SMALL)
def test_a_key_under_which_anything_would_verify_is_refused(point: str) -> None:
    with pytest.raises(Malformed):
        PublicKey("log", Kind.LOG, bytes.fromhex(point))


def test_a_name_with_a_space_or_a_plus_is_none() -> None:
    for name in ("", "a b", "a+b", "a\u2003b", "a\u0085b", "a\n", "\ud800"):
        with pytest.raises(Malformed):
            PublicKey(name, Kind.LOG, LOG.public.raw)


# ── Notes ───────────────────────────────────────────────────────────────────────────────────────


def test_signatures_of_strangers_are_passed_over() -> None:
    made = Note(TEXT, (sign(TEXT, STRANGER), sign(TEXT, LOG)))

    assert [each.key for each in verify(made, [LOG.public])] == [LOG.public]
    with pytest.raises(Unsigned):
        verify(made, [])


def test_a_known_key_that_did_not_sign_spoils_the_whole_note() -> None:
    forged = Signature(LOG.public.name, LOG.public.id, STRANGER.sign(TEXT.encode()))

    with pytest.raises(Forged):
        verify(Note(TEXT, (sign(TEXT, STRANGER), forged)), [LOG.public, STRANGER.public])
    with pytest.raises(Forged):
        verify(Note(TEXT, (sign(TEXT, LOG), forged)), [LOG.public])


def test_a_text_that_was_changed_is_forged() -> None:
    made = sign(TEXT, LOG)

    with pytest.raises(Forged):
        verify(Note(TEXT.replace("problem", "Problem"), (made,)), [LOG.public])


def test_a_key_named_twice_counts_once() -> None:
    made = Note(TEXT, (sign(TEXT, LOG), sign(TEXT, LOG)))

    assert len(verify(made, [LOG.public, LOG.public])) == 1


def test_a_cosignature_says_when_and_holds_for_that_time_only() -> None:
    text = Checkpoint("log", 3, bytes(32)).text
    made = sign(text, WITNESS, 1_772_000_000)
    moved = made._replace(body=(1_772_000_001).to_bytes(8, "big") + made.body[8:])

    assert verify(Note(text, (made,)), [WITNESS.public])[0].time == 1_772_000_000
    with pytest.raises(Forged):
        verify(Note(text, (moved,)), [WITNESS.public])
    with pytest.raises(Forged):
        verify(Note(text, (made._replace(body=b"\xff" * 72),)), [WITNESS.public])


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        note(),
        note(PETERS[:-1]),
        b"\x01" + note(PETERS),
        b"\xff" + note(PETERS),
        note("— Bad Name x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg\n"),
        note(PETERS, "Unexpected line.\n"),
        note(*[PETERS] * (MOST_SIGNATURES + 1)),
        note(PETERS.replace("JnAM=", "JnAM")),  # not padded
        note(PETERS.replace("JnAM=", "JnAN=")),  # bits left over
        note(PETERS.replace("JnAM=", "J nAM=")),
        note("— PeterNeumann x08go_ZJkuBS9UG_\n"),  # the other alphabet
        note("— PeterNeumann x08g\n"),
        note("- PeterNeumann x08go/ZJ\n"),
        b"a" * (1 << 18) + note(PETERS),
        b"",
    ],
)
def test_what_is_no_note_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        Note.parse(data)


def test_sixteen_signatures_are_read() -> None:
    names = [key(f"k{number}", seed=b"%d" % number) for number in range(MOST_SIGNATURES)]
    made = Note(TEXT, tuple(sign(TEXT, each) for each in names)).to_bytes()

    assert len(verify(Note.parse(made), [each.public for each in names])) == MOST_SIGNATURES


# ── Checkpoints and proofs ──────────────────────────────────────────────────────────────────────

ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="


@pytest.mark.parametrize(
    "text",
    [
        f"log\n03\n{ROOT}\n",
        f"log\n+3\n{ROOT}\n",
        f"log\n-3\n{ROOT}\n",
        f"log\n３\n{ROOT}\n",
        f"log\n{1 << 63}\n{ROOT}\n",
        f"\n3\n{ROOT}\n",
        "log\n3\n",
        "log\n3\nCsUYapGGPo4dkMgIAUqom\n",
        f"log\n3\n{ROOT}\n\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        Checkpoint.parse(text)


def test_others_may_add_lines_to_their_checkpoints() -> None:
    text = f"log\n3\n{ROOT}\nmore\n"

    assert Checkpoint.parse(text).extensions == ("more",)
    assert Checkpoint.parse(text).text == text


LEAVES = [leaf_hash(b"%d" % number) for number in range(3)]
TREE = Frontier().extend(LEAVES)


def proof(signer: Key = LOG, **changed: object) -> Proof:
    text = Checkpoint(LOG.public.name, 3, TREE.root()).text
    made = Note(text, (sign(text, signer), sign(text, WITNESS, 7))).to_bytes()
    given: dict[str, object] = {
        "index": 2, "path": (node_hash(LEAVES[0], LEAVES[1]),), "note": made, "extra": b"2",
    } | changed  # fmt: skip
    return Proof(**given)  # type: ignore[arg-type]


def test_a_proof_is_read_back_and_proves_without_the_log() -> None:
    read = Proof.parse(proof().to_bytes())

    proven = read.proves(LEAVES[2], [LOG.public, WITNESS.public])

    assert read == proof()
    assert proven.checkpoint.size == 3
    assert [each.time for each in proven.by] == [None, 7]
    assert Proof.parse(proof(extra=None).to_bytes()).extra is None


def test_a_proof_proves_its_leaf_at_its_place_under_the_log_s_own_key_only() -> None:
    with pytest.raises(Misplaced):
        proof().proves(LEAVES[1], [LOG.public])
    with pytest.raises(Misplaced):
        proof(index=1).proves(LEAVES[2], [LOG.public])
    with pytest.raises(Unsigned):
        proof().proves(LEAVES[2], [WITNESS.public])
    with pytest.raises(Unsigned):
        proof(STRANGER).proves(LEAVES[2], [STRANGER.public])


def lines(change: Callable[[list[str]], object]) -> bytes:
    """A proof of which the lines were changed."""
    all_ = proof().to_bytes().decode().split("\n")
    change(all_)
    return "\n".join(all_).encode()


@pytest.mark.parametrize(
    "data",
    [
        lines(lambda it: it.__setitem__(0, "c2sp.org/tlog-proof@v2")),
        lines(lambda it: it.__setitem__(1, "extra !")),
        lines(lambda it: it.__setitem__(2, "index 02")),
        lines(lambda it: it.pop(2)),
        lines(lambda it: it.__setitem__(3, "AAAA")),
        lines(lambda it: it.__setitem__(slice(3, 4), [it[3]] * 64)),
        b"c2sp.org/tlog-proof@v1",
        b"",
    ],
)
def test_what_is_no_proof_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        Proof.parse(data)


# ── Anything at all ─────────────────────────────────────────────────────────────────────────────

GOOD = [FOO_NOTE.encode(), SOFA.encode(), proof().to_bytes(), FOO.encode(), note(PETERS, ENOCHS)]


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """Something good, with bytes put in, taken out or doubled."""
    data = draw(st.sampled_from(GOOD) | st.binary(max_size=300))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        to = draw(st.integers(at, min(len(data), at + 40)))
        data = data[:at] + draw(st.binary(max_size=8) | st.just(data[at:to] * 2)) + data[to:]
    return data


@given(data=spoilt())
def test_whatever_comes_in_is_read_or_refused_in_our_words(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    keys = [PublicKey.parse(FOO), PublicKey.parse(PETER), LOG.public, WITNESS.public]
    readers: list[Callable[[], object]] = [
        lambda: PublicKey.parse(text),
        lambda: Checkpoint.parse(text),
        lambda: verify(Note.parse(data), keys),
        lambda: Proof.parse(data).proves(LEAVES[2], keys),
    ]

    for read in readers:
        with suppress(BadNote):
            read()


@given(text=st.text(max_size=60))
def test_a_text_that_can_be_signed_is_read_back(text: str) -> None:
    text = "".join(letter for letter in text if letter >= " " and letter.isprintable()) + "\n"

    made = Note(text, (sign(text, LOG), sign(text, WITNESS, 1)))

    assert Note.parse(made.to_bytes()) == made
    assert len(verify(Note.parse(made.to_bytes()), [LOG.public, WITNESS.public])) == 2
