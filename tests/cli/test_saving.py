"""Backups, keys and forgetting from the command line: a province is lost and comes back."""

import shutil
from pathlib import Path

from ledger.cli.common import Exit
from tests.cli.conftest import Run, told

PASSPHRASE = ("--passphrase", "一个足够长的密钥备份口令")


def test_a_province_that_is_lost_comes_back(run: Run, data: Path, tmp_path: Path) -> None:
    file, keys = str(tmp_path / "45.backup"), str(tmp_path / "45.keys")
    held = tmp_path / "held"  # our checkpoint, as the partner's witness holds it
    held.write_bytes(run("checkpoint", "-p", "45").stdout_bytes)
    taken = told(run("backup", file, "-p", "45", "--json"))
    run("keys", "backup", keys, "-p", "45", *PASSPHRASE)
    assert run("restore", file, "-p", "45").exit_code == Exit.REFUSED
    shutil.rmtree(data / "45")

    missing = run("restore", file, "-p", "45")
    wrong = run("keys", "restore", keys, "-p", "45", "--passphrase", "ganz falsch gemerkt")
    run("keys", "restore", keys, "-p", "45", *PASSPHRASE)
    back = told(run("restore", file, "-p", "45", "--json"))

    assert missing.exit_code == wrong.exit_code == Exit.DAMAGED
    assert back["size"] == taken["size"]
    assert (data / "45" / "restored.json").exists()
    # Read-only until the partner was asked what it has seen of us.
    assert run("checkpoint", "-p", "45").exit_code == Exit.DAMAGED
    assert run("signing", "resume", "-p", "45").exit_code == Exit.USAGE
    assert run("signing", "resume", "-p", "45", "--held", str(held)).exit_code == Exit.DONE
    assert not (data / "45" / "restored.json").exists()
    assert run("fsck", "-p", "45").exit_code == Exit.DONE


def test_keys_are_rotated_and_the_old_one_is_retired(run: Run, data: Path) -> None:
    before = told(run("keys", "list", "-p", "45", "--json"))
    busy = run("keys", "retire", "1", "-p", "45")

    run("keys", "rotate", "-p", "45")
    shown = run("keys", "list", "-p", "45")
    retired = run("keys", "retire", "1", "-p", "45")

    assert [(one["number"], one["newest"]) for one in before] == [(1, True)]
    assert busy.exit_code == Exit.REFUSED
    assert "wrap-2" in shown.stdout
    assert retired.exit_code == Exit.DONE
    assert not (data / "45" / "keys" / "wrap-1").exists()
    assert run("keys", "retire", "7", "-p", "45").exit_code == Exit.NOT_FOUND
    again = told(run("keys", "rotate", "-p", "45", "--retire", "--json"))
    assert again["retired"] == [2]
    assert run("fsck", "-p", "45").exit_code == Exit.DONE


def test_terms_are_adopted_and_nobody_is_at_rest_yet(run: Run) -> None:
    before = run("forget", "terms", "-p", "45")
    adopted = run("forget", "terms", "-p", "45", "--adopt", "2026-1")
    listed = told(run("forget", "list", "-p", "45", "--ended", "--json"))

    assert before.exit_code == Exit.REFUSED
    assert "会计档案管理办法" in adopted.stdout
    assert listed == {"items": [], "more": False, "ended": []}
    assert told(run("glass", "list", "-p", "45", "--json"))["items"] == []
