"""The doors of a province as one who waits before them measures: the page and the API, in one process.

The real application with everything that a request passes through, and no network.
"""

import time
from collections.abc import Callable
from statistics import median, quantiles

from fastapi.testclient import TestClient

from api.app import create_app
from bench.rows import Row
from ledger.desk import Desk
from ledger.domain.kernel import Office
from tests.world import World

PAGE = {"accept": "text/html"}


class Door:
    """An officer at her browser, and a machine of hers with a token."""

    def __init__(self, world: World, union: str, office: Office) -> None:
        code, name = world.ledger.province.code, office.value
        desk = Desk({code: world.ledger}, demo=True)
        desk.open_account(world.ledger, name, world.officer(union, office), "", name)
        app = create_app(desk)
        self._browser = TestClient(app, headers=PAGE)
        self._browser.post("/sign-in", data={"demo": "1", "name": name, "province": code})
        token = desk.make_token(world.ledger, name, "bench")
        self._machine = TestClient(app, headers={"Authorization": f"Bearer {token}"})

    def page(self, path: str, **asked: str) -> None:
        """Opens a page, which must be there."""
        self._see(self._browser, path, asked)

    def ask(self, path: str, **asked: str) -> None:
        """Asks the API, which must answer."""
        self._see(self._machine, f"/api/v1{path}", asked)

    def _see(self, client: TestClient, path: str, asked: dict[str, str]) -> None:
        answered = client.get(path, params=asked)
        if answered.status_code != 200:
            raise RuntimeError(f"{path}: {answered.status_code} {answered.text[:500]}")


def milliseconds(many: int, work: Callable[[int], object]) -> list[float]:
    """How long each of so many takes, after one that warms up."""
    found: list[float] = []
    for turn in range(many + 1):
        begun = time.perf_counter()
        work(turn)
        found.append((time.perf_counter() - begun) * 1000)
    return found[1:]


def beside(
    name: str, database: str, times: list[float], peer: str, raw: list[float],
    aim: float | None = None,
) -> list[Row]:  # fmt: skip
    """The slowest of a hundred, beside what it rests on alone."""
    slow, alone = p99(times), p99(raw)
    return [
        Row(f"{name}, p99", database, slow, "ms", peer, None, aim, "lower"),
        Row(f"{name}, p99: {peer}", database, alone, "ms", better="lower"),
        Row(f"{name}, p50", database, median(times), "ms", better="lower"),
    ]


def p99(times: list[float]) -> float:
    """What ninety-nine of a hundred stay below; of few, the slowest."""
    return quantiles(times, n=100)[98] if len(times) >= 100 else max(times)
