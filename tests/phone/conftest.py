"""A worker at a cheap phone: reads a page, presses what is on it, knows no script."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.phone.frame import COOKIE
from ledger.desk import Desk
from ledger.domain.ids import PersonId
from ledger.window import Window
from tests.world import World, open_province

HTML = {"accept": "text/html"}


class _Fields(HTMLParser):
    """The hidden and filled-in fields of each form of a page, by its address."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, dict[str, str]] = {}
        self.action = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = told.get("action", "")
            self.forms.setdefault(self.action, {})
        elif tag == "input" and told.get("name") and told.get("type") not in {"checkbox", "radio"}:
            self.forms.setdefault(self.action, {})[told["name"]] = told.get("value", "")


class Phone:
    """Somebody's phone: the page before her eyes, and the presses that lead to the next."""

    def __init__(self, app: FastAPI) -> None:
        self.http = TestClient(app, headers=HTML)
        self.page: httpx2.Response = httpx2.Response(200)

    def open(self, path: str, status: int = 200) -> str:
        self.page = self.http.get(path)
        assert self.page.status_code == status, self.text
        return self.text

    def press(self, action: str = "", *, status: int = 200, **fields: str) -> str:
        """Sends the form of the page before her, with these fields written over."""
        return self.send(self.form(action), action, fields, status=status)

    def form(self, action: str = "") -> dict[str, str]:
        reader = _Fields()
        reader.feed(self.page.text)
        return reader.forms[action or next(iter(reader.forms))]

    def send(
        self, form: dict[str, str], action: str = "", fields: dict[str, str] | None = None, *,
        status: int = 200, **more: str,
    ) -> str:  # fmt: skip
        where = action or next(iter(re.findall(r'action="([^"]+)"', self.page.text)))
        self.page = self.http.post(where, data={**form, **(fields or {}), **more})
        assert self.page.status_code == status, self.text
        return self.text

    def fill(self, answer: str, **more: str) -> str:
        """Answers the question on the page, and goes on."""
        asked = self.form()["_at"]
        return self.send(self.form(), "", {asked: answer, "_go": "next", **more})

    def tap(self, name: str, value: str) -> str:
        """Presses one of several answers: a button with a name and no other word."""
        return self.send(self.form(), "", {name: value})

    @property
    def text(self) -> str:
        """What the page says, without its tags."""
        found = self.page.text.partition("<main")[2].partition("<footer")[0] or self.page.text
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found))

    @property
    def number(self) -> str:
        found = re.search(r"\b(\d{4} \d{4})\b", self.text)
        assert found is not None, self.text
        return found[1]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[World]:
    world = open_province(tmp_path, "45")
    yield world
    world.ledger.close()


@pytest.fixture
def window(home: World) -> Window:
    return Window({"45": home.ledger}, demo=True)


@pytest.fixture
def app(home: World, window: Window) -> FastAPI:
    return create_app(Desk({"45": home.ledger}, demo=True), window=window)


@pytest.fixture
def phone(app: FastAPI) -> Phone:
    return Phone(app)


def let_in(phone: Phone, window: Window, home: World, worker: PersonId) -> Phone:
    """The same phone, with the worker come in."""
    phone.http.cookies.set(COOKIE, window.begin(home.ledger, worker))
    return phone
