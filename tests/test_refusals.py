"""What a refusal turned on is told in words: money as money, codes by their words, things by name."""

from datetime import date

import pytest

from ledger.domain.aid import AboveTheCap, OneDutyEach, StepMissing
from ledger.domain.aid.words import Duty
from ledger.domain.aiding import CapPer, Step
from ledger.domain.forgetting import StillNeeded
from ledger.domain.funds import FundExhausted
from ledger.domain.kernel import DateAhead, Refused
from ledger.domain.offices import NotYourOffice
from ledger.domain.persons import NumberNeedsCardSeen
from ledger.imports.limits import RosterTooLarge
from ledger.replay.refusals import in_names, told

FUND = "fnd_" + "a" * 26
CLERK = "per_" + "b" * 26


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            FundExhausted(fund=FUND, balance=100_000, amount=150_000),
            [("资金", "送温暖资金"), ("可用余额", "1,000.00 元"), ("本次金额", "1,500.00 元")],
        ),
        (
            AboveTheCap(per=CapPer.HOUSEHOLD_YEAR, most=500_000, already=400_000, amount=200_000),
            [
                ("限额口径", "每户每年"), ("上限", "5,000.00 元"),
                ("此前已救助", "4,000.00 元"), ("本次金额", "2,000.00 元"),
            ],
        ),
        (
            DateAhead(on="2026-05-08", today=date(2026, 5, 6)),
            [("业务日期", "2026-05-08"), ("今天", "2026-05-06")],
        ),
        (StepMissing(missing=[Step.REVIEW, Step.NOTICE]), [("尚缺的步骤", "审核、公示")]),
        (StillNeeded(needs=["grant grt_x", "grant grt_y"]), [("未了事项", "未办结的帮扶")]),
        (NotYourOffice(event="ApplicationExamined"), [("办理事项", "入会审核")]),
        (RosterTooLarge(parts=20_000), []),
        (RosterTooLarge(part="xl/sheet1.xml"), []),
    ],
)  # fmt: skip
def test_what_a_refusal_turned_on_is_told_in_words(
    rule: Refused, words: list[tuple[str, str]]
) -> None:
    assert in_names(told(rule), {FUND: "送温暖资金"}) == words


def test_who_may_not_be_seen_is_left_out() -> None:
    rule = OneDutyEach(duty=Duty.REVIEWER, person=CLERK, has=Duty.HANDLER)

    assert [label for label, _ in in_names(told(rule), {})] == ["职责", "已在此笔担任"]
    assert ("所涉人员", "韦秀英") in in_names(told(rule), {CLERK: "韦秀英"})


def test_a_rule_within_the_facts_is_said_as_its_sentence() -> None:
    rule = NumberNeedsCardSeen(problems=["CheckDigitWrong"], card_seen=False)

    assert in_names(told(rule), {}) == [
        ("号码的问题", "公民身份号码的校验码不对，号码中至少有一位填错")
    ]
