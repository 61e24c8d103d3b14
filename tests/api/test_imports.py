"""Rosters over HTTP: uploaded and previewed, accepted while one watches, and given back."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from openpyxl import load_workbook

from api.routes.imports import Uploads
from ledger.domain.kernel import Office
from tests.api.conftest import Officer, Sits
from tests.forgetting import adopt_terms, forget
from tests.world import World

DATA = Path(__file__).parent.parent / "data"
SOUND = DATA / "花名册-广西籍在粤.xlsx"
DIRTY = DATA / "花名册-有问题.xlsx"


def upload(officer: Officer, file: Path, **where: str) -> Any:
    with file.open("rb") as opened:
        answered = officer.http.post(
            "/api/v1/imports", files={"file": (file.name, opened)}, data=where
        )
    assert answered.status_code == 200, answered.text
    return answered.json()


def finished(officer: Officer, operation: str) -> Any:
    """The operation once it has ended."""
    for _ in range(1200):
        told = officer.see(f"/operations/{operation}")
        if told["state"] != "running":
            return told
        time.sleep(0.1)
    raise AssertionError("it goes on and on")


def test_a_roster_is_previewed_accepted_and_a_second_time_adds_nothing(
    home: World, sits: Sits
) -> None:
    home.time.to(date(2026, 11, 2))
    station = home.union("驻粤外出工会")
    clerk = sits(station, Office.CLERK)

    seen = upload(clerk, SOUND, union=station)
    begun = clerk.post(f"/imports/{seen['upload']}/acceptance", key="take-them-in")
    pressed_again = clerk.post(f"/imports/{seen['upload']}/acceptance", key="take-them-in")
    done = finished(clerk, begun.json()["id"])

    assert (seen["counts"]["accepted"], seen["unions"]) == (600, {station: 600})
    assert begun.status_code == 202
    assert pressed_again.json()["id"] == begun.json()["id"]
    assert (done["state"], done["done"], done["result"]["counts"]["accepted"]) == ("done", 600, 600)
    applied = clerk.see("/memberships", state="applied", count=True, limit=1)
    assert applied["counts"]["total"] == 600
    again = upload(clerk, SOUND, union=station)
    assert again["counts"]["accepted"] == 0
    assert [each["rows"] for each in clerk.see("/imports")] == [600]


def test_a_dirty_roster_goes_back_with_what_is_wrong(
    home: World, sits: Sits, tmp_path: Path
) -> None:
    home.time.to(date(2026, 11, 2))
    station = home.union("驻粤外出工会")
    clerk = sits(station, Office.CLERK)
    expected = json.loads(DIRTY.with_name(DIRTY.name + ".expected.json").read_text("utf-8"))

    seen = upload(clerk, DIRTY, union=station)
    refused = clerk.see(f"/imports/{seen['upload']}/rows", verdict="refused", limit=200)["items"]
    returned = clerk.get(f"/imports/{seen['upload']}/returned")

    rows = [row["row"] for row in expected if row["verdict"] == "refused"]
    assert [row["row"] for row in refused] == rows
    assert all(row["errors"] for row in refused)
    (tmp_path / "back.xlsx").write_bytes(returned.content)
    back = load_workbook(tmp_path / "back.xlsx").worksheets[0]
    assert "处理结果" in str(list(back.iter_rows(max_row=10, values_only=True)))
    stranger = sits(home.union("别村工会"), Office.CLERK)
    assert stranger.get(f"/imports/{seen['upload']}/rows").status_code == 404


def test_what_is_no_roster_is_refused_whole(home: World, sits: Sits, tmp_path: Path) -> None:
    clerk, text = sits(home.root, Office.CLERK), tmp_path / "照片.xlsx"
    text.write_text("no workbook at all", "utf-8")

    with text.open("rb") as opened:
        answered = clerk.http.post(
            "/api/v1/imports", files={"file": (text.name, opened)}, data={"route": "home"}
        )
    nowhere = clerk.http.post("/api/v1/imports", files={"file": ("a.xlsx", b"x")})
    aside = clerk.http.post(
        "/api/v1/imports", files={"file": ("a.xlsx", b"x")}, data={"route": "home", "x": "1"}
    )

    assert clerk.refused(answered) == "RosterNotWhatItSays"
    assert (nowhere.status_code, aside.status_code) == (422, 422)


def test_a_list_without_an_office_for_it_is_not_taken_in(home: World, sits: Sits) -> None:
    station = home.union("驻粤外出工会")
    auditor = sits(station, Office.AUDITOR)

    seen = upload(auditor, SOUND, union=station)
    begun = auditor.post(f"/imports/{seen['upload']}/acceptance").json()

    assert finished(auditor, begun["id"])["problem"]["type"] == "/rules/NotYourOffice"


def test_a_roster_is_read_up_to_the_size_that_its_page_promises(home: World, sits: Sits) -> None:
    clerk = sits(home.root, Office.CLERK)

    big, over = (
        clerk.http.post(
            "/api/v1/imports", files={"file": ("名单.xlsx", b"x" * size)}, data={"route": "home"}
        )
        for size in (32 << 20, 34 << 20)
    )

    assert clerk.refused(big) == "RosterNotWhatItSays"
    assert (over.status_code, over.json()["title_zh"]) == (413, "内容过大，最多 32 MB。")


# ── what lies here, and for how long ─────────────────────────────────────────────────────────


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files lie."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def files_in(place: Path) -> list[Path]:
    return [each for each in place.rglob("*") if each.is_file()]


def test_once_somebody_was_forgotten_by_whatever_way_no_roster_is_handed_out(
    app: FastAPI, home: World, sits: Sits, place: Path
) -> None:
    home.time.to(date(2026, 11, 2))
    adopt_terms(home)
    station, worker = home.union("驻粤外出工会"), home.worker("韦秀英")
    clerk = sits(station, Office.CLERK)
    before = f"/imports/{upload(clerk, DIRTY, union=station)['upload']}"
    assert clerk.get(f"{before}/returned").status_code == 200

    forget(home, worker)  # at the command line, say, or because a partner asks
    after = f"/imports/{upload(clerk, DIRTY, union=station)['upload']}"

    for what in ("", "/rows", "/returned"):
        assert clerk.get(f"{before}{what}").status_code == 404
        assert clerk.get(f"{after}{what}").status_code == 200
    assert clerk.post(f"{before}/acceptance").status_code == 404
    app.state.uploads.tidy()
    assert before.rpartition("/")[2] not in str(files_in(place))
    assert after.rpartition("/")[2] in str(files_in(place))


def test_a_roster_lies_here_for_half_a_day(
    app: FastAPI, home: World, sits: Sits, place: Path
) -> None:
    home.time.to(date(2026, 11, 2))
    station = home.union("驻粤外出工会")
    clerk = sits(station, Office.CLERK)
    seen = f"/imports/{upload(clerk, DIRTY, union=station)['upload']}"

    home.time.at += timedelta(hours=11)
    assert clerk.get(seen).status_code == 200
    home.time.at += timedelta(hours=1)

    assert clerk.get(seen).status_code == 404
    app.state.uploads.tidy()
    assert files_in(place) == []


SERVER = """
import time
from api.routes.imports import Uploads
held = Uploads()
(held.folder() / "roster.csv").write_text("name")
print("ready", flush=True)
time.sleep(600)
"""


def test_a_server_that_begins_takes_away_what_killed_ones_left_and_nothing_else(
    place: Path,
) -> None:
    servers = [
        subprocess.Popen(
            [sys.executable, "-c", SERVER], env={**os.environ, "TMPDIR": str(place)},
            stdout=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    for each in servers:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    killed, living = servers
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    papers = place / "papers"
    for folder in (
        papers,
        place / "liangdi-uploads-1-not-ours",
        place / "liangdi-uploads-old_form",
    ):
        folder.mkdir()
        (folder / "scan.pdf").write_text("kept")
    (place / "liangdi-uploads-1-linkaway").symlink_to(papers)
    (left,) = place.glob(f"liangdi-uploads-{killed.pid}-*")
    (left / "aside").symlink_to(papers)
    others = {each for each in place.iterdir() if each != left}

    begun = Uploads()
    begun.start()
    begun.stop()

    assert set(place.iterdir()) == others
    assert len(list(place.glob(f"liangdi-uploads-{living.pid}-*/*/roster.csv"))) == 1
    assert [each.name for each in papers.iterdir()] == ["scan.pdf"]
    for each in servers:
        each.kill()
        each.communicate()
