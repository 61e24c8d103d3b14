"""What holds for every route: who asks, under which command, seen at what version; no more."""

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.app import create_app
from ledger.book import Ledger
from ledger.desk import Desk, session
from ledger.domain.kernel import Office
from tests.api.conftest import Officer, Sits, seat
from tests.world import World

PASSWORD = "correct horse battery"


def positions(ledger: Ledger) -> int:
    with ledger.database.reading() as conn:
        return len(ledger.recorder.page(conn, 0, 10_000))


# ── once, and upon what was seen ─────────────────────────────────────────────────────────────


def test_the_same_command_again_gives_the_first_answer(home: World, sits: Sits) -> None:
    chair = sits(home.root, Office.CHAIR)
    body = {"name": "纳合村工会", "kind": "village", "superior": home.root, "division": "451224"}

    first = chair.post("/unions", body, key="press-five-times")
    size = positions(home.ledger)
    again = [chair.post("/unions", body, key="press-five-times") for _ in range(4)]

    assert [each.json() for each in again] == [first.json()] * 4
    assert "idempotent-replayed" not in first.headers
    assert {each.headers["idempotent-replayed"] for each in again} == {"true"}
    assert positions(home.ledger) == size


def test_a_button_pressed_five_times_at_once_makes_one_record(
    home: World, app: FastAPI, desk: Desk
) -> None:
    clerks = [seat(app, desk, home, home.root, Office.CLERK) for _ in range(5)]
    size = positions(home.ledger)
    body = {
        "name": "韦秀英", "document": "none_yet", "number_owed": "lost",
        "number_due": "2026-06-01",
    }  # fmt: skip

    with ThreadPoolExecutor(5) as pool:
        pressed = list(
            pool.map(lambda one: one.post("/persons", body, key="pressed-at-once"), clerks)
        )

    assert {each.status_code for each in pressed} == {201}
    assert len({each.json()["result"]["person"] for each in pressed}) == 1
    assert positions(home.ledger) == size + 1


def test_an_act_upon_a_thing_is_replayed_though_the_thing_has_moved_on(
    home: World, sits: Sits
) -> None:
    clerk, thing = sits(home.root, Office.CLERK), f"/persons/{home.worker('韦秀英')}"

    first = clerk.post(f"{thing}/name", {"name": "韦秀兰"}, seen='"1"', key="rename-once-1")
    clerk.upon(thing, "name", {"name": "韦秀红"})
    again = clerk.post(f"{thing}/name", {"name": "韦秀兰"}, seen='"1"', key="rename-once-1")

    assert again.json() == first.json()
    assert clerk.see(thing)["identity"]["name"] == "韦秀红"


def test_a_command_is_not_used_again_with_another_body(home: World, sits: Sits) -> None:
    clerk, thing = sits(home.root, Office.CLERK), f"/persons/{home.worker('韦秀英')}"

    clerk.post(f"{thing}/name", {"name": "韦秀兰"}, seen='"1"', key="rename-once-2")
    other = clerk.post(f"{thing}/name", {"name": "韦秀红"}, seen='"2"', key="rename-once-2")

    assert clerk.refused(other) == "CommandReused"


def test_a_refusal_is_not_remembered_but_judged_again(home: World, sits: Sits) -> None:
    clerk, union = sits(home.root, Office.CLERK), home.union("纳合村工会")
    body = {"name": "新名", "act": {"union": union}}

    refused = clerk.post(f"/unions/{union}/name", body, seen='"1"', key="judged-again")
    with home.entry(union, Office.CHAIR) as entry:
        entry.write(
            entry.offices_of(home.officer(home.root, Office.CLERK)).appoint(
                entry.act, home.officer(home.root, Office.CLERK), union, Office.CLERK, line=[union]
            )
        )
    done = clerk.post(f"/unions/{union}/name", body, seen='"1"', key="judged-again")

    assert clerk.refused(refused) == "NotYourOffice"
    assert done.status_code == 201, done.text


def test_a_stale_version_is_refused_and_a_missing_one_asked_for(home: World, sits: Sits) -> None:
    clerk, thing = sits(home.root, Office.CLERK), f"/persons/{home.worker('韦秀英')}"
    clerk.upon(thing, "name", {"name": "韦秀兰"})

    answers = [
        clerk.post(f"{thing}/name", {"name": "韦秀红"}, seen=seen)
        for seen in ('"1"', '"9"', None, "1", 'W/"2"', "*")
    ]

    assert [each.status_code for each in answers] == [412, 412, 428, 400, 400, 400]
    assert clerk.see(thing)["identity"]["name"] == "韦秀兰"


def test_an_act_without_a_command_id_is_refused(home: World, sits: Sits) -> None:
    clerk = sits(home.root, Office.CLERK)

    answers = [
        clerk.http.post("/api/v1/persons", json={"name": "韦秀英"}),
        clerk.post("/persons", {"name": "韦秀英"}, key="short"),
        clerk.post("/persons", {"name": "韦秀英"}, key="with a space in it"),
    ]

    assert [each.status_code for each in answers] == [400, 400, 400]


# ── nothing unknown, nothing too big ─────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "address",
    [
        "/unions?foo=1", "/memberships?tab=waiting", "/transfers?tab=everything",
        "/persons/per_aaaaaaaaaaaaaaaaaaaaaaaaaa?as=2026-01-01", "/rules?name=AlreadyAMember",
        "/unions?limit=0", "/unions?limit=201", "/unions?limit=2&limit=3", "/memberships?state=x",
        "/unions?as_of=2026-02-30", "/unions?as_of=0001-01-01", "/session?x=", "/records?since=0",
    ],
)  # fmt: skip
def test_an_unknown_parameter_or_value_is_no_question(
    home: World, sits: Sits, address: str
) -> None:
    clerk = sits(home.root, Office.CLERK)

    answered = clerk.get(address)

    assert answered.status_code == 400, answered.text
    assert answered.headers["content-type"] == "application/problem+json"


def test_an_unknown_field_and_a_malformed_body_are_named_with_their_place(
    home: World, sits: Sits
) -> None:
    chair = sits(home.root, Office.CHAIR)
    body = {"name": "村", "kind": "castle", "superior": "root", "act": {"when": "today"}}

    answered = chair.post("/unions", body)

    assert answered.status_code == 422
    told = answered.json()
    assert {each["pointer"] for each in told["errors"]} == {"/kind", "/superior", "/act/when"}
    assert chair.http.post("/api/v1/unions", content="{", headers={
        "Idempotency-Key": "not-json-at-all", "Content-Type": "application/json",
    }).status_code == 422  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        '{"\\ud800": 1}', '{"name": "\\ud800"}', '{"name": "a\\u0000b"}', "[" * 100_000,
        '{"name": NaN}', "null", '"name"', "\ufeff{}",
    ],
)  # fmt: skip
def test_a_body_that_is_hardly_json_is_malformed(home: World, sits: Sits, body: str) -> None:
    clerk = sits(home.root, Office.CLERK)

    answered = clerk.http.post(
        "/api/v1/persons", content=body.encode(),
        headers={"Idempotency-Key": "hardly-json", "Content-Type": "application/json"},
    )  # fmt: skip

    assert answered.status_code in {400, 422}, answered.text
    assert answered.headers["content-type"] == "application/problem+json"


def test_a_paper_without_its_decider_is_not_dropped_in_silence(home: World, sits: Sits) -> None:
    clerk = sits(home.root, Office.CLERK)

    answered = clerk.post("/persons", {"name": "韦秀英", "act": {"paper": "桂工发〔2026〕1号"}})

    assert answered.status_code == 422


def test_a_body_too_large_is_not_read(home: World, sits: Sits) -> None:
    clerk = sits(home.root, Office.CLERK)

    answered = clerk.post("/persons", {"name": "韦" * (1 << 20)})

    assert answered.status_code == 413


def test_what_is_not_there_is_said_so(home: World, sits: Sits) -> None:
    clerk, nobody = sits(home.root, Office.CLERK), "aaaaaaaaaaaaaaaaaaaaaaaaaa"

    answers = [
        clerk.get(f"/{things}_{nobody}")
        for things in (
            "persons/per", "unions/uni", "stations/sta", "partnerships/par", "memberships/mem",
            "transfers/trf", "consents/con", "households/hou", "appointments/per", "operations/opn",
        )
    ] + [clerk.get("/unions/nonsense"), clerk.get("/records/999999"), clerk.get("/rules/NoRule")]  # fmt: skip

    assert {each.status_code for each in answers} == {404}
    assert {each.json()["type"] for each in answers} == {"/problems/not-found"}


# ── who ──────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def browser(app: FastAPI) -> Generator[TestClient]:
    with TestClient(app) as client:
        yield client


def test_one_signs_in_sees_oneself_and_signs_out(app: FastAPI, desk: Desk, home: World) -> None:
    person = home.officer(home.root, Office.CLERK)
    desk.open_account(home.ledger, "wei", person, PASSWORD, "经办")
    given = {"province": "45", "name": "wei", "password": PASSWORD}

    with browser(app) as client:
        me = client.post("/api/v1/session/sign-in", json=given)
        again = client.get("/api/v1/session")
        out = client.post("/api/v1/session/sign-out", headers={"X-CSRF-Token": me.json()["csrf"]})
        after = client.get("/api/v1/session")

    assert me.status_code == 200, me.text
    assert again.json() == me.json()
    assert [post["office"] for post in me.json()["posts"]] == ["clerk"]
    assert "HttpOnly" in me.headers["set-cookie"]
    assert (out.status_code, after.status_code) == (204, 401)


def test_after_five_wrong_passwords_the_right_one_is_no_use_for_a_while(
    app: FastAPI, desk: Desk, home: World
) -> None:
    desk.open_account(home.ledger, "wei", home.officer(home.root, Office.CLERK), PASSWORD)
    wrong = {"province": "45", "name": "wei", "password": "guess guess guess"}

    with browser(app) as client:
        guesses = [client.post("/api/v1/session/sign-in", json=wrong) for _ in range(5)]
        right = client.post("/api/v1/session/sign-in", json=wrong | {"password": PASSWORD})

    assert {each.status_code for each in (*guesses, right)} == {401}
    assert len({each.json()["title"] for each in (*guesses, right)}) == 1


@pytest.mark.parametrize(("demo", "free"), [(False, 10), (True, 100)])
def test_guessing_is_slowed_down(home: World, demo: bool, free: int) -> None:
    app = create_app(Desk({"45": home.ledger}, demo=demo))

    with browser(app) as client:
        answers = [client.post("/api/v1/session/sign-in", json={}) for _ in range(2 * free)]

    # Every five seconds another guess is free: on a slow machine a few more get through.
    slowed = [each for each in answers if each.status_code == 429]
    assert free / 2 < len(slowed) <= free
    assert int(slowed[0].headers["retry-after"]) >= 1


def test_a_cookie_writes_only_with_the_token_of_its_form(
    app: FastAPI, desk: Desk, home: World
) -> None:
    desk.open_account(home.ledger, "wei", home.officer(home.root, Office.CLERK), PASSWORD)
    given = {"province": "45", "name": "wei", "password": PASSWORD}
    body = {
        "name": "韦秀英", "document": "none_yet", "number_owed": "lost",
        "number_due": "2026-06-01",
    }  # fmt: skip

    with browser(app) as client:
        csrf = client.post("/api/v1/session/sign-in", json=given).json()["csrf"]
        headers = {"Idempotency-Key": "from-a-form-1"}
        without = client.post("/api/v1/persons", json=body, headers=headers)
        forged = client.post(
            "/api/v1/persons", json=body, headers=headers | {"X-CSRF-Token": "0" * 64}
        )
        right = client.post("/api/v1/persons", json=body, headers=headers | {"X-CSRF-Token": csrf})

    assert (without.status_code, forged.status_code) == (403, 403)
    assert without.json()["type"] == "/problems/csrf"
    assert right.status_code == 201, right.text


def test_a_token_is_kept_by_its_hash_alone(desk: Desk, home: World) -> None:
    person = home.officer(home.root, Office.CLERK)
    desk.open_account(home.ledger, "wei", person, "")

    token = desk.make_token(home.ledger, "wei", "payroll")

    with home.ledger.database.reading() as conn:
        rows = conn.execute(select(session)).all()
    held = " ".join(str(value) for row in rows for value in row)
    assert len(rows) == 1
    assert token not in held
    assert token.partition(".")[2] not in held


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer 45.nonsense", "Basic eDp5", ""])
def test_nobody_is_let_in_on_nothing(app: FastAPI, home: World, header: str) -> None:
    with browser(app) as client:
        answered = client.get("/api/v1/unions", headers={"Authorization": header})

    assert answered.status_code == 401
    assert answered.headers["www-authenticate"] == "Bearer"


def test_who_keeps_accounts_and_who_audits_write_no_facts(
    app: FastAPI, desk: Desk, home: World, sits: Sits
) -> None:
    village = home.union("纳合村工会")
    desk.open_account(home.ledger, "administrator", home.worker("管理员"), "")
    keeper = Officer(app, desk.make_token(home.ledger, "administrator", "t"))
    size = positions(home.ledger)
    body = {
        "name": "韦秀英", "document": "none_yet", "number_owed": "lost",
        "number_due": "2026-06-01",
    }  # fmt: skip

    auditor = sits(home.root, Office.AUDITOR)
    size = positions(home.ledger)
    answers = [
        keeper.post("/persons", body),
        keeper.post("/persons", body | {"act": {"union": home.root, "office": "clerk"}}),
        auditor.post("/persons", body),
        auditor.post("/persons", body | {"act": {"union": village, "office": "clerk"}}),
        auditor.post("/appointments", {
            "person": home.worker(), "union": village, "office": "clerk"
        }),
    ]  # fmt: skip

    assert {keeper.refused(each) for each in answers} == {"NotYourOffice"}
    assert positions(home.ledger) == size + 1  # the worker's registration, by the world itself
    assert keeper.get("/memberships").status_code == 403


# ── what a machine may count on ──────────────────────────────────────────────────────────────


def test_health_says_nothing_of_the_data(app: FastAPI, home: World) -> None:
    with browser(app) as client:
        alive, ready = client.get("/healthz"), client.get("/readyz")

    assert alive.json()["status"] == "ok"
    assert ready.json() == {"status": "ready", "provinces": ["45"]}


def test_the_description_is_openapi_3_1_and_every_route_has_its_sentence(app: FastAPI) -> None:
    with browser(app) as client:
        told = client.get("/api/v1/openapi.json").json()
        page = client.get("/api/v1/docs")

    routes = [route for methods in told["paths"].values() for route in methods.values()]
    assert told["openapi"].startswith("3.1")
    assert [route for route in routes if not any(c >= "\u4e00" for c in route["summary"])] == []
    assert page.status_code == 200
    assert "<script>" not in page.text
    assert "https://" not in page.text
    assert page.text.count("<details>") == len(routes)


def test_every_act_asks_for_a_command_id_and_no_fact_is_patched(app: FastAPI) -> None:
    told = app.openapi()

    methods = {method for each in told["paths"].values() for method in each}
    acts = [each["post"] for each in told["paths"].values() if "post" in each]
    once = [act for act in acts if "201" in act["responses"]]
    keyed = [
        act
        for act in once
        if any(
            asked["name"] == "Idempotency-Key" and asked["required"] for asked in act["parameters"]
        )
    ]
    assert methods == {"get", "post"}
    assert len(once) == len(keyed) > 60


def test_every_answer_is_kept_by_nobody_and_named_by_its_id(home: World, sits: Sits) -> None:
    clerk = sits(home.root, Office.CLERK)

    answers = [clerk.get("/session"), clerk.get("/unions/nonsense"), clerk.get("/nowhere")]

    assert {each.headers["cache-control"] for each in answers} == {"no-store"}
    assert all(each.headers["x-request-id"].startswith("req_") for each in answers)
    assert answers[1].json()["request"] == answers[1].headers["x-request-id"]
