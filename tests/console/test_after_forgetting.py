"""Every page on which somebody stood, after her key is gone: no name, the sums, nothing broken."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from api.app import create_app
from ledger import procedures
from ledger.desk import Desk
from ledger.domain.channels import Cause
from ledger.domain.ids import GrantId, PersonId, spoken
from ledger.domain.kernel import Office
from ledger.domain.membership import Card, Membership
from ledger.domain.services import ServiceKind
from ledger.evidence import checking
from ledger.procedures import aiding, casework
from ledger.window import Window
from tests.aid import AidOffice
from tests.console.conftest import Clerk, fields_in, told
from tests.forgetting import adopt_terms, forget, restrict, shred, sound
from tests.pair import BASIS, Pair, close, open_pair
from tests.phone.conftest import Phone, let_in
from tests.test_casework import opened
from tests.world import World, open_province

NAME = "韦秀英"


class Life:
    """A worker with a past of every kind, all of it over; the partner was given some of it."""

    def __init__(self, pair: Pair) -> None:
        self.pair, home = pair, pair.home
        self.office = AidOffice(home)
        self.person, membership = pair.member(NAME, phone="13800000000")
        with home.entry(pair.village, Office.LIAISON) as entry:
            procedures.share(entry, self.person, pair.host.origin, BASIS, Cause.ROSTER)
        self.grant = self._aided()
        other = pair.member("蓝志强")[0]
        self.case = opened(home, pair.village, [self.person, other])
        with home.entry(pair.village, Office.STATION) as entry:
            casework.record(
                entry, self.case, lambda case: case.withdraw_claim(entry.act, self.person)
            )
            procedures.give(entry, [self.person], ServiceKind.TRAINING)
        with home.entry(pair.village, Office.APPROVER) as entry:
            entry.write(*entry.read(Membership, membership).leave(entry.act, card=Card.KEPT))
        pair.sync()

    def _aided(self) -> GrantId:
        office = self.office
        grant = office.apply(self.person)
        office.examined(grant)
        office.approve(grant)
        office.pay(grant)
        office.sign(grant)
        with office.entry(Office.CLERK) as entry:
            aiding.close(entry, grant)
        return grant

    @property
    def _first(self) -> str:
        """Her registration, as a page of its own."""
        with self.pair.home.ledger.reading() as reader:
            return f"/corrections?record={reader.records(self.person)[0].position}"

    @property
    def pages(self) -> list[str]:
        """Where she stands or stood."""
        person, file = self.person, f"/workers/{self.person}"
        tabs = ("basic", "membership", "home", "aid", "cases", "services", "consents", "reads")
        return [
            file, *(f"{file}?tab={tab}" for tab in tabs), f"{file}?view=line",
            f"{file}?tab=compare&a_of=2026-03-02", f"{file}?as_of=2026-03-03&known=then",
            "/workers", "/workers?state=", "/enrolments", "/transfers", "/grants", "/grants?stage=closed",
            f"/grants/{self.grant}", f"/cases/{self.case}", f"/cases/{self.case}?tab=claimants",
            "/cases", "/services", "/hardship-files", "/notices", "/aid-lists", "/consents",
            f"/consents?person={person}", f"/funds/{self.office.fund}", "/funds", "/duplicates",
            f"/dossiers/worker/{person}", f"/forgetting/{person}", "/workbench", "/questions",
            f"/questions/new?person={person}", self._first,
        ]  # fmt: skip


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = open_pair(tmp_path).agree()
    for world in (made.home, made.host):
        adopt_terms(world)
    yield made
    close(made)


@pytest.fixture
def app(pair: Pair) -> FastAPI:
    return create_app(Desk({"45": pair.home.ledger, "44": pair.host.ledger}, demo=True))


def sits(app: FastAPI, world: World, office: Office) -> Clerk:
    """An officer of the federation, who signs in now."""
    desk: Desk = app.state.desk
    name, code = f"{office.value}{world.ledger.province.code}", world.ledger.province.code
    if name not in {account for account, _, _ in desk.accounts(world.ledger)}:
        desk.open_account(world.ledger, name, world.officer(world.root, office), "", office.value)
    return Clerk(app, name, code)


def sums(clerk: Clerk, life: Life) -> tuple[str, str]:
    """What the fund has paid, and what the grant says of it."""
    fund = told(clerk.see(f"/funds/{life.office.fund}"))
    grant = told(clerk.see(f"/grants/{life.grant}"))
    amounts = re.compile(r"[\d,]+\.\d\d")
    return " ".join(amounts.findall(fund)), " ".join(amounts.findall(grant))


def test_names_are_gone_sums_and_proofs_stand_and_no_page_breaks(pair: Pair, app: FastAPI) -> None:
    life = Life(pair)
    clerk = sits(app, pair.home, Office.CLERK)
    before = sums(clerk, life)
    paid = told(clerk.see(f"/grants/{life.grant}"))
    assert NAME in paid
    file = told(clerk.see(f"/workers/{life.person}"))
    assert NAME in file
    number = file.partition("证件号码 ")[2][:18]

    forget(pair.home, life.person)  # when the vouchers' thirty years are over
    pair.sync()
    clerk = sits(app, pair.home, Office.CLERK)
    seen = {path: told(clerk.see(path)) for path in life.pages}

    assert {path for path, text in seen.items() if NAME in text} == set()
    assert {path for path, text in seen.items() if number in text} == set()
    assert "蓝志强" in seen[f"/cases/{life.case}?tab=claimants"]
    assert sums(clerk, life) == before
    there = sits(app, pair.host, Office.CLERK)  # whom the partner has forgotten too
    assert NAME not in there.see(f"/workers/{life.person}?purpose=membership")
    file = seen[f"/workers/{life.person}"]
    assert "密钥已销毁，不能恢复" in file
    assert "可办事项" not in file
    assert f"/do/persons/rename?person={life.person}" not in clerk.see(f"/workers/{life.person}")
    assert f"人员 {spoken(life.person)}" in seen[f"/grants/{life.grant}"]
    assert sound(pair.home)
    assert sound(pair.host)


def test_the_partners_receipt_stands_on_the_page_and_a_dossier_still_verifies(
    pair: Pair, app: FastAPI
) -> None:
    life = Life(pair)
    clerk = sits(app, pair.home, Office.CLERK)
    page = f"/forgetting/{life.person}"
    assert "广东" in told(clerk.see(page))  # who will be asked to forget her too

    forget(pair.home, life.person)
    lead = sits(app, pair.home, Office.PRIVACY)
    assert "尚未答复" in told(lead.see(page))
    assert page in lead.see("/forgetting").partition("对方省尚未答复")[2]
    pair.sync()

    answered = told(lead.see(page))
    assert "已销毁" in answered.partition("一并删除")[2]
    assert "对方省尚未答复" not in lead.see("/forgetting")
    place = f"/dossiers/grant/{life.grant}"
    form = dict(fields_in(lead.see(place), place))
    taken = lead.http.post(place, data={**form, "purpose": "dispute"})
    assert taken.status_code == 200
    assert checking.check(taken.content)
    assert NAME.encode() not in taken.content


def test_a_restricted_person_s_pages_say_so_and_offer_nothing(pair: Pair, app: FastAPI) -> None:
    life = Life(pair)
    restrict(pair.home, life.person)
    clerk = sits(app, pair.home, Office.CLERK)

    seen = {path: told(clerk.see(path)) for path in life.pages}

    assert {path for path, text in seen.items() if NAME in text} == set()
    assert "限制处理" in seen[f"/workers/{life.person}"]
    assert f"人员 {spoken(life.person)}" in seen[f"/grants/{life.grant}"]
    assert "/do/consents/give" not in clerk.see(f"/consents?person={life.person}")


def test_her_phone_is_shut_with_her_file(tmp_path: Path) -> None:
    home = open_province(tmp_path, "45")
    adopt_terms(home)
    person: PersonId = home.worker(NAME, phone="13800000000")
    window = Window({"45": home.ledger}, demo=True)
    phone = Phone(create_app(Desk({"45": home.ledger}, demo=True), window=window))
    let_in(phone, window, home, person)
    paths = ("/m", "/m/membership", "/m/progress", "/m/consents", "/m/moved")
    assert "会籍" in phone.open("/m/membership")

    restrict(home, person)
    resting = {path: phone.http.get(path) for path in paths}
    shred(home, person)
    gone = {path: phone.http.get(path) for path in paths}

    for found in (resting, gone):
        assert {
            path: each.status_code for path, each in found.items() if each.status_code >= 500
        } == {}
        assert [path for path, each in found.items() if NAME in each.text] == []
    assert sound(home)
    home.ledger.close()
