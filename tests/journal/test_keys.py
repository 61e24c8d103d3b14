"""Signing keys: made once, for their owner alone, rotated with old evidence intact, or elsewhere."""

import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ledger.journal.keys import BadKey, Role, SignerAway, SigningKeys
from ledger.journal.notes import Kind, Note, PublicKey, sign, verify

ORIGIN = "liangdi.example/guangxi"
TEXT = "said once\n"


def test_each_role_has_a_key_of_its_own_for_its_owner_alone(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path / "keys", ORIGIN)

    named = {role: keys.one(role).public for role in Role}

    roles = ("", "/witness", "/mirror", "/voucher")
    assert [named[role].name for role in Role] == [ORIGIN + each for each in roles]
    kinds = [Kind.LOG, Kind.COSIGNER, Kind.COSIGNER, Kind.VOUCHER]
    assert [named[role].kind for role in Role] == kinds
    assert len({key.raw for key in named.values()}) == len(Role)
    for role in Role:
        assert stat.S_IMODE((tmp_path / "keys" / f"{role}-1").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_of_many_that_open_a_ledger_at_once_one_makes_the_keys(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: SigningKeys(tmp_path / "keys", ORIGIN), range(16)))

    assert len({each.one(Role.LOG).public for each in made}) == 1
    assert not list((tmp_path / "keys").glob(".*"))


def test_a_key_that_others_may_read_is_refused_with_what_to_do(tmp_path: Path) -> None:
    SigningKeys(tmp_path, ORIGIN)
    (tmp_path / "log-1").chmod(0o640)

    with pytest.raises(BadKey, match=r"log-1 can be read by others .*chmod 600"):
        SigningKeys(tmp_path, ORIGIN)


@pytest.mark.parametrize("text", ["", "PRIVATE+KEY+a", "PRIVATE+KEY+a+00000000+AQ==", "\x00é"])
def test_a_spoilt_key_is_refused_with_what_to_do(tmp_path: Path, text: str) -> None:
    SigningKeys(tmp_path, ORIGIN)
    (tmp_path / "log-1").write_text(text, "utf-8")

    with pytest.raises(BadKey, match="restore it from the key backup"):
        SigningKeys(tmp_path, ORIGIN)


def test_keys_of_another_province_are_refused(tmp_path: Path) -> None:
    SigningKeys(tmp_path, ORIGIN)

    with pytest.raises(BadKey, match=r"not of liangdi\.example"):
        SigningKeys(tmp_path, "liangdi.example/guangdong")


def test_two_halves_of_two_keys_are_refused(tmp_path: Path) -> None:
    SigningKeys(tmp_path / "one", ORIGIN)
    SigningKeys(tmp_path / "two", ORIGIN)
    (tmp_path / "one" / "log-1.vkey").write_bytes((tmp_path / "two" / "log-1.vkey").read_bytes())

    with pytest.raises(BadKey, match="not one key"):
        SigningKeys(tmp_path / "one", ORIGIN)


def test_after_a_rotation_both_sign_until_the_old_one_is_retired(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path, ORIGIN)
    first = keys.one(Role.LOG).public
    old = Note(TEXT, (sign(TEXT, keys.one(Role.LOG)),))

    second = keys.rotate(Role.LOG)
    both = [each.public for each in keys.signing(Role.LOG)]
    keys.retire(first)
    again = SigningKeys(tmp_path, ORIGIN)

    assert both == [first, second]
    assert [each.public for each in again.signing(Role.LOG)] == [second]
    assert again.public(Role.LOG) == [first, second]
    assert verify(old, again.public(Role.LOG))[0].key == first
    assert not (tmp_path / "log-1").exists()


def test_the_newest_key_and_a_stranger_s_are_not_retired(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path / "a", ORIGIN)
    stranger = SigningKeys(tmp_path / "b", ORIGIN).one(Role.LOG).public

    with pytest.raises(BadKey, match="rotate it first"):
        keys.retire(keys.one(Role.LOG).public)
    with pytest.raises(BadKey, match="no key of"):
        keys.retire(stranger)


SIGNER = """
import base64, pathlib, sys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hashlib import sha256
seed = pathlib.Path(__file__).with_name("seed").read_bytes()
key = Ed25519PrivateKey.from_private_bytes(sha256(seed + sys.argv[2].encode()).digest())
if sys.argv[1] == "public":
    out = key.public_key().public_bytes_raw()
else:
    out = key.sign(sys.stdin.buffer.read())
print(base64.b64encode(out).decode())
"""


@pytest.fixture
def command(tmp_path: Path) -> str:
    (tmp_path / "signer.py").write_text(SIGNER, "utf-8")
    (tmp_path / "seed").write_bytes(b"1")
    return f"{sys.executable} {tmp_path / 'signer.py'}"


def test_a_command_may_keep_the_keys(tmp_path: Path, command: str) -> None:
    keys = SigningKeys(tmp_path / "keys", ORIGIN, command)

    made = Note(TEXT, (sign(TEXT, keys.one(Role.LOG)),))

    assert len(verify(made, keys.public(Role.LOG))) == 1
    assert not (tmp_path / "keys" / "log-1").exists()


def test_a_command_that_holds_another_key_now_signs_nothing_until_it_is_rotated(
    tmp_path: Path, command: str
) -> None:
    keys = SigningKeys(tmp_path / "keys", ORIGIN, command)
    with pytest.raises(BadKey, match="still gives the same key"):
        keys.rotate(Role.LOG)

    (tmp_path / "seed").write_bytes(b"2")

    with pytest.raises(SignerAway):
        keys.one(Role.LOG).sign(b"message")
    second = keys.rotate(Role.LOG)
    assert keys.one(Role.LOG).public == second
    assert keys.one(Role.LOG).sign(b"message")


@pytest.mark.parametrize("command", ["/no/such/command", "false", "echo é", "echo"])
def test_a_command_that_fails_is_said_plainly(tmp_path: Path, command: str) -> None:
    with pytest.raises(SignerAway, match="failed at public"):
        SigningKeys(tmp_path, ORIGIN, command)


def test_a_public_key_is_written_anew_from_its_private_half(tmp_path: Path) -> None:
    first = SigningKeys(tmp_path, ORIGIN).one(Role.LOG).public
    (tmp_path / "log-1.vkey").unlink()

    SigningKeys(tmp_path, ORIGIN)

    assert PublicKey.parse((tmp_path / "log-1.vkey").read_text().strip()) == first
