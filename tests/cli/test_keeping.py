"""Keeping the record: records, rules, unions, fsck, rebuild, migrate, accounts, serve and demo."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from ledger.cli.common import Exit
from tests.cli.conftest import Run, told

ROOT = Path(__file__).parent.parent.parent


# ── reading ──────────────────────────────────────────────────────────────────────────────────


def test_records_are_listed_page_by_page_without_personal_texts(run: Run) -> None:
    first = told(run("records", "-p", "45", "--limit", "5", "--json"))
    next_ = told(run("records", "-p", "45", "--after", "5", "--limit", "5", "--json"))
    shown = run("records", "-p", "45")
    over = run("records", "-p", "45", "--after", "100000")

    assert [one["position"] for one in first + next_] == list(range(1, 11))
    assert first[0]["kind"] == "JournalOpened"
    assert "JournalOpened" in shown.stdout
    assert "没有记录" in over.stdout


def test_a_rule_is_told_with_its_sentence_its_article_and_what_to_do(run: Run) -> None:
    shown = run("rules", "AlreadyAMember")
    (told_,) = told(run("rules", "AlreadyAMember", "--json"))

    assert "怎么办" in shown.stdout
    assert "《中国工会会员会籍管理办法》第3条" in told_["sources"]
    assert all(text in shown.stdout for text in (*told_["sources"], told_["example"]))
    assert told_["article"] not in shown.stdout


def test_all_rules_are_listed_those_of_rosters_among_them(run: Run) -> None:
    names = {rule["name"] for rule in told(run("rules", "--json"))}

    assert {"AlreadyAMember", "NoSharingBasis", "CheckDigitWrong", "CommandReused"} <= names


def test_a_rule_that_is_nearly_right_is_guessed(run: Run) -> None:
    result = run("rules", "alreadyamember")

    assert result.exit_code == Exit.NOT_FOUND
    assert "AlreadyAMember" in result.stderr


def test_unions_are_found_and_stand_in_a_tree(run: Run) -> None:
    found = told(run("union", "find", "东兰", "-p", "45", "--json"))
    tree = run("union", "tree", "-p", "45")
    below = told(run("union", "tree", "河池市总工会", "-p", "45", "--depth", "1", "--json"))
    nothing = run("union", "find", "火星", "-p", "45")

    assert found[0]["name"] == "东兰县总工会"
    assert "└── " in tree.stdout
    assert len(below[0]["below"]) == 7
    assert nothing.exit_code == Exit.NOT_FOUND


# ── checking ─────────────────────────────────────────────────────────────────────────────────


def test_a_sound_journal_is_told_so(run: Run) -> None:
    result = run("fsck", "-p", "45")

    assert result.exit_code == Exit.DONE
    assert "全部相符" in result.stdout
    assert told(run("fsck", "-p", "45", "--quick", "--json"))["sound"]


def test_one_byte_changed_in_a_copy_is_found_with_its_day_and_the_original_is_untouched(
    run: Run,
) -> None:
    result = run("demo", "tamper", "-p", "45", "--position", "7")
    copy = re.search(r"LIANGDI_DATA=(\S+)", result.stdout)
    assert copy is not None

    found = run("fsck", "-p", "45", LIANGDI_DATA=copy[1])

    assert found.exit_code == Exit.DAMAGED
    assert re.search(r"位置 7（\w+ \d{4}-\d\d-\d\d）", found.stdout)
    assert run("fsck", "-p", "45").exit_code == Exit.DONE


def test_a_record_that_is_not_there_is_not_tampered_with(run: Run) -> None:
    assert run("demo", "tamper", "--position", "99999").exit_code == Exit.NOT_FOUND


def test_views_are_rebuilt_and_swapped(run: Run) -> None:
    every = run("rebuild", "-p", "45")
    one = run("rebuild", "rosters", "-p", "45")
    none = run("rebuild", "nothing", "-p", "45")

    assert every.exit_code == 0, every.output
    assert re.search(r"rosters.*已切换到第 2 代", every.stdout)
    assert "会员名册（rosters）：已切换到第 3 代" in one.stdout
    assert none.exit_code == Exit.NOT_FOUND
    assert "worker_files" in none.stderr


def test_migrating_what_is_up_to_date_changes_nothing(run: Run) -> None:
    result = run("migrate")

    assert result.exit_code == 0
    assert result.stdout.count("已是最新") == 2


# ── accounts ─────────────────────────────────────────────────────────────────────────────────


def test_an_account_is_opened_given_a_token_and_closed(run: Run) -> None:
    (clerk, *_) = told(run("account", "list", "-p", "45", "--json"))

    added = run("account", "add", "new", clerk["person"], "-p", "45", "--password", "long enough 1")
    taken = run("account", "add", "new", clerk["person"], "-p", "45", "--password", "long enough 1")
    token = run("account", "token", "new", "-p", "45")
    changed = run("account", "password", "new", "-p", "45", "--password", "another one 2")
    closed = run("account", "close", "new", "-p", "45")

    assert [r.exit_code for r in (added, taken, token, changed, closed)] == [0, 1, 0, 0, 0]
    assert token.stdout.startswith("45.")
    assert "new" not in {one["name"] for one in told(run("account", "list", "-p", "45", "--json"))}


def test_what_is_wrong_with_an_account_is_told(run: Run) -> None:
    (clerk, *_) = told(run("account", "list", "-p", "45", "--json"))

    weak = run("account", "add", "new", clerk["person"], "-p", "45", "--password", "short")
    nobody = run("account", "add", "new", "somebody", "-p", "45", "--password", "long enough 1")
    missing = run("account", "close", "nobody", "-p", "45")

    assert (weak.exit_code, nobody.exit_code) == (Exit.REFUSED, Exit.USAGE)
    assert missing.exit_code == Exit.NOT_FOUND


# ── serving ──────────────────────────────────────────────────────────────────────────────────


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("dawdling", [False, True])
def test_the_server_answers_and_stops_cleanly_also_while_somebody_dawdles(
    data: Path, *, dawdling: bool
) -> None:
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "ledger.cli", "serve", "--port", str(port)], cwd=ROOT,
        env={**os.environ, "LIANGDI_DATA": str(data)}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    dawdler = socket.socket()
    try:
        for _ in range(600):
            try:
                with urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
                    status = answer.status
                break
            except OSError:
                assert server.poll() is None, server.communicate()
                time.sleep(0.1)
        else:
            pytest.fail("no answer within a minute")
        if dawdling:
            dawdler.connect(("127.0.0.1", port))
            dawdler.sendall(
                b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n"
            )
    finally:
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=60)
        dawdler.close()

    assert status == 200
    assert server.returncode == 0, err
    assert "已停止" in out
    assert dawdling or "Traceback" not in err


def test_a_port_that_is_taken_is_told(run: Run) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()

        result = run("serve", "--port", str(other.getsockname()[1]))

    assert result.exit_code == Exit.USAGE
    assert "--port" in result.stderr


def test_an_empty_folder_is_not_served(run: Run, tmp_path: Path) -> None:
    result = run("serve", LIANGDI_DATA=str(tmp_path / "nothing"))

    assert result.exit_code == Exit.NOT_FOUND
    assert "liangdi demo" in result.stderr


# ── a demo on another day ────────────────────────────────────────────────────────────────────


def test_another_day_is_for_a_demo_only(run: Run) -> None:
    without = run("serve", "--today", "2027-03-01")
    real = run("serve", "--demo", "--today", "2027-03-01")
    unreadable = run("serve", "--demo", "--today", "2027-3-1")

    assert without.exit_code == Exit.USAGE
    assert "--demo" in without.stderr
    assert real.exit_code == Exit.REFUSED
    assert "真实的账" in real.stderr
    assert unreadable.exit_code == Exit.USAGE


def test_a_demo_never_goes_back_before_its_last_record(run: Run, data: Path) -> None:
    (data / "demo.json").write_text("{}", "utf-8")

    result = run("serve", "--demo", "--today", "2020-01-01")

    assert result.exit_code == Exit.REFUSED
    assert "不能退回 2020-01-01" in result.stderr


def test_the_demo_goes_into_an_empty_folder_only(run: Run) -> None:
    result = run("demo")

    assert result.exit_code == Exit.REFUSED
    assert "--into" in result.stderr
