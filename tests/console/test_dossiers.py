"""取证案卷 as pages: the button, what for, and the zip."""

from ledger.domain.ids import PersonId
from ledger.domain.kernel import Office
from ledger.evidence import checking
from tests.console.conftest import Seats, fields_in, told
from tests.world import World


def test_a_dossier_is_taken_from_the_worker_s_page(home: World, seats: Seats) -> None:
    village = home.union("纳合村工会")
    person: PersonId = home.worker("韦秀英")
    home.enrol(person, village)
    clerk = seats(village, Office.CLERK)
    place = f"/dossiers/worker/{person}"

    assert f'href="{place}"' in clerk.see(f"/workers/{person}")
    asked = clerk.see(place)
    form = dict(fields_in(asked, place))
    taken = clerk.http.post(place, data={**form, "purpose": "dispute"})

    assert "取证目的与取证人一并记入读取日志" in told(asked)
    assert taken.status_code == 200
    assert taken.headers["content-type"] == "application/zip"
    assert checking.check(taken.content)


def test_a_period_is_asked_for_with_two_days(home: World, seats: Seats) -> None:
    village = home.union("纳合村工会")
    clerk = seats(village, Office.CLERK)
    place = f"/dossiers/period/{village}"
    form = dict(fields_in(clerk.see(place), place))

    turned = clerk.http.post(place, data={**form, "since": "2026-12-31", "until": "2026-01-01"})
    taken = clerk.http.post(place, data={**form, "since": "2026-01-01", "until": "2026-12-31"})

    assert turned.status_code == 422
    assert "先后不要颠倒" in told(turned.text)
    assert taken.headers["content-type"] == "application/zip"


def test_what_is_no_dossier_is_not_found_and_another_s_is_refused(
    home: World, seats: Seats
) -> None:
    person: PersonId = home.worker("韦秀英")
    stranger = seats(home.union("别村工会"), Office.CLERK)
    place = f"/dossiers/worker/{person}"

    stranger.see(f"/dossiers/letter/{person}", 404)
    stranger.see("/dossiers/worker/韦秀英", 404)
    form = dict(fields_in(stranger.see(place), place))
    refused = stranger.http.post(place, data={**form, "purpose": "dispute"})
    forged = stranger.http.post(place, data={"csrf": "x", "purpose": "dispute"})

    assert refused.status_code == 403
    assert "相关工会" in told(refused.text)
    assert forged.status_code == 403
