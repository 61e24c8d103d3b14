"""Nodes from the command line: made, shown, admitted, announced, followed by the next."""

import stat
from pathlib import Path

import pytest

from ledger.book import open_ledger
from ledger.cli.common import Exit
from ledger.exchange import sync
from ledger.settings import RESTORED, Settings
from tests.cli.conftest import Run, told


@pytest.fixture
def cards(run: Run, tmp_path: Path) -> dict[str, Path]:
    """Both provinces have a node, and a card of it."""
    made: dict[str, Path] = {}
    for code in ("45", "44"):
        assert run("node", "make", "-p", code, "--address", f"https://n{code}.example:8443")
        made[code] = tmp_path / f"{code}.card"
        assert run("node", "card", "-p", code, "--into", str(made[code])).exit_code == 0
    return made


def exchange(data: Path) -> None:
    """As two nodes would."""
    settings = Settings.from_environment({"LIANGDI_DATA": str(data)})
    ledgers = [open_ledger(each) for each in settings.provinces()]
    sync(*ledgers)
    for each in ledgers:
        each.close()


def test_a_key_is_its_owners_and_a_card_holds_no_secret(
    run: Run, data: Path, cards: dict[str, Path]
) -> None:
    key = data / "45" / "keys" / "node-1.key"

    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    card = cards["45"].read_text("utf-8")
    assert "PRIVATE" not in card
    assert key.read_text("ascii").splitlines()[1] not in card
    assert run("node", "card", "-p", "45").stdout_bytes == cards["45"].read_bytes()
    again = run("node", "make", "-p", "45", "--address", "https://moved.example")
    assert again.exit_code == 0
    assert "https://moved.example" in run("node", "card", "-p", "45").stdout


def test_what_is_no_address_or_no_card_is_said_plainly(
    run: Run, tmp_path: Path, cards: dict[str, Path]
) -> None:
    spoilt = tmp_path / "spoilt"
    spoilt.write_text(cards["44"].read_text("utf-8").replace("https", "http"))

    assert run("node", "make", "-p", "45", "--address", "gx.example").exit_code == Exit.USAGE
    for file in (spoilt, tmp_path / "nothing"):
        refused = run("node", "admit", str(file), "-p", "45")
        assert refused.exit_code == Exit.UNREADABLE, refused.output
    own = run("node", "admit", str(cards["45"]), "-p", "45", "--compared")
    assert own.exit_code == Exit.REFUSED
    assert "本省自己的名片" in own.output


def test_a_card_counts_until_the_partner_has_announced_itself(
    run: Run, data: Path, cards: dict[str, Path]
) -> None:
    uncompared = run("node", "admit", str(cards["44"]), "-p", "45")
    assert uncompared.exit_code == Exit.REFUSED
    assert "电话" in uncompared.output
    assert run("node", "admit", str(cards["44"]), "-p", "45", "--compared").exit_code == 0
    again = run("node", "admit", str(cards["44"]), "-p", "45", "--compared")
    assert again.exit_code == Exit.REFUSED
    by = {each["origin"]: each["by"] for each in told(run("node", "list", "-p", "45", "--json"))}
    assert by == {"liangdi.example/guangxi": "own", "liangdi.example/guangdong": "card"}

    announced = run("node", "announce", "-p", "44")
    assert announced.exit_code == 0, announced.output
    exchange(data)

    by = {each["origin"]: each["by"] for each in told(run("node", "list", "-p", "45", "--json"))}
    assert by["liangdi.example/guangdong"].startswith("liangdi.example/guangdong#")
    assert "已是本节点现在的样子" in run("node", "announce", "-p", "44").stdout


def test_a_card_is_a_record_of_its_own_and_a_file_where_the_journal_is_read_only(
    run: Run, data: Path, cards: dict[str, Path]
) -> None:
    assert run("node", "admit", str(cards["44"]), "-p", "45", "--compared").exit_code == 0
    assert not (data / "45" / "partners").exists()
    assert run("node", "make", "-p", "44", "--address", "https://moved.example").exit_code == 0
    run("node", "card", "-p", "44", "--into", str(cards["44"]))
    (data / "45" / RESTORED).write_text("{}", "utf-8")  # as a restore leaves it

    kept = run("node", "admit", str(cards["44"]), "-p", "45", "--compared")

    assert kept.exit_code == 0, kept.output
    assert "只读" in kept.stdout
    by = {e["origin"]: e["address"] for e in told(run("node", "list", "-p", "45", "--json"))}
    assert by["liangdi.example/guangdong"] == "https://moved.example"


def test_a_certificate_is_retired_once_the_partner_holds_the_next(
    run: Run, data: Path, cards: dict[str, Path]
) -> None:
    def prints(code: str, of: str) -> list[str]:
        found = told(run("node", "list", "-p", code, "--json"))
        return next(each["certificates"] for each in found if each["origin"].endswith(of))

    assert run("node", "retire", "-p", "45").exit_code == Exit.USAGE  # the only one
    run("node", "rotate", "-p", "45")
    run("node", "announce", "-p", "45")
    early = run("node", "retire", "-p", "45")
    assert early.exit_code == Exit.CONFLICT
    assert "guangdong" in early.output
    exchange(data)

    old, new = prints("44", "guangxi")
    assert run("node", "retire", "-p", "45").exit_code == 0
    assert prints("45", "guangxi") == [new]
    assert old != new
