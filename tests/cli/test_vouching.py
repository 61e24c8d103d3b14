"""`liangdi voucher`: from the journal to a worker's hand, and back into another journal."""

from pathlib import Path

import pytest

from ledger.cli.common import Exit
from ledger.demo.people import Someone
from tests.cli.conftest import Run, told
from tests.cli.test_proving import key_of
from tests.cli.test_transferring import HENGDA, state


@pytest.fixture
def offered(run: Run, worker: Someone) -> str:
    return str(
        told(run("transfer", "offer", worker.number, "--to", HENGDA, "-p", "45", "--json"))[
            "transfer"
        ]
    )


@pytest.fixture
def text(run: Run, offered: str) -> str:
    return str(told(run("voucher", "issue", offered, "-p", "45", "--json"))["text"])


def test_a_voucher_is_issued_shown_and_taken(
    run: Run, offered: str, text: str, tmp_path: Path
) -> None:
    picture = tmp_path / "voucher.svg"
    again = run("voucher", "show", offered, "-p", "45", "--svg", str(picture))
    good = run("voucher", "check", text, "-p", "44")

    taken = run("voucher", "take", text, "-p", "44", "--employer", "恒达电子")

    assert text in again.stdout
    assert picture.read_text("utf-8").startswith("<?xml")
    assert "凭证有效" in good.stdout
    assert HENGDA in good.stdout
    assert "已凭证接收" in taken.stdout
    assert state(run, offered) == "received"


def test_what_stands_in_the_way_is_said_with_what_to_do(run: Run, text: str) -> None:
    elsewhere = run("voucher", "check", text, "-p", "45")
    late = run("voucher", "check", text, "-p", "44", "--at", "2099-01-01")
    early = run("voucher", "check", text, "-p", "44", "--at", "2020-01-01")
    spoilt = run("voucher", "check", text[:-4], "-p", "44")
    run("voucher", "take", text, "-p", "44")
    used = run("voucher", "check", text, "-p", "44", "--json")
    twice = run("voucher", "take", text, "-p", "44")

    assert (elsewhere.exit_code, late.exit_code, early.exit_code) == (Exit.REFUSED,) * 3
    assert "不是开给本省的" in elsewhere.stderr
    assert "已过有效期" in late.stderr
    assert "尚未生效" in early.stderr
    assert "怎么办" in spoilt.stderr
    assert spoilt.exit_code == Exit.UNREADABLE
    assert '"rule": "VoucherUsed"' in used.stdout
    assert twice.exit_code == Exit.REFUSED


def test_the_key_alone_is_enough_where_there_is_no_ledger(
    run: Run, text: str, tmp_path: Path
) -> None:
    nowhere = {"LIANGDI_DATA": "/nowhere"}
    key, other = key_of(run, "45", "voucher"), key_of(run, "44", "voucher")
    file = tmp_path / "voucher.txt"
    file.write_text(text + "\n", "ascii")
    here = ("--here", "liangdi.example/guangdong")

    good = run("voucher", "check", str(file), "--key", key, *here, **nowhere)
    third = run(
        "voucher", "check", text, "--key", key, "--here", "liangdi.example/hunan", **nowhere
    )
    unknown = run("voucher", "check", text, "--key", other, **nowhere)

    assert good.exit_code == 0, good.output
    assert third.exit_code == Exit.REFUSED
    assert unknown.exit_code == Exit.DAMAGED
    assert run("voucher", "check", text, **nowhere).exit_code == Exit.USAGE
    assert run("voucher", "check", "nonsense", "--key", key).exit_code == Exit.UNREADABLE
    file.write_bytes(b"\x89PNG\xff")
    assert run("voucher", "check", str(file), "--key", key).exit_code == Exit.UNREADABLE


def test_a_pinned_key_is_what_makes_a_partner_s_vouchers_count(
    run: Run, text: str, data: Path
) -> None:
    (data / "44" / "issuers").unlink()
    assert run("voucher", "check", text, "-p", "44").exit_code == Exit.DAMAGED

    pinned = run("signing", "trust", key_of(run, "45", "voucher"), "-p", "44")

    assert pinned.exit_code == 0, pinned.output
    assert run("voucher", "check", text, "-p", "44").exit_code == 0
