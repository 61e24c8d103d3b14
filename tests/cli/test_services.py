"""`liangdi service`: given, counted, a trip and its seats; what is refused says so."""

from typing import Any

from ledger.cli.common import Exit
from ledger.demo.people import Someone
from tests.cli.conftest import Run, told

TALLY = ("service", "tally", "-p", "45", "--kind", "roadside", "--count", "2000", "--unit",
         "person_times", "--bound", "more_than", "--what", "暖流行动")  # fmt: skip


def test_services_are_given_counted_and_shown_unit_by_unit(run: Run, worker: Someone) -> None:
    given = told(
        run(
            "service", "give", worker.number, "-p", "45", "--kind", "legal_advice", "--with",
            "leads:广西壮族自治区总工会", "--with", "assists:广东省广西商会", "--json",
        )
    )  # fmt: skip
    tally: str = told(run(*TALLY, "--json"))["tally"]
    cost = run(
        "service", "cost", tally, "-p", "45", "--amount", "126180", "--union",
        "广西壮族自治区总工会",
    )  # fmt: skip

    page = run("service", "counts", "-p", "45")
    counts: Any = told(run("service", "counts", "-p", "45", "--by", "month", "--json"))

    assert len(given["services"]) == 1
    assert cost.exit_code == 0, cost.output
    assert "2000余人次" in page.stdout
    assert "1 / 1" in page.stdout
    assert "126,180.00 元：广西壮族自治区总工会" in page.stdout
    assert [each["number"] for each in counts["counted"]] == [2000]


def test_what_the_partner_has_counted_stands_beside_and_is_not_added(run: Run) -> None:
    told(run(*TALLY, "--json"))
    told(run("service", "tally", "-p", "44", "--kind", "roadside", "--count", "300", "--unit",
             "person_times", "--json"))  # fmt: skip

    page = run("service", "counts", "--province", "44")
    apart: Any = told(run("service", "counts", "-p", "44", "--json"))
    together: Any = told(run("service", "counts", "-p", "44", "--all", "--json"))

    assert "2000余人次" in page.stdout
    assert [each["number"] for each in apart["counted"]] == [300]
    assert [(each["number"], each["by"]) for each in apart["partners"]] == [
        (2000, "liangdi.example/guangxi")
    ]
    assert [each["number"] for each in together["counted"]] == [2300]
    assert together["partners"] == []


def test_a_trip_is_announced_and_its_seats_are_given(run: Run, worker: Someone) -> None:
    trip: str = told(
        run(
            "service", "announce", "温暖回家路", "-p", "45", "--quota", "600", "--ground",
            "outstanding", "--ground", "hardship", "--leaves", "2027-01-20", "--json",
        )
    )["trip"]  # fmt: skip

    seat = ("service", "seat", trip, worker.number, "-p", "45", "--ground", "hardship")
    seated = run(*seat)
    twice = run(*seat)
    gone = told(run("service", "depart", trip, worker.number, "-p", "45", "--json"))
    (row,) = told(run("service", "trips", "-p", "45", "--json"))

    assert "已安排 1 人" in seated.stdout
    assert twice.exit_code == Exit.REFUSED
    assert "SeatHeld" in twice.output
    assert len(gone["done"]) == 1
    assert (row["quota"], row["seats"], row["departed"]) == (600, 1, 1)


def test_a_minor_goes_with_the_guardians_agreement_and_a_seat_comes_back(
    run: Run, worker: Someone
) -> None:
    trip: str = told(
        run(
            "service", "announce", "亲情牵手", "-p", "45", "--quota", "43", "--ground",
            "accompanying", "--leaves", "2027-01-20", "--kind", "reunion", "--json",
        )
    )["trip"]  # fmt: skip
    run("service", "seat", trip, worker.number, "-p", "45", "--ground", "accompanying")

    own = run("service", "agree", trip, worker.number, "-p", "45", "--guardian", worker.number,
              "--form", "同意书1")  # fmt: skip
    back = run("service", "return", trip, worker.number, "-p", "45")

    assert own.exit_code == Exit.REFUSED
    assert "GuardianIsAnother" in own.output
    assert back.exit_code == 0, back.output


def test_a_third_decimal_and_an_unknown_split_are_not_understood(run: Run) -> None:
    tally: str = told(run(*TALLY, "--json"))["tally"]

    third = run("service", "cost", tally, "-p", "45", "--amount", "1.005", "--name", "铁路")
    split = run("service", "counts", "-p", "45", "--by", "colour")
    part = run(*TALLY, "--with", "广西总工会")

    assert [each.exit_code for each in (third, split, part)] == [Exit.USAGE] * 3
