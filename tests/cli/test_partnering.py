"""How partners stand, told by the command line: a code for whoever watches, evidence for a judge."""

from pathlib import Path

from ledger.cli.common import Exit
from ledger.journal import alarms
from ledger.settings import Settings
from tests.cli.conftest import Run, told


def kept(data: Path, shown: bytes) -> None:
    """Evidence against 广西 at 广东."""
    from ledger.book import open_ledger

    settings = Settings.from_environment({"LIANGDI_DATA": str(data)})
    host = next(each for each in settings.provinces() if each.code == "44")
    ledger = open_ledger(host)
    with ledger.database.writing() as conn:
        log, at = "liangdi.example/guangxi", "2026-03-02T01:00:00.000000Z"
        alarms.keep(conn, log, "refused", shown, at, size=12)
    ledger.close()


def test_each_partner_is_told_with_what_it_has_read_and_cosigned(run: Run) -> None:
    shown = run("partner", "-p", "45")

    assert "广东省" in shown.stdout
    assert "对方已见证" in shown.stdout


def test_a_program_reads_the_same_and_the_code_says_that_somebody_must_look(
    run: Run, data: Path
) -> None:
    kept(data, b"old 12\n")

    result = run("partner", "-p", "44", "--json")
    whole = run("partner", "--json")

    assert result.exit_code == whole.exit_code == Exit.SIGNAL
    assert '"kind": "RewriteRefused"' in result.stdout
    assert '"45": {' in whole.stdout
    assert '"cosigned":' in result.stdout


def test_a_signal_is_a_sentence_with_what_to_do(run: Run, data: Path) -> None:
    kept(data, b"old 12\n")

    result = run("partner", "-p", "44")

    assert result.exit_code == Exit.SIGNAL
    assert "RewriteRefused" in result.stderr
    assert "怎么办：导出证据" in result.stderr


def test_evidence_is_listed_and_exported_byte_for_byte(
    run: Run, data: Path, tmp_path: Path
) -> None:
    assert "没有保存的证据" in run("partner", "evidence", "-p", "44").stdout
    kept(data, b"old 12\n\xff")

    (listed,) = told(run("partner", "evidence", "-p", "44", "--json"))
    into = tmp_path / "evidence"
    run("partner", "evidence", listed["digest"][:12], "-p", "44", "--into", str(into))

    assert into.read_bytes() == b"old 12\n\xff"
    assert run("partner", "evidence", listed["digest"], "-p", "44").stdout_bytes == b"old 12\n\xff"
    assert listed["digest"][:16] in run("partner", "evidence", "-p", "44").stdout
    assert run("partner", "evidence", "ffff", "-p", "44").exit_code == Exit.NOT_FOUND


def test_an_alarm_is_settled_by_its_digest_and_the_evidence_stays(run: Run, data: Path) -> None:
    kept(data, b"old 12\n")
    (listed,) = told(run("partner", "evidence", "-p", "44", "--json"))
    digest = listed["digest"]
    said = ("--cause", "test", "--finding", "已与对方总工会电话核实，是其测试机误发", "-p", "44")
    assert f"liangdi partner settle {digest[:16]}" in run("partner", "-p", "44").stderr

    done = run("partner", "settle", digest[:12], *said, "--letter", "桂工办函〔2026〕8号")

    assert "已处置：测试或误放的文件" in done.stdout
    assert "RewriteRefused" not in run("partner", "-p", "44").stderr
    assert "已处置（" in run("partner", "evidence", "-p", "44").stdout
    (after,) = told(run("partner", "evidence", "-p", "44", "--json"))
    assert (after["standing"], after["settled"]["letter"]) == (False, "桂工办函〔2026〕8号")
    (one,) = told(run("partner", "settlements", "-p", "44", "--json"))
    assert one == after["settled"]
    assert "测试机误发" in run("partner", "settlements", "-p", "44").stdout
    assert run("partner", "evidence", digest, "-p", "44").stdout_bytes == b"old 12\n"
    again = run("partner", "settle", digest, *said)
    assert (again.exit_code, "AlarmSettledAlready" in again.stderr) == (Exit.REFUSED, True)
    unknown = run("partner", "settle", "0000", *said)
    assert (unknown.exit_code, "NoSuchAlarm" in unknown.stderr) == (Exit.REFUSED, True)
