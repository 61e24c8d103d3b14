"""Metrics: what whoever watches a node is told, to whom, and that no person stands in it."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from ledger import procedures
from ledger.desk import Desk
from ledger.domain.alarms import Explanation
from ledger.domain.kernel import Office
from ledger.exchange.signals import Signal
from ledger.journal import alarms
from tests.pair import Pair, close, open_pair

LINE = re.compile(
    r'[a-z_]+(\{[a-z]+="(?:[^"\\\n]|\\.)*"(,[a-z]+="(?:[^"\\\n]|\\.)*")*\})? [-+0-9.e]+'
)


@pytest.fixture
def pair(tmp_path: Path, ledger_url: str) -> Iterator[Pair]:
    """The home province on either database."""
    opened = open_pair(tmp_path, home_url=ledger_url)
    yield opened
    close(opened)


def served(pair: Pair, token: str = "", client: str = "127.0.0.1") -> TestClient:
    desk = Desk({"45": pair.home.ledger, "44": pair.host.ledger})
    app = create_app(desk, metrics_token=token)
    return TestClient(app, raise_server_exceptions=False, client=(client, 50000))


def told(http: TestClient) -> dict[str, float]:
    """Every number by its name with its labels."""
    page = http.get("/metrics")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = [line for line in page.text.splitlines() if not line.startswith("#")]
    assert all(LINE.fullmatch(line) for line in lines)
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_sizes_and_ages_are_those_of_the_journals(pair: Pair) -> None:
    pair.agree()
    pair.home.union("未签名的工会")
    pair.home.time.at += timedelta(minutes=2)
    home, host = pair.home.origin, pair.host.origin

    found = told(served(pair))

    size = pair.home.ledger.recorder.max_notification_id() or 0
    own, both = f'{{origin="{home}"}}', f'{{origin="{home}",partner="{host}"}}'
    assert found[f"liangdi_up{own}"] == 1
    assert found[f"liangdi_journal_records{own}"] == size
    assert found[f"liangdi_signed_records{own}"] == found[f"liangdi_cosigned_records{both}"]
    assert found[f"liangdi_signed_records{own}"] < size
    assert 120 <= found[f"liangdi_cosigned_age_seconds{both}"] < 130
    assert 120 <= found[f"liangdi_exchange_heard_age_seconds{both}"] < 130
    assert found[f"liangdi_exchange_read_records{both}"] > 0
    assert found[f"liangdi_exchange_lag_records{both}"] == 0
    assert found[f"liangdi_exchange_parked_records{both}"] == 0
    assert found[f'liangdi_view_lag_records{{origin="{home}",view="rosters"}}'] == 0
    assert found[f"liangdi_imports_running{own}"] == 0


def test_every_kind_of_signal_has_its_number_standing_or_not(pair: Pair) -> None:
    with pair.home.ledger.database.writing() as conn:
        alarms.keep(conn, pair.host.origin, "refused", b"old 3\n", "2026-03-02T01:00:00.000000Z")

    found = told(served(pair))

    kinds = {
        kind: found[f'liangdi_signals{{origin="{pair.home.origin}",kind="{kind}"}}']
        for kind in Signal.kinds
    }
    assert {kind for kind, number in kinds.items() if number} == {"RewriteRefused"}


def test_a_settled_alarm_is_counted_no_more(pair: Pair) -> None:
    with pair.home.ledger.database.writing() as conn:
        alarms.keep(conn, pair.host.origin, "refused", b"old 3\n", "2026-03-02T01:00:00.000000Z")
        (one,) = alarms.contradictions(conn)
    with pair.home.entry(pair.home.root, Office.CHAIR) as entry:
        procedures.settle_alarms(
            entry, [one.digest], Explanation.TEST, "已与对方总工会电话核实，是测试"
        )

    found = told(served(pair))

    assert found[f'liangdi_signals{{origin="{pair.home.origin}",kind="RewriteRefused"}}'] == 0


def test_requests_are_counted_by_route_and_not_by_what_was_typed(pair: Pair) -> None:
    http = served(pair)
    person = pair.home.worker("韦秀英")
    for path in ("/healthz", "/healthz", f"/api/v1/persons/{person}", "/?q=韦秀英", "/韦秀英/x"):
        http.get(path)

    found = told(http)

    assert found['liangdi_requests_total{route="/healthz",method="GET",status="200"}'] == 2
    assert found['liangdi_request_seconds_count{route="/healthz"}'] == 2
    assert found['liangdi_request_seconds_bucket{route="/healthz",le="+Inf"}'] == 2
    assert found['liangdi_request_seconds_sum{route="/healthz"}'] > 0
    assert 'liangdi_requests_total{route="other",method="GET",status="404"}' in found
    page = http.get("/metrics").text
    assert person not in page
    assert "韦秀英" not in page
    assert "%E9" not in page


def test_metrics_are_for_this_machine_alone_where_there_is_no_token(pair: Pair) -> None:
    assert served(pair).get("/metrics").status_code == 200
    assert served(pair, client="::1").get("/metrics").status_code == 200
    assert served(pair, client="192.0.2.7").get("/metrics").status_code == 403
    assert served(pair, client="nobody").get("/metrics").status_code == 403
    proxied = served(pair).get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"})
    assert proxied.status_code == 403


def test_with_a_token_whoever_has_it_may_read_and_nobody_else(pair: Pair) -> None:
    elsewhere = served(pair, "a long secret", client="192.0.2.7")

    def status(said: str) -> int:
        return elsewhere.get("/metrics", headers={"Authorization": said}).status_code

    assert status("Bearer a long secret") == 200
    assert [status(said) for said in ("", "Bearer ", "Bearer another", "Basic x")] == [403] * 4
    assert served(pair, "a long secret").get("/metrics").status_code == 403


def test_of_a_ledger_whose_database_does_not_answer_it_is_told_that_it_is_away(pair: Pair) -> None:
    with pair.host.ledger.database.writing() as conn:
        conn.exec_driver_sql("ALTER TABLE bookmark RENAME TO gone")

    found = told(served(pair))

    assert found[f'liangdi_up{{origin="{pair.host.origin}"}}'] == 0
    assert found[f'liangdi_up{{origin="{pair.home.origin}"}}'] == 1
