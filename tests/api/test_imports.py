"""Rosters over HTTP: uploaded and previewed, accepted while one watches, and given back."""

import json
import time
from datetime import date
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from ledger.domain.kernel import Office
from tests.api.conftest import Officer, Sits
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
