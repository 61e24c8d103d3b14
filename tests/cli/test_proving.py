"""Evidence from the command line: made here, checked with nothing but a key, and keys kept."""

from pathlib import Path

import pytest
from typer.testing import Result

from ledger.book import open_ledger
from ledger.cli.common import Exit
from ledger.exchange import sync
from ledger.settings import Settings
from tests.cli.conftest import Run, told


def key_of(run: Run, province: str, role: str) -> str:
    (found,) = [each for each in told(run("signing", "list", "-p", province, "--json"))
                if each["role"] == role and each["signs"]]  # fmt: skip
    return found["key"]


@pytest.fixture
def evidence(run: Run, tmp_path: Path) -> Path:
    file = tmp_path / "12.tlog-proof"
    run("checkpoint", "-p", "45")
    made = run("proof", "12", "-p", "45", "--into", str(file))
    assert made.exit_code == 0, made.output
    return file


def test_a_record_is_proven_offline_with_the_keys_alone(run: Run, evidence: Path) -> None:
    keys = ("--key", key_of(run, "45", "log"), "--key", key_of(run, "44", "witness"))

    shown = run("verify", str(evidence), *keys, LIANGDI_DATA="/nowhere")
    data = told(run("verify", str(evidence), *keys, "--json", LIANGDI_DATA="/nowhere"))

    assert shown.exit_code == 0, shown.output
    assert "第 12 笔在账中" in shown.stdout
    assert data["record"]["position"] == 12
    assert [each["kind"] for each in data["signed_by"]] == ["log", "cosigner"]
    assert "见证　" in shown.stdout


def test_a_checkpoint_and_a_policy_are_verified_too(
    run: Run, data: Path, tmp_path: Path, evidence: Path
) -> None:
    note = tmp_path / "checkpoint"
    note.write_bytes(run("checkpoint", "-p", "45").stdout_bytes)
    policy = tmp_path / "policy"
    witness = key_of(run, "44", "witness")
    lines = f"log {key_of(run, '45', 'log')}\nwitness gd {witness}\nquorum "
    policy.write_text(lines + "gd\n")

    assert run("verify", str(note), "--policy", str(policy)).exit_code in {0, Exit.DAMAGED}
    assert run("verify", str(evidence), "--policy", str(policy)).exit_code == 0
    other = key_of(run, "45", "witness")
    policy.write_text(lines.replace(witness, other) + "gd\n")
    assert run("verify", str(evidence), "--policy", str(policy)).exit_code == Exit.DAMAGED
    assert told(run("checkpoint", "-p", "45", "--json"))["size"] > 12


def test_a_changed_proof_is_refused(run: Run, evidence: Path, tmp_path: Path) -> None:
    keys = ("--key", key_of(run, "45", "log"))
    good = evidence.read_text("utf-8")
    spoilt = tmp_path / "spoilt"
    for bad in (
        good.replace("index 11", "index 12"),
        good.replace("extra ey", "extra eX"),
        good.replace("liangdi.example/guangxi\n", "liangdi.example/guangdong\n"),
        good[:-20],
    ):
        spoilt.write_text(bad, "utf-8")

        refused = run("verify", str(spoilt), *keys)

        assert refused.exit_code == Exit.DAMAGED, bad
        assert "不能作为证明" in refused.stderr


def test_whom_to_believe_must_be_said(run: Run, evidence: Path) -> None:
    stranger = key_of(run, "44", "log")

    assert run("verify", str(evidence)).exit_code == Exit.USAGE
    assert run("verify", str(evidence), "--key", stranger).exit_code == Exit.DAMAGED
    assert run("verify", str(evidence), "--key", "x+y").exit_code == Exit.USAGE
    assert run("verify", "/no/such/file", "--key", stranger).exit_code == Exit.UNREADABLE


def test_a_proof_without_its_record_needs_the_record(run: Run, tmp_path: Path) -> None:
    run("checkpoint", "-p", "45")
    file, record = tmp_path / "proof", tmp_path / "record"
    file.write_bytes(run("proof", "3", "-p", "45", "--without-record").stdout_bytes)
    (one,) = told(run("records", "-p", "45", "--after", "2", "--limit", "1", "--json"))
    record.write_text(one["header"] + "\n" + one["body"], "utf-8")
    key = ("--key", key_of(run, "45", "log"))

    assert run("verify", str(file), *key).exit_code == Exit.USAGE
    assert run("verify", str(file), *key, "--record", str(record)).exit_code == 0


@pytest.mark.parametrize("ref", ["x", "", "elsewhere#3", "-1", "1" * 30])
def test_what_is_no_record_of_ours_is_said(run: Run, ref: str) -> None:
    assert run("proof", "-p", "45", "--", ref).exit_code == Exit.USAGE
    assert run("proof", "999999", "-p", "45").exit_code == Exit.NOT_FOUND


def test_a_key_is_rotated_trusted_and_retired(run: Run, data: Path) -> None:
    old = key_of(run, "45", "witness")

    assert run("signing", "rotate", "witness", "-p", "45").exit_code == 0
    new = [each["key"] for each in told(run("signing", "list", "-p", "45", "--json"))
           if each["role"] == "witness"][-1]  # fmt: skip
    assert run("signing", "trust", new, "-p", "44", "--url", "https://gx.example/w").exit_code == 0
    assert run("signing", "retire", new, "-p", "45").exit_code == Exit.USAGE
    assert run("signing", "retire", old, "-p", "45").exit_code == 0

    listed = run("signing", "list", "-p", "45").stdout
    assert "已停用" in listed
    assert "https://gx.example/w" in (data / "44" / "policy").read_text()
    assert run("signing", "rotate", "master", "-p", "45").exit_code == Exit.USAGE
    assert run("signing", "trust", "nonsense", "-p", "45").exit_code == Exit.USAGE


def test_a_key_that_others_may_read_is_refused(run: Run, data: Path) -> None:
    (data / "45" / "keys" / "log-1").chmod(0o644)

    refused = run("records", "-p", "45")

    assert refused.exit_code == Exit.USAGE
    assert "chmod 600" in refused.stderr


def test_a_lost_signature_file_is_resumed_against_what_the_partner_holds(
    run: Run, data: Path, tmp_path: Path
) -> None:
    held = tmp_path / "held"
    held.write_bytes(run("checkpoint", "-p", "45").stdout_bytes)
    assert "无需恢复" in run("signing", "resume", "-p", "45").stdout
    (data / "45" / "signed").unlink()

    assert run("checkpoint", "-p", "45").exit_code == Exit.DAMAGED
    assert run("signing", "resume", "-p", "45").exit_code == Exit.USAGE
    assert run("signing", "resume", "-p", "45", "--held", str(held)).exit_code == 0
    assert run("checkpoint", "-p", "45").exit_code == 0


# ── after a loss ─────────────────────────────────────────────────────────────────────────────


def lost(run: Run, data: Path, tmp_path: Path) -> Path:
    """广西 is restored from a backup older than what 广东 has read and cosigned; what 广东 gives back."""
    backup, keys, given = (tmp_path / name for name in ("backup", "keys", "given"))
    tell = ("service", "tally", "-p", "45", "--kind", "publicity", "--unit", "copies")
    steps = [
        ("backup", str(backup), "-p", "45"),
        ("keys", "backup", str(keys), "-p", "45"),
        (*tell, "--count", "300", "--what", "宣传册"),
        ("forget", "terms", "-p", "45", "--adopt", "2027-1"),
    ]
    for each in steps:
        assert run(*each, LIANGDI_PASSPHRASE=PASSPHRASE).exit_code == 0, each
    exchange(data)
    (data / "45").rename(tmp_path / "lost")
    for each in (
        ("keys", "restore", str(keys), "-p", "45"),
        ("restore", str(backup), "-p", "45"),
        ("partner", "give-back", str(given), "--to", "liangdi.example/guangxi", "-p", "44"),
    ):
        assert run(*each, LIANGDI_PASSPHRASE=PASSPHRASE).exit_code == 0, each
    return given


def exchange(data: Path) -> None:
    settings = Settings.from_environment({"LIANGDI_DATA": str(data)})
    ledgers = [open_ledger(each) for each in settings.provinces()]
    sync(*ledgers)
    for each in ledgers:
        each.close()


PASSPHRASE = "一个足够长的密钥备份口令"


def test_a_loss_is_declared_by_one_and_the_epoch_begun_by_another(
    run: Run, data: Path, tmp_path: Path
) -> None:
    given = str(lost(run, data, tmp_path))

    def told_by(*words: str) -> Result:
        return run("signing", *words, given, "-p", "45", LIANGDI_PASSPHRASE=PASSPHRASE)

    early = told_by("begin", "--as", "gx-yinsi")
    looked = told_by("recover")
    declared = told_by("declare", "--as", "gx-zhuxi", "--paper", "桂工发〔2026〕40号")
    alone = told_by("begin", "--as", "gx-zhuxi")
    begun = told_by("begin", "--as", "gx-yinsi")

    assert "LossNotDeclared" in early.stderr
    assert "对方归还" in looked.stdout
    assert declared.exit_code == 0, declared.output
    assert "LossByOne" in alone.stderr
    assert begun.exit_code == 0, begun.output
    assert "liangdi.example/guangxi/epoch/2" in begun.stdout
    exchange(data)
    assert not (data / "45" / "loss.json").exists()
    assert run("fsck", "-p", "45").exit_code == 0
    assert run("partner", "-p", "45").exit_code == 0
    shown = run("checkpoint", "-p", "45", "--json")
    assert told(shown)["origin"] == "liangdi.example/guangxi/epoch/2"
    newest = str(told(shown)["size"])
    file = tmp_path / "newest.tlog-proof"
    run("proof", newest, "-p", "45", "--into", str(file))
    key = told(run("signing", "list", "-p", "45", "--json"))[1]["key"]
    assert run("verify", str(file), "--key", key, LIANGDI_DATA="/nowhere").exit_code == 0


def test_a_file_that_is_not_what_was_given_back_is_refused(
    run: Run, data: Path, tmp_path: Path
) -> None:
    given = lost(run, data, tmp_path)
    spoilt = tmp_path / "spoilt"
    spoilt.write_bytes(given.read_bytes()[:-1])

    def recovered(file: Path, passphrase: str = PASSPHRASE) -> int:
        words = ("signing", "recover", str(file), "-p", "45")
        return run(*words, LIANGDI_PASSPHRASE=passphrase).exit_code

    assert recovered(given) == 0
    assert recovered(spoilt) == Exit.DAMAGED
    assert recovered(given, "another passphrase") == Exit.DAMAGED
    assert recovered(data / "45" / "policy") == Exit.DAMAGED
    stranger = ("partner", "give-back", str(tmp_path / "x"), "--to", "example.org", "-p", "44")
    assert run(*stranger, LIANGDI_PASSPHRASE=PASSPHRASE).exit_code == Exit.NOT_FOUND
    short = ("partner", "give-back", str(tmp_path / "x"), "--to", "liangdi.example/guangxi")
    assert run(*short, "-p", "44", LIANGDI_PASSPHRASE="short").exit_code == Exit.USAGE
