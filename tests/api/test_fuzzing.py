"""Schemathesis over the whole API: whatever is sent, no answer is our fault.

The cases are made from the OpenAPI description; ids in them are replaced by those of a small
story, so that they reach further than "not found".
"""

from collections.abc import Generator
from itertools import count
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from api import app as application
from api.app import create_app
from api.limits import Limiter
from ledger import procedures
from ledger.desk import Desk
from ledger.domain.aiding import AidKind, PayMode
from ledger.domain.consents import ConsentGiven, Evidence, Purpose, Receiver
from ledger.domain.ids import (
    ConsentId,
    HouseholdId,
    LinkId,
    PersonId,
    StationId,
    new_consent,
    new_household,
    new_link,
    new_station,
)
from ledger.domain.kernel import Code, Fen, Group, Office
from ledger.domain.persons import Household, LinkGround, PersonsLinked
from ledger.domain.questions import Cited, Population, QuestionKind
from ledger.domain.rights import (
    CaseKind,
    CaseParty,
    Claiming,
    ClockKind,
    Intake,
    LetterKind,
    Money,
    PartyRole,
    Payer,
)
from ledger.domain.services import Eligibility, ServiceKind, Unit
from ledger.domain.stations import StationKind, StationOpened
from ledger.procedures import aiding, casework
from tests import pair as pairs
from tests.aid import YUAN, AidOffice
from tests.pair import Pair
from tests.world import World

Operation = Any  # schemathesis has no public name for it
EXAMPLES = 8
EVERY: Any = list(HealthCheck)
KEYS = count(1)


class Story:
    """Two provinces with a little of everything, and the token of a clerk of the federation."""

    def __init__(self, pair: Pair) -> None:
        pair.agree()
        home = pair.home
        self.person, self.membership = pair.member("韦秀英", "13800005678")
        other, self.second = pair.member("韦秀兰")
        self.transfer = pair.offer(self.membership)
        pair.sync()
        self.ids: dict[str, list[str]] = {
            "per": [self.person, other, home.officer(home.root, Office.CLERK)],
            "uni": [home.root, pair.village, pair.street],
            "mem": [self.membership, self.second, home.apply(home.worker(), pair.village)],
            "trf": [self.transfer],
            "par": [pair.partnership],
            "hou": [new_household()],
            "sta": [new_station()],
            "con": [new_consent()],
            "lnk": [new_link()],
        }
        self.ids |= aided(AidOffice(home), self.person, other)
        root, since = home.root, home.today
        with home.entry(root, Office.CLERK) as entry:
            entry.write(*Household.open(entry.act, HouseholdId(self.ids["hou"][0]), self.person))
            entry.write(
                StationOpened(
                    StationId(self.ids["sta"][0]), "总站", StationKind.MAIN_STATION, root,
                    Code("441900"), since,
                ),
                ConsentGiven(
                    ConsentId(self.ids["con"][0]), self.person,
                    Receiver("广东", Code(pair.host.origin)), Purpose.MEMBERSHIP,
                    (Group.IDENTITY,), Evidence.SIGNED_FORM, Code("告知书"), since,
                ),
                PersonsLinked(
                    LinkId(self.ids["lnk"][0]), self.person, other, LinkGround.CARDS_SEEN, other
                ),
            )  # fmt: skip
        self._open_a_case(pair)
        self._serve_and_question(home)
        clerk = home.officer(home.root, Office.CLERK)
        with home.entry(home.root, Office.CHAIR) as entry:
            for office in set(Office) - {
                Office.CLERK,
                Office.AUDITOR,
                Office.PROCEDURE,
                Office.SELF,
            }:
                held = entry.offices_of(clerk)
                entry.write(held.appoint(entry.act, clerk, home.root, office, line=[home.root]))
        desk = Desk({"45": home.ledger, "44": pair.host.ledger})
        desk.open_account(home.ledger, "clerk", clerk, "")
        self.token = desk.make_token(home.ledger, "clerk", "fuzzing")
        self.desk = desk
        self.origins = [home.origin, pair.host.origin]

    def _open_a_case(self, pair: Pair) -> None:
        """A wage case that the federation leads, with a clock, a letter and a payment."""
        act = pair.home.act(pair.home.root, Office.CLERK)
        employer = CaseParty(PartyRole.EMPLOYER, "荣光物流有限公司")
        with pair.home.ledger.entry(act, lock=True) as entry:
            case = casework.open_case(
                entry, CaseKind.ARREARS, Intake.HOTLINE, Code("440606"), [employer],
                [Claiming(self.person, Money(Fen(500_00)))],
            )  # fmt: skip
            self.ids["cas"] = [case]
            self.ids["stp"] = [
                casework.start_clock(entry, case, ClockKind.AWARD, act.on),
                casework.send_letter(entry, case, LetterKind.NOTICE, "荣光物流", Code("1号")),
                casework.recover(entry, case, None, Payer.EMPLOYER, total=Money(Fen(100_00))),
            ]

    def _serve_and_question(self, home: World) -> None:
        """A service, a tally and a trip; a sample, and a question about what was tallied."""
        with home.entry(home.root) as entry:
            services = procedures.give(entry, [self.person], ServiceKind.HEALTH)
            tally = procedures.count(entry, ServiceKind.HEALTH, 7, Unit.PERSONS)
            grounds = [Eligibility.MEMBER]
            trip = procedures.announce_trip(
                entry, "温暖回家路", ServiceKind.TRAVEL, 3, grounds, home.today
            )
            procedures.take_seats(entry, trip, [procedures.Passenger(self.person, grounds[0])])
        assert entry.receipt is not None
        cited = Cited(Code(home.origin), entry.receipt.positions[1])
        population = Population(Code(home.origin), (Code("ServicesTallied"),))
        auditor = home.act(home.root, Office.AUDITOR)
        with home.ledger.entry(auditor, lock=True) as entry:
            sample = procedures.draw_sample(entry, population, 1, "0316").sample
        with home.entry(home.root, Office.AUDITOR) as entry:
            question = procedures.raise_question(
                entry, QuestionKind.AUDIT_QUERY, [cited], "少签一页", answer_days=9, ruling_days=9
            )
        self.ids |= {
            "ser": [*map(str, services)], "tal": [tally], "tri": [trip], "que": [question], "sam": [sample],
        }  # fmt: skip


def aided(office: AidOffice, person: PersonId, other: PersonId) -> dict[str, list[str]]:
    """A grant at its beginning, one that is paid, one of a list that is handed out, one of before."""
    paid = office.apply(person, 1000 * YUAN, AidKind.TEMPORARY, need="工伤", emergency=True)
    office.approve(paid)
    with office.entry(Office.CASHIER, office.world.root) as entry:
        aiding.made(entry, paid, aiding.instruct(entry, paid, PayMode.CASH), Code("凭证1"))
    aid_list = office.list_of([office.world.worker() for _ in range(2)])
    office.approve_list(aid_list)
    with office.entry(Office.CASHIER, office.world.root) as entry:
        aiding.hand_out(entry, aid_list, Code("签领表1"))
        listed = [one.id for one in aiding.on_list(entry, aid_list) if one.id]
    with office.entry(Office.ACCOUNTANT, office.world.root) as entry:
        past = aiding.record_past(
            entry, other, AidKind.LIVING, Fen(500 * YUAN), office.fund, Code("2025-8"),
            mode=PayMode.CASH,
        )  # fmt: skip
    waiting = office.list_of([office.world.worker()])
    return {
        "sch": [office.scheme], "fnd": [office.fund], "lis": [aid_list, waiting],
        "grt": [office.apply(other), paid, past, listed[0]],
    }  # fmt: skip


with pytest.MonkeyPatch.context() as patch:
    patch.setattr(application, "Limiter", lambda: Limiter(1e9, 10**9))
    APP = create_app(Desk({}))
APP.openapi()  # seconds of work, which whoever asks below does not wait for
SCHEMA: Any = schemathesis.openapi.from_asgi("/api/v1/openapi.json", APP)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Generator[Story]:
    pair = pairs.open_pair(tmp_path_factory.mktemp("fuzzing"))
    told = Story(pair)
    APP.state.desk = told.desk
    yield told
    pairs.close(pair)


def known(value: Any, story: Story, pick: int) -> Any:
    """The same with ids, positions and journals of the story in the places of made-up ones."""
    if isinstance(value, dict):
        return {
            key: _there(key, story, pick)
            if key in {"origin", "position"}
            else known(each, story, pick)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [known(each, story, pick + at) for at, each in enumerate(value)]
    if isinstance(value, str) and value[3:4] == "_" and value[:3] in story.ids:
        there = story.ids[value[:3]]
        return there[pick % len(there)]
    return value


def _there(key: str, story: Story, pick: int) -> Any:
    return story.origins[pick % 2] if key == "origin" else 1 + next(KEYS) % 60


OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]


def seen(client: TestClient, story: Story, url: str) -> str:
    """The version of the thing that an address acts upon, where there is one."""
    thing = url.rpartition("/")[0]
    headers = {"Authorization": f"Bearer {story.token}"}
    found = client.get(thing, params={"purpose": "audit"}, headers=headers)
    return found.headers.get("etag", '"1"')


TRANSPORT = ("method", "url", "params", "json", "data", "files")


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_no_answer_is_our_fault(operation: Operation, story: Story) -> None:
    client = TestClient(APP)

    @settings(max_examples=EXAMPLES, phases=[Phase.generate], suppress_health_check=EVERY)
    @given(operation.as_strategy(), st.integers(0, 11))
    def send(case: Any, pick: int) -> None:
        if pick % 4:
            case.path_parameters = known(case.path_parameters, story, pick)
            case.query = known(case.query, story, pick)
            case.body = known(case.body, story, pick)
        sent = case.as_transport_kwargs(base_url="http://testserver")
        answered = client.request(
            **{name: value for name, value in sent.items() if name in TRANSPORT},
            headers={
                "Authorization": f"Bearer {story.token}",
                "Idempotency-Key": f"fuzzing-{next(KEYS):08}",
                "If-Match": seen(client, story, sent["url"]) if pick % 3 else f'"{pick}"',
            },
        )  # fmt: skip
        assert answered.status_code < 500, answered.text

    send()
