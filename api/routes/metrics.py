"""Metrics (监控指标): `/metrics` in Prometheus' text format, for whoever watches this node.

Sizes, ages, signals, and what was asked how often and how fast. Labels name journals, partners,
views and routes; never a person, an account, or an address that somebody typed. Given to this
machine alone, or to whoever has the token of the settings (`LIANGDI_METRICS_TOKEN`).
"""

import hmac
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from ipaddress import ip_address
from itertools import accumulate
from threading import Lock
from typing import NamedTuple

from fastapi import APIRouter, Request, Response

from api.asking import desk_of
from api.problems import Problem
from ledger.book import Ledger, Reader
from ledger.clock import ClockJumped
from ledger.exchange.running import standings
from ledger.exchange.signals import Signal, signals
from ledger.imports.jobs import past
from ledger.journal import checkpoints
from ledger.journal.database import AWAY
from ledger.journal.recorder import read_head
from ledger.projections.posting import bookmarks

ROUTER = APIRouter(tags=["监控指标"], include_in_schema=False)
"""At the root, beside `/api/v1`."""

TYPE = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds: the upper ends of what durations are counted in."""


# ── what is asked of us ──────────────────────────────────────────────────────────────────────


class Requests:
    """How often each route was asked, how it answered, and how long that took."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._answers: dict[tuple[str, str, int], int] = {}
        self._times: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}

    def count(self, request: Request, status: int, seconds: float) -> None:
        """Counts one answer, under the route's template: what was typed into an address is not kept."""
        path = getattr(request.scope.get("route"), "path", None) or "other"
        method = request.method if request.method in _METHODS else "other"
        with self._lock:
            key = (path, method, status)
            self._answers[key] = self._answers.get(key, 0) + 1
            times = self._times.setdefault(path, [0] * (len(BOUNDS) + 1))
            times[bisect_left(BOUNDS, seconds)] += 1
            self._seconds[path] = self._seconds.get(path, 0.0) + seconds

    def __iter__(self) -> "Iterator[Metric]":
        with self._lock:
            answers = sorted(self._answers.items())
            times = sorted((path, [*each]) for path, each in self._times.items())
            seconds = dict(self._seconds)
        yield Metric("liangdi_requests_total", "counter", "Answers by route, method and status.", [
            Sample({"route": path, "method": method, "status": str(status)}, count)
            for (path, method, status), count in answers
        ])  # fmt: skip
        yield Metric(
            "liangdi_request_seconds", "histogram", "Seconds to the first byte of an answer.", [
                sample
                for path, counts in times
                for sample in _histogram(path, counts, seconds[path])
            ],
        )  # fmt: skip


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _histogram(path: str, counts: list[int], seconds: float) -> "Iterator[Sample]":
    totals = list(accumulate(counts))
    for bound, total in zip((*map(str, BOUNDS), "+Inf"), totals, strict=True):
        yield Sample({"route": path, "le": bound}, total, "_bucket")
    yield Sample({"route": path}, seconds, "_sum")
    yield Sample({"route": path}, totals[-1], "_count")


# ── the format ───────────────────────────────────────────────────────────────────────────────


class Sample(NamedTuple):
    """One number with its labels; `suffix` is what a histogram's parts are called by."""

    labels: Mapping[str, str]
    value: float
    suffix: str = ""


class Metric(NamedTuple):
    """One family of numbers."""

    name: str
    kind: str  # counter · gauge · histogram
    help: str
    samples: Iterable[Sample]

    def lines(self) -> Iterator[str]:
        yield f"# HELP {self.name} {self.help}"
        yield f"# TYPE {self.name} {self.kind}"
        for labels, value, suffix in self.samples:
            told = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
            yield f"{self.name}{suffix}{f'{{{told}}}' * bool(told)} {value:.15g}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


# ── how the ledgers stand ────────────────────────────────────────────────────────────────────

GAUGES = {
    "up": "Whether the ledger's database answers.",
    "journal_records": "Records in the journal.",
    "signed_records": "Records that a checkpoint of ours covers.",
    "cosigned_records": "Records that a partner's witness has cosigned.",
    "cosigned_age_seconds": "Seconds since a partner's witness cosigned last.",
    "witnessed_records": "Records of a partner's journal that we have cosigned.",
    "exchange_read_records": "Records of a partner's channel that are read.",
    "exchange_lag_records": "Records of a partner's channel that are known of and not read.",
    "exchange_shared_records": "Records of ours in the channel to a partner.",
    "exchange_heard_age_seconds": "Seconds since a partner was heard.",
    "exchange_parked_records": "Records of a partner that wait to be applied.",
    "exchange_owed_links": "Links of which openings are still to come.",
    "signals": "Signals that stand, by kind.",
    "view_lag_records": "Records that a view has not posted yet.",
    "view_building_records": "Records that a rebuilt view has posted, while it is being filled.",
    "imports_running": "Imports that are begun and not finished.",
    "imports_rows": "Rows of imports that are not finished, and how many are done.",
}

Told = Iterator[tuple[str, Mapping[str, str], float]]


def of_ledgers(ledgers: Iterable[Ledger]) -> Iterator[Metric]:
    """How every ledger stands; of one whose database is away, that it is away."""
    found: dict[str, list[Sample]] = {name: [] for name in GAUGES}
    for ledger in ledgers:
        own = {"origin": ledger.origin}
        try:
            with ledger.reading() as reader:
                told = [*_sizes(reader), *_exchange(ledger), *_work(reader)]
        except AWAY:
            told = []
        found["up"].append(Sample(own, float(bool(told))))
        for name, labels, value in told:
            found[name].append(Sample({**own, **labels}, value))
    for name, samples in found.items():
        yield Metric(f"liangdi_{name}", "gauge", GAUGES[name], samples)


def _sizes(reader: Reader) -> Told:
    conn, origin = reader.conn, reader.ledger.origin
    signed = checkpoints.last_vouched(conn, reader.ledger.log)
    yield "journal_records", {}, read_head(conn, origin).frontier.size
    yield "signed_records", {}, signed.size if signed else 0
    standing = [each.kind for each in signals(reader)]
    for kind in Signal.kinds:
        yield "signals", {"kind": kind}, standing.count(kind)


def _exchange(ledger: Ledger) -> Told:
    try:
        now = ledger.clock.now()
    except ClockJumped as jumped:
        now = jumped.expected
    for each in standings(ledger):
        partner = {"partner": each.partner}
        yield "cosigned_records", partner, each.cosigned
        yield from _age("cosigned_age_seconds", partner, each.cosigned_at, now)
        yield "witnessed_records", partner, each.witnessed
        yield "exchange_read_records", partner, each.read
        yield "exchange_lag_records", partner, max(0, each.size - each.read)
        yield "exchange_shared_records", partner, each.shared
        yield from _age("exchange_heard_age_seconds", partner, each.heard, now)
        yield "exchange_parked_records", partner, each.parked
        yield "exchange_owed_links", partner, each.owed


def _age(name: str, labels: Mapping[str, str], at: datetime | None, now: datetime) -> Told:
    if at is not None:
        yield name, labels, (now - at).total_seconds()


def _work(reader: Reader) -> Told:
    ledger = reader.ledger
    size = read_head(reader.conn, ledger.origin).frontier.size
    for one in bookmarks(reader.conn, ledger.origin):
        view = {"view": one.view}
        if one.building:
            yield "view_building_records", view, one.position
        else:
            yield "view_lag_records", view, size - one.position
    running = [each for each in past(ledger) if not each.finished]
    yield "imports_running", {}, len(running)
    yield "imports_rows", {"state": "all"}, sum(each.rows for each in running)
    yield "imports_rows", {"state": "done"}, sum(each.done for each in running)


# ── who may ask ──────────────────────────────────────────────────────────────────────────────


@ROUTER.get("/metrics")
def metrics(request: Request) -> Response:
    """All of it, as it is now."""
    if not _may(request, request.app.state.metrics_token):
        raise Problem(
            403, "metrics", "Metrics are for this machine, or for a token.",
            "监控指标只供本机，或凭监控令牌读取。",
        )  # fmt: skip
    requests: Requests = request.app.state.requests
    told = [*of_ledgers(desk_of(request).ledgers.values()), *requests]
    lines = "\n".join(line for metric in told for line in metric.lines())
    return Response(lines + "\n", headers={"Content-Type": TYPE})


def _may(request: Request, token: str) -> bool:
    if token:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), token.encode())
    if {"x-forwarded-for", "forwarded"} & {name.lower() for name in request.headers}:
        return False  # a proxy on this machine speaks for somebody elsewhere
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False
