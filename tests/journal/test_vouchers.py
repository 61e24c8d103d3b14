"""Vouchers as bytes: one shape, one way to write each, and every other byte refused in our words."""

import re
from base64 import b32decode, b32encode
from contextlib import suppress
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import assume, given
from hypothesis import strategies as st

from ledger.domain.ids import PersonId, TransferId, UnionId
from ledger.domain.kernel import Code
from ledger.domain.membership import Voucher
from ledger.journal.notes import BadNote, Forged, Kind, Malformed, PublicKey, Unsigned
from ledger.journal.vouchers import (
    MOST_BYTES,
    PREFIX,
    Signed,
    decode,
    encode,
    of_text,
    sign,
    to_address,
    to_text,
)
from tests.journal.test_notes import Key, key

LETTERS = "abcdefghijklmnopqrstuvwxyz"
GX, GD = Code("liangdi.example/guangxi"), Code("liangdi.example/guangdong")
KEY = Key(
    private := Ed25519PrivateKey.from_private_bytes(b"\x01" * 32),
    PublicKey(f"{GX}/voucher", Kind.VOUCHER, private.public_key().public_bytes_raw()),
)
VOUCHER = Voucher(
    GX, PersonId(f"per_{LETTERS}"), GD, date(2026, 3, 2), date(2026, 3, 16),
    TransferId(f"trf_{LETTERS}"), UnionId(f"uni_{LETTERS}"), 1023,
    Code(sha256(b"\x00record").hexdigest()),
)  # fmt: skip

# The same voucher, put together by cbor2's canonical encoder and signed by cryptography.
TEXT = (
    "LD1:2KCETIQBE4CEIQCOBXY2AWGYVEAXO3DJMFXGOZDJFZSXQYLNOBWGKL3HOVQW4Z3YNEBHQHTQMVZF6YLCMNSGKZTH"
    "NBUWU23MNVXG64DROJZXI5LWO54HS6QDPAMWY2LBNZTWI2JOMV4GC3LQNRSS6Z3VMFXGOZDPNZTQIGTJXAUQABI2NGSGF"
    "AAHLAPHI4TGL5QWEY3EMVTGO2DJNJVWY3LON5YHC4TTOR2XM53YPF5DUAABAAABSA77HIAACAABLAQOMEFBCLW5OXO3K7"
    "VE2LWRSGQINPERHTSZBO4PFNW3SXJ4YP7C4DR2AAAQAATYDZ2W42K7MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43UOV3HO6D"
    "ZPJMEANCL4XOCE43EYW3VENBV5IM4ADJWCDIG7V5DKYVS5756IB2NPPSQOJSXC3DFAPC2SRWGU5Z4666JEFBMLRLI7UUUL"
    "VXCGM3DZW5DZMAA"
)
SIGNED = sign(VOUCHER, KEY)
BYTES = SIGNED.to_bytes()


# ── one way to write it ──


def test_a_voucher_is_written_as_another_encoder_writes_it() -> None:
    assert to_text(SIGNED) == TEXT
    assert of_text(TEXT) == SIGNED
    assert SIGNED.verify([KEY.public]) == KEY.public


def test_a_qr_code_keeps_it_in_the_alphanumeric_mode() -> None:
    code = segno.make(TEXT, error="m")

    assert (len(BYTES), code.mode, code.designator) == (297, "alphanumeric", "13-M")


@pytest.mark.parametrize("base", ["https://gx.example", "http://10.0.0.7:8000/"])
def test_with_an_address_before_it_any_telephone_can_follow_it(base: str) -> None:
    address = to_address(TEXT, base)

    assert segno.make(address, error="m").mode == "alphanumeric"
    assert address.lower().startswith(f"{base.rstrip('/')}/v/ld1:")
    assert of_text(address) == SIGNED


def test_the_example_of_the_reference_is_this_one() -> None:
    page = Path(__file__).parents[2] / "docs/reference/vouchers.md"
    told = dict(re.findall(r"```text (\w+)\n(.*?)\n```", page.read_text("utf-8"), re.DOTALL))

    assert told == {"key": str(KEY.public), "claims": encode(VOUCHER).hex(), "text": TEXT}


@given(
    since=st.dates(date(1970, 1, 3), date(9999, 12, 1)),
    term=st.integers(0, 30),
    index=st.integers(0, (1 << 53) - 1),
    leaf=st.binary(min_size=32, max_size=32),
    name=st.text("abcxyz.-/0189", min_size=1, max_size=100),
)
def test_every_voucher_comes_back_as_it_was(
    since: date, term: int, index: int, leaf: bytes, name: str
) -> None:
    until = date.fromordinal(since.toordinal() + term)
    made = replace(
        VOUCHER, since=since, until=until, index=index, leaf=Code(leaf.hex()), audience=Code(name)
    )

    assert decode(encode(made)) == made
    assert of_text(to_text(sign(made, KEY))).voucher == made


@pytest.mark.parametrize(
    "changed",
    [
        TEXT.lower(),
        "\n".join(TEXT[at : at + 40] for at in range(0, len(TEXT), 40)),
        "  " + " ".join(TEXT[at : at + 4] for at in range(0, len(TEXT), 4)) + "\r\n",
    ],
)
def test_blanks_and_small_letters_of_a_hand_do_not_matter(changed: str) -> None:
    assert of_text(changed) == SIGNED


# ── whom one believes ──


def test_a_key_of_another_name_or_another_id_does_not_know_it() -> None:
    other = PublicKey(f"{GD}/voucher", Kind.VOUCHER, KEY.public.raw)

    with pytest.raises(Unsigned):
        SIGNED.verify([other, key(f"{GX}/voucher", Kind.VOUCHER).public])


def test_the_key_of_another_role_cannot_stand_in_for_the_vouchers() -> None:
    as_log = PublicKey(f"{GX}/voucher", Kind.LOG, KEY.public.raw)

    with pytest.raises(Unsigned):
        SIGNED.verify([as_log])


def test_a_claim_that_was_changed_after_signing_is_forged() -> None:
    longer = replace(VOUCHER, until=date(2026, 12, 31))
    forged = Signed(longer, SIGNED.key_id, encode(longer), SIGNED.signature)

    with pytest.raises(Forged):
        of_text(to_text(forged)).verify([KEY.public])


def test_no_bit_of_it_can_be_turned() -> None:
    for at in range(len(BYTES) * 8):
        turned = bytearray(BYTES)
        turned[at // 8] ^= 1 << at % 8

        with pytest.raises(BadNote):
            Signed.parse(bytes(turned)).verify([KEY.public])


# ── what is no voucher ──


def text_of(data: bytes) -> str:
    return PREFIX + b32encode(data).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "LD1:",
        TEXT.removeprefix(PREFIX),
        TEXT.replace("LD1", "LD2"),
        TEXT[:-1],
        TEXT + "A",
        TEXT + "=",
        TEXT.replace("A", "0"),
        TEXT.replace("A", "！"),
        PREFIX + TEXT,
        "https://gx.example/check?" + TEXT,
        TEXT * 20,
        text_of(b"\x00" * (MOST_BYTES + 1)),
    ],
)
def test_what_is_no_text_of_a_voucher_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        of_text(text)


def test_letters_that_leave_bits_over_are_refused() -> None:
    data = b32decode(TEXT.removeprefix(PREFIX) + "=" * 4)
    assert data == BYTES  # 297 bytes in 476 letters: the last one has bits to spare

    with pytest.raises(Malformed):
        of_text(TEXT[:-1] + "B")


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        (b"\xd2\x84", b"\x84"),  # without its tag
        (b"\xd2\x84", b"\xd2\x9f"),  # an array without an end
        (b"\xa0\x58", b"\xa1\x01\x02\x58"),  # something unprotected
        (b"\x01\x27", b"\x01\x26"),  # another algorithm
        (b"\x58\xd8", b"\x59\x00\xd8"),  # a length that is longer than it need be
        (b"\xa9\x01", b"\xbf\x01"),  # a map without an end
        (b"\x01\x77", b"\x01\x57"),  # bytes for a text
        (b"\x78\x1eper_", b"\x78\x1ecas_"),  # the id of something else
        (b"\x19\x03\xff", b"\x20\x03\xff"),  # a negative place
    ],
)
def test_the_shape_has_no_second_form(said: bytes, instead: bytes) -> None:
    assert said in BYTES

    with pytest.raises(Malformed):
        Signed.parse(BYTES.replace(said, instead, 1))


@pytest.mark.parametrize(
    "changed",
    [
        replace(VOUCHER, issuer=Code("two words")),
        replace(VOUCHER, issuer=Code("")),
        replace(VOUCHER, audience=Code("x" * 129)),
        replace(VOUCHER, person=PersonId("per_1")),
        replace(VOUCHER, offer=TransferId(f"grt_{LETTERS}")),
        replace(VOUCHER, union=UnionId(f"uni_{LETTERS}x")),
        replace(VOUCHER, since=date(2026, 3, 17)),
        replace(VOUCHER, index=1 << 53),
        replace(VOUCHER, leaf=Code("ab")),
    ],
)
def test_a_voucher_that_says_what_none_can_say_is_refused(changed: Voucher) -> None:
    with pytest.raises(Malformed):
        decode(encode(changed))


def test_a_term_that_ends_within_a_day_is_refused() -> None:
    payload = encode(VOUCHER)
    ends = payload.index(b"\x04\x1a") + 5

    with pytest.raises(Malformed):
        decode(payload[:ends] + bytes([payload[ends] ^ 1]) + payload[ends + 1 :])


@given(data=st.binary(max_size=MOST_BYTES + 8))
def test_whatever_bytes_come_in_are_refused_in_our_words(data: bytes) -> None:
    with suppress(BadNote):
        Signed.parse(data)
    with suppress(BadNote):
        decode(data)


@given(at=st.integers(0, len(BYTES)), cut=st.integers(0, 40), filling=st.binary(max_size=40))
def test_a_voucher_with_a_piece_of_another_is_not_believed(
    at: int, cut: int, filling: bytes
) -> None:
    spoilt = BYTES[:at] + filling + BYTES[at + cut :]
    assume(spoilt != BYTES)

    with pytest.raises(BadNote):
        Signed.parse(spoilt).verify([KEY.public])


@given(text=st.text(max_size=400) | st.text("LD1:ABC234 \n", max_size=400))
def test_whatever_text_comes_in_is_refused_in_our_words(text: str) -> None:
    for each in (text, PREFIX + text):
        with suppress(BadNote):
            of_text(each)
