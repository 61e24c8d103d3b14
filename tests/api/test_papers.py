"""Papers over HTTP: kept sealed, cited as evidence, and looked at under a name."""

from pathlib import Path

from sqlalchemy import select

from ledger.domain.kernel import Office
from ledger.journal.tables import reading
from tests.api.conftest import Officer, Sits
from tests.world import World

PNG = b"\x89PNG\r\n\x1a\n" + "韦秀英的证明".encode()


def upload(officer: Officer, person: str, data: bytes) -> str:
    answered = officer.http.post(
        "/api/v1/papers", data={"person": person}, files={"file": ("证明.png", data)}
    )
    assert answered.status_code == 200, answered.text
    return str(answered.json()["evidence"])


def test_a_record_cites_a_paper_which_is_listed_and_opened_on_the_read_log(
    home: World, sits: Sits, tmp_path: Path
) -> None:
    village = home.union("纳合村工会")
    worker = home.worker("韦秀英")
    home.enrol(worker, village)
    clerk = sits(village, Office.CLERK)

    evidence = upload(clerk, worker, PNG)
    body = {"phone": "13800000001", "address": "东兰县", "act": {"evidence": [evidence]}}
    clerk.upon(f"/persons/{worker}", "contact", body)
    (listed,) = clerk.see("/papers", person=worker)["items"]
    opened = clerk.get(f"/papers/{evidence}")

    assert (listed["commitment"], listed["name"]) == (evidence, "证明.png")
    assert opened.content == PNG
    with home.ledger.database.reading() as conn:
        views = set(
            conn.execute(select(reading.c.view).where(reading.c.person == worker)).scalars()
        )
    assert {"papers", "paper"} <= views
    kept = b"".join(each.read_bytes() for each in tmp_path.rglob("*") if each.is_file())
    assert "韦秀英的证明".encode() not in kept


def test_a_paper_of_up_to_twenty_megabytes_is_kept_and_a_bigger_one_is_told_so(
    home: World, sits: Sits
) -> None:
    village = home.union("纳合村工会")
    worker = home.worker("韦秀英")
    home.enrol(worker, village)
    clerk = sits(village, Office.CLERK)
    usual, biggest = PNG.ljust(3 << 19, b"0"), PNG.ljust(20 << 20, b"0")

    kept = [
        clerk.get(f"/papers/{upload(clerk, worker, each)}").content for each in (usual, biggest)
    ]
    over = [
        clerk.http.post(
            "/api/v1/papers", data={"person": worker}, files={"file": ("证明.png", data)}
        )
        for data in (biggest + b"0", biggest.ljust(22 << 20, b"0"))
    ]

    assert kept == [usual, biggest]
    assert [each.status_code for each in over] == [413, 413]
    assert all("20 MB" in each.json()["title_zh"] for each in over)
    aside = clerk.http.get("/api/v1/papers", headers={"content-length": str(3 << 19)})
    assert aside.status_code == 413  # where no file is taken, no more than a megabyte is
