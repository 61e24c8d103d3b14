"""The code at the foot of a print: whoever scans it learns that it is on record, and of nobody."""

import re
from html import unescape

from fastapi.testclient import TestClient

from api.showing import check_address, mark_of, qr_of
from ledger.domain.kernel import Basis, Code, Office
from ledger.procedures import aiding
from tests.aid import AidOffice
from tests.console.conftest import Seats
from tests.console.test_aid_pages import Screen, clerk, office
from tests.world import World

__all__ = ["clerk", "office"]
SITE = "http://testserver/"


def pictures(page: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'src="(data:image/svg[^"]+)"', page)]


def told(http: TestClient, address: str) -> str:
    """What the page says to which a code leads."""
    answered = http.get(address.removeprefix(SITE.rstrip("/")))
    assert answered.status_code == 200
    return answered.text


def test_a_notice_on_the_wall_leads_to_its_own_entry(office: AidOffice, clerk: Screen) -> None:
    grant = office.apply(office.world.worker("韦秀英"))
    with office.entry(Office.CLERK) as entry:
        aiding.publicise(entry, grant, Code("示〔2026〕6号"), Basis.LAW, "村务公开栏")

    page = clerk.page("/notices/示〔2026〕6号")

    address = check_address(SITE, "示〔2026〕6号")
    assert qr_of(address) in pictures(page)
    said = told(clerk.http, address)
    assert "✓ 是真的" in said
    assert "韦秀英" not in said


def test_a_signing_sheet_leads_to_the_newest_entry_of_its_list(
    office: AidOffice, clerk: Screen
) -> None:
    aid_list = office.list_of([office.world.worker("韦秀英")])
    office.approve_list(aid_list)

    page = clerk.page(f"/aid-lists/{aid_list}/sheet")

    with office.world.ledger.reading() as reader:
        mark = mark_of(SITE, reader, aid_list)
        record = [one for one in reader.records(aid_list) if one.origin == reader.ledger.origin][-1]
    assert pictures(page) == [mark]
    said = told(clerk.http, check_address(SITE, record.ref, record.leaf.hex()))
    assert "✓ 是真的" in said
    assert "韦秀英" not in said


def test_a_thing_without_a_record_has_no_code(home: World, seats: Seats) -> None:
    with home.ledger.reading() as reader:
        assert mark_of(SITE, reader, "lis_nothing") == ""
    assert seats(home.root, Office.CLERK).see("/rules")
