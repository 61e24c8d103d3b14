"""Dossiers over HTTP: for whoever may see the page, with a purpose, and on the read log."""

from pathlib import Path

import pytest

from ledger.domain.ids import PersonId, UnionId
from ledger.domain.kernel import Office
from ledger.evidence import checking
from tests.api.conftest import Sits
from tests.dossiers import manifest, unpacked, verdict
from tests.world import World


@pytest.fixture
def village(home: World) -> UnionId:
    return home.union("纳合村工会")


@pytest.fixture
def worker(home: World, village: UnionId) -> PersonId:
    person = home.worker("韦秀英")
    home.enrol(person, village)
    return person


def test_a_dossier_is_taken_checked_and_seen_by_the_worker(
    home: World, village: UnionId, worker: PersonId, sits: Sits, tmp_path: Path
) -> None:
    clerk = sits(village, Office.CLERK)
    asked = {"kind": "worker", "subject": worker}

    unasked = clerk.post("/dossiers", asked)
    taken = clerk.post("/dossiers", {**asked, "purpose": "dispute"})

    assert (unasked.status_code, unasked.json()["type"]) == (400, "/problems/purpose")
    assert taken.status_code == 200, taken.text
    assert taken.headers["content-type"] == "application/zip"
    assert "filename*=UTF-8''%E6%A1%88%E5%8D%B7" in taken.headers["content-disposition"]
    assert taken.headers["cache-control"] == "no-store"
    assert checking.check(taken.content)
    assert verdict(taken.content, tmp_path)[0] == 0
    assert manifest(unpacked(taken.content))["union"] == village
    reads = clerk.see(f"/persons/{worker}/reads")["items"]
    assert ("dossier", "dispute") in {(each["view"], each["purpose"]) for each in reads}


def test_who_may_not_see_the_page_gets_no_dossier(
    home: World, village: UnionId, worker: PersonId, sits: Sits
) -> None:
    stranger = sits(home.union("别村工会"), Office.CLERK)
    nobody = "per_" + "a" * 26

    for asked, status in (
        ({"kind": "worker", "subject": worker, "purpose": "dispute"}, 403),
        ({"kind": "worker", "subject": nobody, "purpose": "dispute"}, 404),
        ({"kind": "transfer", "subject": "trf_" + "a" * 26, "purpose": "dispute"}, 404),
        ({"kind": "grant", "subject": "grt_" + "a" * 26, "purpose": "dispute"}, 404),
        ({"kind": "case", "subject": "cas_" + "a" * 26, "purpose": "dispute"}, 404),
        ({"kind": "fund", "subject": "fnd_" + "a" * 26}, 404),
        ({"kind": "period", "subject": village, "since": "2026-01-01", "until": "2026-12-31"}, 403),
        ({"kind": "period", "subject": village, "since": "2026-12-31", "until": "2026-01-01"}, 422),
        ({"kind": "worker", "subject": village, "purpose": "dispute"}, 422),
        ({"kind": "worker", "subject": worker, "since": "2026-01-01"}, 422),
        ({"kind": "worker", "subject": worker, "purpose": "because"}, 422),
    ):
        assert stranger.post("/dossiers", asked).status_code == status, asked


def test_an_auditor_gets_no_whole_numbers(home: World, worker: PersonId, sits: Sits) -> None:
    auditor = sits(home.root, Office.AUDITOR)

    taken = auditor.post("/dossiers", {"kind": "worker", "subject": worker, "purpose": "audit"})

    files = unpacked(taken.content)
    assert "openings.json" not in files or b"4512241990" not in files["openings.json"]
    assert "451***********" in files["page.html"].decode()
    assert {each["why"] for each in manifest(files)["closed"]} == {"office"}


def test_a_period_is_for_the_union_itself_and_those_above(
    home: World, village: UnionId, worker: PersonId, sits: Sits
) -> None:
    asked = {"kind": "period", "subject": village, "since": "2020-01-01", "until": "2030-12-31"}

    for union in (village, home.root):
        taken = sits(union, Office.CLERK).post("/dossiers", asked)
        assert taken.status_code == 200
        assert manifest(unpacked(taken.content))["subject"] == f"{village} 2020-01-01 2030-12-31"
