"""The pages of aid: grants by step, one grant with its life, a signing sheet, notices that come down."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from ledger.desk import Desk
from ledger.domain.aid import Failure, Signed
from ledger.domain.kernel import Basis, Code, Office
from ledger.procedures import aiding
from tests.aid import YUAN, AidOffice
from tests.world import open_province


@pytest.fixture
def office(tmp_path: Path) -> Iterator[AidOffice]:
    world = open_province(tmp_path)
    yield AidOffice(world)
    world.ledger.close()


class Screen:
    """An officer at her screen: she signs in before each page, for days may have passed."""

    def __init__(self, office: AidOffice, union: str, held: Office) -> None:
        self._desk = Desk({"45": office.world.ledger}, demo=True)
        self._name = f"{held}.{union[-6:]}"
        person = office.world.officer(union, held)
        self._desk.open_account(office.world.ledger, self._name, person, "", held.value)
        self.http = TestClient(create_app(self._desk), headers={"accept": "text/html"})

    def get(self, path: str) -> httpx2.Response:
        fields = {"demo": "1", "name": self._name, "province": "45", "next": "/rules"}
        assert self.http.post("/sign-in", data=fields).status_code == 200
        return self.http.get(path)

    def page(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        assert "<script>" not in answer.text
        assert "style=" not in answer.text
        return answer.text


@pytest.fixture
def clerk(office: AidOffice) -> Screen:
    return Screen(office, office.village, Office.CLERK)


def test_grants_stand_by_step_with_their_counts(office: AidOffice, clerk: Screen) -> None:
    first = office.apply(office.world.worker("韦秀英"))
    second = office.apply(office.world.worker("蓝美莲"), 2000 * YUAN)
    with office.entry(Office.CLERK) as entry:
        aiding.withdraw(entry, second)

    every = clerk.page("/grants")
    applied = clerk.page("/grants?stage=applied&kind=study")

    assert f'href="/grants/{first}"' in every
    assert f'href="/grants/{second}"' in every
    assert "5,000.00" in every
    assert "伍仟元整" in every
    assert "韦秀英" in applied
    assert "蓝美莲" not in applied
    assert clerk.get("/grants?stage=somewhere").status_code == 400
    assert 'aria-current="page">申请与审批' in every


def test_a_grant_shows_its_steps_its_money_and_who_did_what(
    office: AidOffice, clerk: Screen
) -> None:
    grant = office.apply(office.world.worker("韦秀英"), child=office.world.worker("韦小明"))
    office.examined(grant)
    office.approve(grant)
    first = office.send(grant)
    with office.entry(Office.CASHIER, office.world.root) as entry:
        aiding.failed(entry, grant, first, Failure.NAME_MISMATCH)
    paid_on = office.world.today
    second = office.pay(grant)
    office.world.time.to(paid_on + timedelta(3))
    office.sign(grant, second)

    now = clerk.page(f"/grants/{grant}")
    then = clerk.page(f"/grants/{grant}?payment={second}")

    for shown in ("韦秀英", "韦小明", "叁仟元整", "公示1号", "村务公开栏", "凭证1", "代第 1 次"):
        assert shown in now
    assert office.grant(grant).content in now
    assert "这是历史页" not in now
    assert f'第 {second} 次付款登记当日（<span class="num">{paid_on}</span>）' in then
    assert now.count('class="note') == then.count('class="note') + 1
    assert "登记 " in now
    assert clerk.get(f"/grants/{grant}?payment=x").status_code == 400
    assert clerk.get(f"/grants/{grant}?purpose=x").status_code == 400
    assert clerk.get(f"/grants/{grant}?purpose=audit").status_code == 200
    assert clerk.get(f"/grants/grt_{'a' * 26}").status_code == 404


def test_a_list_is_printed_as_a_signing_sheet_with_its_total_in_capitals(
    office: AidOffice, clerk: Screen
) -> None:
    persons = [office.world.worker(f"职工{n}号") for n in range(3)]
    aid_list = office.list_of(persons)
    office.approve_list(aid_list)
    with office.entry(Office.CASHIER, office.world.root) as entry:
        aiding.hand_out(entry, aid_list, Code("签领表1"))
    with office.entry(Office.LEGAL, office.world.root) as entry:
        aiding.sign_for(entry, aid_list, Signed.SELF)

    sheet = clerk.page(f"/aid-lists/{aid_list}/sheet")
    screen = clerk.page(f"/aid-lists/{aid_list}")

    assert "春节送温暖签领表" in sheet
    assert "人民币壹仟贰佰元整" in sheet
    assert sheet.count("已登记签收") == 3
    assert all(f"职工{n}号" in sheet for n in range(3))
    assert "451224*" not in sheet  # 452***********1234: only the first three and the last four
    assert "第 1 页，共 1 页" in sheet
    assert "3 / 3 人" in screen
    assert f'href="/aid-lists/{aid_list}"' in clerk.page("/grants")
    assert f'href="/aid-lists/{aid_list}"' in clerk.page("/aid-lists")


def test_a_notice_hangs_with_masked_names_and_then_only_its_proof(
    office: AidOffice, clerk: Screen
) -> None:
    person = office.world.worker("韦秀英", phone="13800138000")
    grant = office.apply(person)
    with office.entry(Office.CLERK) as entry:
        aiding.publicise(entry, grant, Code("示〔2026〕6号"), Basis.LAW, "村务公开栏")
    until = office.grant(grant).notices[-1].until

    listed = clerk.page("/notices")
    running = clerk.page("/notices/示〔2026〕6号")
    office.world.time.to(until + timedelta(1))
    over = clerk.page("/notices/示〔2026〕6号")
    proofs = clerk.page("/notices")

    assert "示〔2026〕6号" in listed
    assert "韦*英" in running
    assert "3,000.00" in running
    drawn = re.sub(r'data:[^"]*|value="[0-9a-f]{64}"', "", running)  # a code, a form's token
    for secret in ("韦秀英", "13800138000", "1990", "450", person, grant):
        assert secret not in drawn.replace(office.village, "")
    assert "韦*英" not in over
    assert "公示证明" in over
    assert f"{office.world.origin}#" in over
    assert "今天没有正在公示" in proofs
    assert "示〔2026〕6号" in clerk.page("/notices?tab=over")
    assert clerk.get("/notices/没有").status_code == 404


def test_of_a_notice_whose_consent_was_withdrawn_only_the_proof_is_printed(
    office: AidOffice, clerk: Screen
) -> None:
    grant = office.apply(office.world.worker("韦秀英"))
    with office.entry(Office.CLERK) as entry:
        aiding.publicise(entry, grant, Code("示7"), Basis.SEPARATE_CONSENT, "村务公开栏")
    with office.entry(Office.CLERK) as entry:
        aiding.take_down(entry, grant, Code("示7"))

    shown = clerk.page("/notices/示7")

    assert "韦*英" not in shown
    assert "公示证明" in shown
    assert "本人已撤回同意" in shown
    assert "撤下" in clerk.page(f"/grants/{grant}")


def test_another_unions_clerk_sees_none_of_it(office: AidOffice) -> None:
    grant = office.apply(office.world.worker("韦秀英"))
    aid_list = office.list_of([office.world.worker()])
    stranger = Screen(office, office.world.union("别县总工会"), Office.CLERK)

    assert stranger.http.get("/grants").status_code == 401
    assert stranger.http.get("/notices").status_code == 401
    assert "韦秀英" not in stranger.page("/grants")
    assert stranger.get(f"/grants/{grant}").status_code == 403
    assert stranger.get(f"/aid-lists/{aid_list}").status_code == 403
    assert stranger.get(f"/grants?union={office.village}").status_code == 403
