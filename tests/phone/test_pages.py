"""What every phone page keeps: light, large, whole without script, and of nobody else."""

import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.phone.frame import STATIC
from ledger.domain.kernel import Office
from ledger.window import Window
from tests.phone.conftest import Phone, let_in
from tests.world import World

OPEN = ("/m", "/m/who", "/m/help", "/m/rights", "/m/sign-in", "/m/code", "/check")
HERS = ("/m/membership", "/m/progress", "/m/consents", "/m/moved")
MODERN = re.compile(
    r":has\(|color-mix|@container|@layer|oklch|light-dark|popover|\.at\(|structuredClone|randomUUID"
    r"|aspect-ratio|\binset\b|accent-color"
)


@pytest.fixture
def inside(phone: Phone, window: Window, home: World) -> Phone:
    village = home.union("纳合村工会")
    worker = home.worker("韦秀英", phone="13900000001")
    home.enrol(worker, village)
    return let_in(phone, window, home, worker)


def weight(page: str) -> int:
    """The bytes of a page with everything that it draws on."""
    files = set(re.findall(r"/static/phone/([\w.]+)", page))
    return len(page.encode()) + sum((STATIC / name).stat().st_size for name in files)


def test_every_page_weighs_less_than_100_kb_all_in(inside: Phone) -> None:
    for path in (*OPEN, *HERS):
        inside.open(path)
        assert weight(inside.page.text) < 100_000, path


def test_every_page_has_12351_and_who_can_help_and_draws_on_nobody_elses(inside: Phone) -> None:
    for path in (*OPEN, *HERS):
        page = (inside.open(path), inside.page.text)[1]
        assert 'href="tel:12351"' in page, path
        assert 'href="/m/who"' in page, path
        assert not re.findall(r'(?:src|href)="https?:', page), path
        assert "bootstrap" not in page
        assert not re.search(r"<script>|style=|onclick=", page), path


def test_every_personal_page_is_kept_by_nobody(inside: Phone) -> None:
    for path in HERS:
        inside.open(path)
        assert inside.page.headers["cache-control"] == "no-store"
        assert "default-src 'self'" in inside.page.headers["content-security-policy"]


def test_who_is_not_in_is_led_to_the_door_and_back(phone: Phone) -> None:
    for path in HERS:
        phone.open(path, 401)
        assert f"/m/sign-in?next={path}" in phone.page.text


def test_an_officer_is_nobody_here(app: FastAPI, phone: Phone, home: World) -> None:
    desk = app.state.desk
    desk.open_account(home.ledger, "clerk", home.officer(home.root, Office.CLERK), "")
    secret = desk.sign_in_demo(home.ledger, "clerk")

    phone.http.cookies.set("liangdi", secret)
    phone.http.cookies.set("liangdi-me", secret)

    phone.open("/m/progress", 401)


def test_a_worker_is_nobody_in_the_console(inside: Phone) -> None:
    secret = inside.http.cookies["liangdi-me"]
    inside.http.cookies.set("liangdi", secret)

    for path in ("/workers", "/help-requests", "/posters", "/do/help_requests/ask"):
        assert inside.http.get(path).status_code == 401
    assert inside.http.get("/api/v1/help-requests").status_code == 401


def test_large_print_is_a_choice_that_stays_and_leads_back(phone: Phone) -> None:
    phone.open("/m/size?big=1&next=/m/help")
    assert '<html lang="zh-CN" class="big">' in phone.page.text

    phone.open("/m/size?big=0&next=https://elsewhere.example/")
    assert phone.page.url.path == "/m"
    assert 'class="big"' not in phone.page.text


def test_the_sheet_and_the_script_lack_nothing_on_an_old_phone() -> None:
    for path in (STATIC / "phone.css", STATIC / "phone.js"):
        text = path.read_text("utf-8")
        assert not MODERN.search(text), path.name
        assert "=>" not in text or path.suffix == ".css"


def test_text_is_never_smaller_than_18_pixels_nor_a_target_than_60() -> None:
    css = (STATIC / "phone.css").read_text("utf-8")

    root = int(re.search(r"html \{ font-size: (\d+)px", css)[1])  # type: ignore[index]
    sizes = [float(each) * root for each in re.findall(r"font-size: ([\d.]+)rem", css)]
    heights = [int(each) for each in re.findall(r"min-height: (\d+)px", css)]

    assert min(sizes) >= 18
    assert min(heights) >= 60


def test_every_picture_of_a_page_is_there(inside: Phone) -> None:
    for path in (*OPEN, *HERS):
        inside.open(path)
        for name in re.findall(r'src="/static/phone/([\w.]+)"', inside.page.text):
            assert Path(STATIC / name).exists(), name


def test_codes_are_not_guessed_by_reading_and_other_pages_stay_open(app: FastAPI) -> None:
    guesser, other = (TestClient(app, client=(host, 1)) for host in ("10.0.0.1", "10.0.0.2"))
    refused = None
    for tried in range(1, 400):
        said = guesser.get(
            "/check", params={"ref": "liangdi.example/guangxi#1", "leaf": f"{tried:08x}"}
        )
        if said.status_code == 429:
            refused = tried, int(said.headers["retry-after"])
            break

    assert refused is not None
    assert refused[0] > 120
    assert refused[1] >= 1
    assert guesser.get("/V/ABC").status_code == 429
    assert guesser.get("/healthz").status_code == 200
    assert other.get("/check").status_code == 200
