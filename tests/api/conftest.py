"""A province's API for tests: real ledgers in SQLite files, each officer a machine with a token."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from ledger.desk import Desk
from ledger.domain.kernel import Office
from tests.world import World, open_province

KEYS = count(1)


class Officer:
    """Somebody at a machine: signed in by a token, with the posts that the world gave her."""

    def __init__(self, app: FastAPI, token: str) -> None:
        self.http = TestClient(app, headers={"Authorization": f"Bearer {token}"})

    def get(self, path: str, **parameters: Any) -> httpx2.Response:
        return self.http.get(f"/api/v1{path}", params=parameters or None)

    def see(self, path: str, **parameters: Any) -> Any:
        """What is there; it must be."""
        found = self.get(path, **parameters)
        assert found.status_code == 200, found.text
        return found.json()

    def post(
        self, path: str, body: Any = None, *, seen: str | None = None, key: str | None = None
    ) -> httpx2.Response:
        headers = {"Idempotency-Key": key or f"test-key-{next(KEYS):06}"}
        if seen is not None:
            headers["If-Match"] = seen
        return self.http.post(f"/api/v1{path}", json=body or {}, headers=headers)

    def act(self, path: str, body: Any = None) -> Any:
        """Begins something new; its result."""
        made = self.post(path, body)
        assert made.status_code == 201, made.text
        return made.json()["result"]

    def upon(self, thing: str, noun: str, body: Any = None, **parameters: Any) -> Any:
        """Acts upon a thing as it is seen now; its result."""
        made = self.upon_seen(thing, noun, body, **parameters)
        assert made.status_code == 201, made.text
        return made.json()["result"]

    def upon_seen(
        self, thing: str, noun: str, body: Any = None, **parameters: Any
    ) -> httpx2.Response:
        found = self.get(thing, **parameters)
        assert found.status_code == 200, found.text
        return self.post(f"{thing}/{noun}", body, seen=found.headers["etag"])

    def refused(self, answered: httpx2.Response) -> str:
        """The rule that says no."""
        assert answered.status_code == 409, answered.text
        return answered.json()["rule"]


Sits = Callable[[str, Office], Officer]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[World]:
    world = open_province(tmp_path, "45")
    yield world
    world.ledger.close()


@pytest.fixture
def desk(home: World) -> Desk:
    return Desk({"45": home.ledger}, demo=True)


@pytest.fixture
def app(desk: Desk) -> FastAPI:
    return create_app(desk)


def seat(app: FastAPI, desk: Desk, world: World, union: str, office: Office) -> Officer:
    """The officer of a union, made where there is none, with a machine of her own."""
    person, name = world.officer(union, office), f"{office.value}.{union[-6:]}"
    if name not in {account for account, _, _ in desk.accounts(world.ledger)}:
        desk.open_account(world.ledger, name, person, "", office.value)
    return Officer(app, desk.make_token(world.ledger, name, "tests"))


@pytest.fixture
def sits(app: FastAPI, desk: Desk, home: World) -> Sits:
    """`sits(union, Office.CLERK)`: her machine."""
    return lambda union, office: seat(app, desk, home, union, office)
