"""Dossiers from the command line: taken, checked anywhere, and never written over a file."""

from pathlib import Path

import pytest

from ledger.cli.common import Exit
from ledger.demo.people import Someone
from ledger.evidence import checking
from ledger.journal.notes import PublicKey
from tests.cli.conftest import Run, told
from tests.dossiers import changed, listed, named, packed, unpacked


def test_a_dossier_is_taken_by_name_and_checked_without_us(
    run: Run, worker: Someone, tmp_path: Path
) -> None:
    file = tmp_path / "案卷.zip"

    made = told(run("dossier", "worker", worker.name, "-p", "45", "-o", str(file), "--json"))
    shown = run("verify", str(file), LIANGDI_DATA="/nowhere")
    said = told(run("verify", str(file), "--json", LIANGDI_DATA="/nowhere"))

    assert made["records"] > 2
    assert made["opened"] > 0
    assert shown.exit_code == 0, shown.output
    assert "核验: 成立" in shown.stdout
    assert "不能由此证明的" in shown.stdout
    assert (said["verdict"], said["ours"]) == ("holds", None)
    again = run("dossier", "worker", worker.name, "-p", "45", "-o", str(file))
    assert again.exit_code == Exit.USAGE
    assert "不覆盖" in again.stderr


def test_a_spoilt_dossier_is_refused_and_the_place_is_named(
    run: Run, worker: Someone, tmp_path: Path
) -> None:
    file = tmp_path / "a.zip"
    run("dossier", "worker", worker.name, "-p", "45", "-o", str(file))
    files = unpacked(file.read_bytes())
    name = named(files, ".record")[0]
    file.write_bytes(packed(listed(changed(files, name, lambda d: d.replace(b"202", b"203")))))

    refused = run("verify", str(file))

    assert refused.exit_code == Exit.DAMAGED
    assert "核验: 不成立" in refused.stdout
    assert name in refused.stdout


def test_a_dossier_whose_records_the_two_find_proven_unequally_is_believed_by_neither(
    run: Run, worker: Someone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.zip"
    run("dossier", "worker", worker.name, "-p", "45", "-o", str(file))
    honest = checking.check(file.read_bytes())
    wrong = {place: each._replace(state="recorded") for place, each in honest.items()}
    monkeypatch.setattr(checking, "check", lambda *_: wrong)

    refused = run("verify", str(file))

    assert refused.exit_code == Exit.DAMAGED
    assert "本系统复核的结论不同" in refused.stderr


def test_the_keys_and_the_words_are_checked_first(
    run: Run, worker: Someone, tmp_path: Path
) -> None:
    file = tmp_path / "a.zip"
    run("dossier", "worker", worker.name, "-p", "45", "-o", str(file))
    keys = told(run("signing", "list", "-p", "45", "--json"))
    others = told(run("signing", "list", "-p", "44", "--json"))
    log = next(each["key"] for each in keys if each["role"] == "log")
    stranger = next(each["key"] for each in others if each["role"] == "log")

    assert run("verify", str(file), "--key", log).exit_code == 0
    assert run("verify", str(file), "--key", stranger).exit_code == Exit.DAMAGED
    assert run("verify", str(file), "--key", "nonsense").exit_code == Exit.USAGE
    both = PublicKey.parse(log)
    other = PublicKey("liangdi.example/other", both.kind, both.raw)
    assert run("verify", str(file), "--key", log, "--key", str(other)).exit_code == Exit.USAGE
    for words in (
        ("letter", "x"), ("worker", "x", "--since", "2026-01-01"), ("period", "x"),
        ("period", "x", "--since", "2026-01-01"),
    ):  # fmt: skip
        made = run("dossier", *words, "-p", "45", "-o", str(tmp_path / "b.zip"))
        assert made.exit_code == Exit.USAGE, words
    lost = run("dossier", "fund", "fnd_" + "a" * 26, "-p", "45", "-o", str(tmp_path / "b.zip"))
    assert lost.exit_code == Exit.NOT_FOUND
    assert not (tmp_path / "b.zip").exists()
