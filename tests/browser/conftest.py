"""Two provinces served by the real program, and people at real browsers.

The browser is the system's Chromium (`LIANGDI_CHROMIUM` names another one). Screenshots of every
page that was looked at are kept in `var/screenshots`.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryFile

import httpx2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

CHROMIUM = (
    os.environ.get("LIANGDI_CHROMIUM")
    or shutil.which("chromium-headless-shell")
    or shutil.which("chromium")
)
SCREENSHOTS = Path(__file__).parents[2] / "var" / "screenshots"
OFFICE = {"width": 1366, "height": 768}
PHONE = {"width": 360, "height": 740}
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextmanager
def served(data: Path, *, today: date | None = None) -> Generator[str]:
    """The demo as `make run` serves it, on another day where one is said; its address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "LIANGDI_DATA": str(data)}
    command = [sys.executable, "-m", "ledger.cli", "serve", "--demo", "--port", str(port)]
    if today is not None:
        command += ["--today", today.isoformat()]
    with TemporaryFile() as said, subprocess.Popen(
        command, env=environment, stdout=said, stderr=said
    ) as server:  # fmt: skip
        try:
            end = time.monotonic() + 240
            while not _answers(address):
                running = server.poll() is None and time.monotonic() < end
                assert running, f"no page: {said.seek(0)} {said.read()[-2000:]!r}"
                time.sleep(0.1)
            yield address
        finally:
            # Not SIGINT: it is ignored by what a shell has put in the background.
            server.terminate()
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()


def _answers(address: str) -> bool:
    try:
        return httpx2.get(address, timeout=5).is_success
    except httpx2.TransportError:
        return False


@pytest.fixture(scope="session")
def site(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    data = tmp_path_factory.mktemp("site") / "data"
    shutil.copytree(demo, data)
    with served(data) as address:
        yield address


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no chromium here: apt-get install chromium-headless-shell")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


class Person:
    """Somebody of the story at a browser of her own; what the browser complains of is kept."""

    def __init__(self, context: BrowserContext, site: str, account: str, province: str) -> None:
        self.site, self.account = site, account
        self.complaints: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        if account:
            context.request.post(
                f"{site}/sign-in",
                form={"demo": "1", "name": account, "province": province, "next": "/rules"},
            )

    def _hear(self, said: ConsoleMessage) -> None:
        # A page of a problem is answered with its status, which the browser calls an error.
        if said.type == "error" and "status of 4" not in said.text:
            self.complaints.append(said.text)

    def goes(self, path: str) -> Page:
        found = self.page.goto(self.site + path)
        assert found is not None
        assert found.status < 400, f"{path}: {found.status} {self.page.inner_text('main')[:300]}"
        return self.page

    def keeps(self, name: str) -> None:
        """A screenshot for people to look at."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    def barriers(self) -> list[str]:
        """What axe finds: each with the place and what is wrong."""
        options = {"runOnly": {"type": "tag", "values": STANDARDS}, "resultTypes": ["violations"]}
        found = Axe().run(self.page, options=options).response["violations"]
        return [
            f"{one['id']}: {node['target']} {node['failureSummary']}"
            for one in found
            for node in one["nodes"][:3]
        ]


Sits = Callable[..., Person]


@pytest.fixture
def sits(chromium: Browser, site: str) -> Iterator[Sits]:
    """Sits somebody down at a browser: `sits("gx-jingban", "45")`, of the site or of another one
    (`at`); keywords go to the browser.
    """
    contexts: list[BrowserContext] = []

    def down(account: str = "", province: str = "45", at: str = site, **how: object) -> Person:
        context = chromium.new_context(
            **{"viewport": OFFICE, "locale": "zh-CN", "timezone_id": "Asia/Shanghai", **how}  # type: ignore[arg-type]
        )
        contexts.append(context)
        return Person(context, at, account, province)

    yield down
    for context in contexts:
        context.close()
