"""People over HTTP: registered, found, read by whoever they concern, masked where need be."""

from datetime import date
from typing import Any

from sqlalchemy import select

from ledger.domain.ids import new_person
from ledger.domain.kernel import Office
from ledger.journal.tables import reading
from tests.api.conftest import Officer, Sits
from tests.world import World, citizen_number


def form(world: World, name: str, sequence: int = 500) -> dict[str, str]:
    number = citizen_number(world.division, date(1990, 1, 1), sequence)
    return {"name": name, "number": number, "phone": "138 0000 5678"}


def found(officer: Officer, **sought: str) -> list[str]:
    answered = officer.http.post("/api/v1/persons/search", json=sought)
    assert answered.status_code == 200, answered.text
    return [each["person"] for each in answered.json()["items"]]


def looked_at(world: World, view: str) -> list[str]:
    with world.ledger.database.reading() as conn:
        rows = conn.execute(select(reading.c.person).where(reading.c.view == view))
        return [row[0] for row in rows]


def test_a_worker_is_registered_and_found_by_all_that_is_known_of_her(
    home: World, sits: Sits
) -> None:
    clerk = sits(home.union("纳合村工会"), Office.CLERK)
    told = form(home, "古丽米热.艾比布力")

    person = clerk.act("/persons", told)["person"]

    assert found(clerk, name="古丽米热·艾比布力") == [person]
    assert found(clerk, number=told["number"].lower()) == [person]
    assert found(clerk, last4=told["number"][-4:], birth="1990-01-01") == [person]
    assert found(clerk, phone="13800005678") == [person]
    assert found(clerk, pinyin="gulimireaibibuli") == [person]
    assert found(clerk, initials="glmrabbl") == [person]
    assert found(clerk, name="古丽米热·艾比布力", phone="13900000000") == []


def test_a_one_character_name_and_a_permit_are_taken(home: World, sits: Sits) -> None:
    clerk = sits(home.root, Office.CLERK)

    permit = {"name": "Chan Tai Man", "document": "home_return_permit", "number": "H12345678"}
    people = [
        clerk.act("/persons", form(home, "覃", 1)),
        clerk.act("/persons", permit),
        clerk.act(
            "/persons", {"name": "阿", "document": "none_yet", "number_owed": "lost",
                         "number_due": "2026-06-01"},
        ),
    ]  # fmt: skip

    assert found(clerk, number="H12345678") == [people[1]["person"]]
    assert found(clerk, name="阿") == [people[2]["person"]]


def test_a_number_that_breaks_the_rules_takes_a_card_a_scan_and_a_second_person(
    home: World, sits: Sits
) -> None:
    clerk = sits(home.root, Office.CLERK)
    told = form(home, "韦秀英") | {"sex": "男", "birth": "1991-02-02"}
    whole = {
        "card_seen": True, "second": new_person(), "act": {"evidence": ["ab" * 32]},
    }  # fmt: skip

    alone = clerk.post("/persons", told)
    confirmed = clerk.post("/persons", told | whole)

    assert clerk.refused(alone) == "NumberNeedsCardSeen"
    assert confirmed.status_code == 201, confirmed.text


def test_a_name_and_a_telephone_that_are_none_are_refused(home: World, sits: Sits) -> None:
    clerk = sits(home.root, Office.CLERK)

    misnamed = clerk.post("/persons", form(home, "1=1; DROP TABLE"))
    mistold = clerk.post("/persons", form(home, "韦秀英") | {"phone": "12345"})

    assert clerk.refused(misnamed) == "NameMisshapen"
    assert clerk.refused(mistold) == "PhoneMisshapen"


def test_a_file_is_for_the_unions_that_it_concerns(home: World, sits: Sits) -> None:
    city = home.union("河池市总工会", division="451200")
    village, other = home.union("纳合村工会", superior=city), home.union("别村工会")
    person = home.worker("韦秀英", union=village)
    home.enrol(person, village)

    answers = {
        union: sits(union, office).get(f"/persons/{person}").status_code
        for union, office in (
            (village, Office.CLERK), (city, Office.REVIEWER), (home.root, Office.LIAISON),
            (other, Office.CLERK),
        )
    }  # fmt: skip

    assert answers == {village: 200, city: 200, home.root: 200, other: 403}
    refused = sits(other, Office.CLERK).get(f"/persons/{person}").json()
    assert refused["type"] == "/problems/not-your-worker"
    assert "商请" in refused["instead"]


def test_numbers_are_masked_where_the_office_does_not_need_them(home: World, sits: Sits) -> None:
    person = home.worker("韦秀英", phone="13800005678")
    whole = citizen_number(home.division, date(1990, 1, 1), 1)

    clerk = sits(home.root, Office.CLERK).see(f"/persons/{person}")["identity"]
    liaison = sits(home.root, Office.LIAISON).see(f"/persons/{person}")["identity"]

    assert (clerk["number"], clerk["phone"]) == (whole, "13800005678")
    assert liaison["number"] == whole[:3] + "*" * 11 + whole[-4:]
    assert liaison["phone"] == "138****5678"
    assert whole not in sits(home.root, Office.LIAISON).get(f"/persons/{person}/steps").text


def test_each_person_shown_is_a_line_on_the_read_log(home: World, sits: Sits) -> None:
    village = home.union("纳合村工会")
    shown = [home.worker(f"韦秀{each}", union=village) for each in "英兰红"]
    for person in shown:
        home.enrol(person, village)
    clerk = sits(village, Office.CLERK)

    clerk.see("/memberships", limit=2)
    found(clerk, name="韦秀红")

    first = {row["person_id"] for row in clerk.see("/memberships", limit=2)["items"]}
    assert set(looked_at(home, "roster")) == first
    assert len(looked_at(home, "roster")) == 4  # two looks, two persons each
    assert looked_at(home, "search") == [shown[2]]
    reads = clerk.see(f"/persons/{shown[2]}/reads")["items"]
    assert {(read["view"], read["union_name"]) for read in reads} == {
        (view, "纳合村工会") for view in {"search", *(["roster"] if shown[2] in first else [])}
    }


def test_another_unions_worker_is_on_record_for_whoever_has_her_card_in_hand(
    home: World, sits: Sits
) -> None:
    person = home.worker("韦秀英", union=home.union("纳合村工会"), phone="13800005678")
    number = citizen_number(home.division, date(1990, 1, 1), 1)
    stranger = sits(home.union("别村工会"), Office.CLERK)

    def sought(**said: str) -> dict[str, Any]:
        return stranger.http.post("/api/v1/persons/search", json=said).json()

    nothing = {"items": [], "elsewhere": [], "more": False}
    for said in (
        {"name": "韦秀英"}, {"pinyin": "weixiuying"}, {"initials": "wxy"}, {"last4": number[-4:]},
        {"phone": "13800005678"}, {"birth": "1990-01-01"}, {"number": " ", "initials": "wxy"},
    ):  # fmt: skip
        assert sought(**said) == nothing, said
    assert looked_at(home, "search") == []
    assert sought(number=number)["elsewhere"] == [{"person": person, "why": "not-your-worker"}]
    assert sought(number=number, birth="1990-01-02")["elsewhere"] == []
    assert looked_at(home, "search") == [person]


def test_strangers_neither_fill_a_page_of_the_search_nor_are_counted(
    home: World, sits: Sits
) -> None:
    village, other = home.union("纳合村工会"), home.union("别村工会")
    for _ in range(3):
        home.worker("韦秀英", union=other)
    mine = home.worker("韦秀英", union=village)
    clerk = sits(village, Office.CLERK)

    said = {"name": "韦秀英", "limit": 1}
    answered = clerk.http.post("/api/v1/persons/search", json=said).json()

    assert [each["person"] for each in answered["items"]] == [mine]
    assert answered["more"] is False


def test_an_auditor_reads_the_files_of_her_own_union_and_those_below_it(
    home: World, sits: Sits
) -> None:
    city = home.union("河池市总工会", division="451200")
    village, other = home.union("纳合村工会", superior=city), home.union("别村工会")
    person = home.worker("韦秀英", union=village)
    home.enrol(person, village)

    def audits(union: str) -> dict[str, Any]:
        auditor = sits(union, Office.AUDITOR)
        listed = auditor.see("/memberships")["items"]
        return {
            "file": auditor.get(f"/persons/{person}").status_code,
            "roster": [each["person_id"] for each in listed],
            "another's": auditor.get("/memberships", union=village).status_code,
        }

    every = {"file": 200, "roster": [person], "another's": 200}
    assert audits(village) == audits(city) == audits(home.root) == every
    assert audits(other) == {"file": 403, "roster": [], "another's": 403}


def test_what_is_of_the_whole_province_is_for_the_federations_auditor(
    home: World, sits: Sits
) -> None:
    home.enrol(home.worker("韦秀英"), home.root)
    below, root = sits(home.union("别村工会"), Office.AUDITOR), sits(home.root, Office.AUDITOR)
    drawing = {"kinds": ["MemberEnrolled"], "size": 1, "seed": "摇号"}

    asked = [
        "/records", "/records/1/proof", "/system/signals", "/system/settlements", "/system/views",
    ]  # fmt: skip
    refused = [below.get(path) for path in asked] + [below.post("/samples", drawing)]

    assert [each.status_code for each in refused] == [403] * 6
    assert "省级工会的经审人员" in refused[0].json()["instead"]
    assert "省级工会的经审人员" in refused[-1].json()["instead"]
    assert {root.get(path).status_code for path in asked} <= {200, 404}
    sample = root.act("/samples", drawing)["sample"]
    assert below.get(f"/samples/{sample}").status_code == 403
    assert below.see("/samples")["items"] == []
    assert [each["sample"] for each in root.see("/samples")["items"]] == [sample]


def test_renamed_moved_and_dead_as_at_each_date(home: World, sits: Sits) -> None:
    person = home.worker("韦秀英", on=date(2026, 1, 5))
    clerk, thing = sits(home.root, Office.CLERK), f"/persons/{person}"

    clerk.upon(thing, "name", {"name": "韦秀兰", "act": {"on": "2026-02-10"}})
    clerk.upon(thing, "contact", {"phone": "13900001111", "address": "东莞莞城"})
    clerk.upon(thing, "residence", {"division": "441900", "residence": "东莞市莞城街道"})
    clerk.upon(thing, "death", {"proof": "certificate", "act": {"on": "2026-02-20"}})

    then = clerk.see(thing, as_of="2026-02-01")
    assert then["identity"]["name"] == "韦秀英"
    now = clerk.see(thing)
    assert (now["identity"]["name"], now["identity"]["died_on"]) == ("韦秀兰", "2026-02-20")
    assert now["identity"]["former_names"] == ["韦秀英"]
    changed = clerk.see(f"{thing}/changes", then_as_of="2026-02-01")
    assert ["姓名", "韦秀英", "韦秀兰"] in changed["changes"]
    assert clerk.refused(clerk.upon_seen(thing, "death", {"proof": "kin"})) == "DeathOnRecord"
    asked = {
        "person": person, "union": home.root, "confirmed": "signed", "of_age": True,
    }  # fmt: skip
    assert clerk.refused(clerk.post("/memberships", asked)) == "DeathOnRecord"


def test_who_sees_a_masked_telephone_changes_the_address_and_keeps_it(
    home: World, sits: Sits
) -> None:
    person = home.worker("韦秀英", phone="13900000543")
    legal, clerk = sits(home.root, Office.LEGAL), sits(home.root, Office.CLERK)

    legal.upon(f"/persons/{person}", "contact", {"phone": "", "address": "东莞莞城"})
    kept = clerk.see(f"/persons/{person}")["identity"]
    clerk.upon(f"/persons/{person}", "contact", {"phone": "", "address": "东莞莞城"})
    cleared = clerk.see(f"/persons/{person}")["identity"]

    assert (kept["phone"], kept["address"]) == ("13900000543", "东莞莞城")
    assert not cleared["phone"]


def test_a_number_is_given_once_and_corrected_by_two(home: World, sits: Sits) -> None:
    clerk = sits(home.root, Office.CLERK)
    owed = {"name": "阿", "document": "none_yet", "number_owed": "lost", "number_due": "2026-06-01"}
    thing = f"/persons/{clerk.act('/persons', owed)['person']}"
    number = citizen_number(home.division, date(1990, 1, 1), 7)
    corrected = {"number": citizen_number(home.division, date(1990, 1, 1), 9), "why": "mistyped"}

    clerk.upon(thing, "number", {"number": number})
    again = clerk.upon_seen(thing, "number", {"number": number})
    alone = clerk.upon_seen(thing, "number-correction", corrected)
    clerk.upon(thing, "number-correction", corrected | {"second": new_person()})

    assert clerk.refused(again) == "AlreadyIdentified"
    assert clerk.refused(alone) == "SecondPersonNeeded"
    assert clerk.see(thing)["identity"]["number"] == corrected["number"]


def test_two_records_are_linked_as_one_person_and_unlinked(home: World, sits: Sits) -> None:
    one, other = home.worker("韦秀英"), home.worker("韦秀英")
    clerk, thing = sits(home.root, Office.CLERK), f"/persons/{one}"
    match = {"other": other, "ground": "cards_seen", "second": new_person()}

    link = clerk.upon(thing, "links", match)["link"]
    joined = clerk.see(thing)["identity"]["others"]
    clerk.upon(thing, "unlinking", match | {"link": link})

    assert joined == [other]
    assert clerk.see(thing)["identity"]["others"] == []
    twice = clerk.upon_seen(thing, "links", match | {"other": one})
    assert clerk.refused(twice) == "OnePersonNotTwo"


def test_a_household_is_kept_with_its_guardian(home: World, sits: Sits) -> None:
    worker, child = home.worker("韦秀英"), home.worker("韦小宝")
    clerk = sits(home.root, Office.CLERK)

    thing = f"/households/{clerk.act('/households', {'person': worker})['household']}"
    joining = {"person": child, "relation": "child", "guardian": worker}
    clerk.upon(thing, "members", joining)
    clerk.upon(thing, "guardians", {"person": child, "guardian": worker})

    told = clerk.see("/households", person=worker)[0]
    assert {row["name"] for row in told["members"]} == {"韦秀英", "韦小宝"}
    assert {row["guardian"] for row in told["members"]} == {None, worker}
    assert clerk.refused(clerk.upon_seen(thing, "members", joining)) == "AlreadyInHousehold"
    clerk.upon(thing, "departures", {"person": child, "why": "moved_out"})
    assert len(clerk.see(thing)["members"]) == 1
