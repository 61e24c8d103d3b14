"""A clerk at a browser that knows no script: opens pages, fills in forms, presses buttons."""

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
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

HTML = {"accept": "text/html"}


class _Fields(HTMLParser):
    """What a form of a page would send as it stands."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self.action, self.inside, self.select = action, False, ""
        self.fields: list[tuple[str, str]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        name, value = told.get("name") or "", told.get("value") or ""
        if tag == "form":
            self.inside = (told.get("action") or "") == self.action
        if not self.inside:
            return
        if tag == "input":
            boxed = told.get("type") in {"checkbox", "radio"}
            if name and (not boxed or "checked" in told):
                self.fields.append((name, value))
        elif tag == "textarea":
            self.text = name
            self.fields.append((name, ""))
        elif tag == "select":
            self.select = name
            self.fields.append((name, ""))
        elif tag == "option" and self.select and "selected" in told:
            self.fields = [each for each in self.fields if each[0] != self.select]
            self.fields.append((self.select, value))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        if tag == "select":
            self.select = ""
        if tag == "textarea":
            self.text = ""

    def handle_data(self, data: str) -> None:
        if self.inside and self.text:
            self.fields = [
                (name, value + data if name == self.text else value) for name, value in self.fields
            ]


class Clerk:
    """Somebody at a browser: what she sees, and what she presses."""

    def __init__(self, app: FastAPI, account: str, province: str) -> None:
        self.http = TestClient(app, headers=HTML)
        fields = {"demo": "1", "name": account, "province": province, "next": "/rules"}
        assert self.http.post("/sign-in", data=fields).status_code == 200

    def see(self, path: str, status: int = 200) -> str:
        found = self.http.get(path)
        assert found.status_code == status, found.text
        return found.text

    def open(self, act: str, **given: str) -> list[tuple[str, str]]:
        """The form of an act, as it stands when it is opened."""
        found = self.http.get(f"/do/{act}", params=given)
        assert found.status_code == 200, found.text
        return fields_in(found.text, f"/do/{act}")

    def send(self, act: str, form: list[tuple[str, str]], **written: str) -> httpx2.Response:
        """Presses the button, with these fields written over."""
        said = {name.replace("__", "."): value for name, value in written.items()}
        kept = [(name, value) for name, value in form if name not in said]
        data: dict[str, Any] = {}
        for name, value in (*kept, *said.items()):
            data.setdefault(name, []).append(value)
        return self.http.post(f"/do/{act}", data=data, follow_redirects=False)

    def act(self, act: str, upon: dict[str, str] | None = None, **written: str) -> str:
        """Opens an act, fills it in and has it recorded; where one is led then."""
        answered = self.send(act, self.open(act, **(upon or {})), **written)
        assert answered.status_code == 303, told(answered.text)
        return answered.headers["location"]

    def upload(self, path: str, name: str, content: bytes) -> httpx2.Response:
        """Sends a file with the form of a page."""
        form = dict(fields_in(self.see(path), path))
        return self.http.post(
            path, data=form, files={"file": (name, content)}, follow_redirects=False
        )


def fields_in(page: str, action: str) -> list[tuple[str, str]]:
    reader = _Fields(action)
    reader.feed(page)
    return reader.fields


def told(page: str) -> str:
    """What a page says, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("<main")[2]))


Seats = Callable[[str, Office], Clerk]


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


@pytest.fixture
def seats(app: FastAPI, desk: Desk, home: World) -> Seats:
    """The officer of a union at her browser, appointed where there is none."""

    def at(union: str, office: Office) -> Clerk:
        person, name = home.officer(union, office), f"{office.value}.{union[-6:]}"
        if name not in {account for account, _, _ in desk.accounts(home.ledger)}:
            desk.open_account(home.ledger, name, person, "", office.value)
        return Clerk(app, name, "45")

    return at
