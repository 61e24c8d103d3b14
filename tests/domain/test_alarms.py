"""Settling an alarm: who may, what must be said, and that what is shown again stands again."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from ledger.domain.alarms import (
    Alarm,
    AlarmOfTheLedger,
    Alarms,
    AlarmSettled,
    AlarmSettledAlready,
    EpochNotRead,
    Explanation,
    FindingTooShort,
    NoSuchAlarm,
    SettledBeforeItStood,
)
from ledger.domain.corrections import AnotherThing, Why, annul, correct
from ledger.domain.ids import new_person, new_union
from ledger.domain.kernel import Act, Code, Fact, Office
from ledger.domain.offices import NotYourOffice, Offices, authorise

ROOT, VILLAGE, CHAIR = new_union(), new_union(), new_person()
DAY = date(2026, 3, 2)
ACT = Act(CHAIR, ROOT, Office.CHAIR, DAY, DAY)
ALARM = Alarm("liangdi.example/guangxi", "refused", "4f" * 32, 1, DAY)
SAID = "已与对方总工会电话核实，是其测试机误发"


def settled(told: Alarms | None = None, **changed: Any) -> AlarmSettled:
    asked: dict[str, Any] = {
        "act": ACT,
        "root": ROOT,
        "alarm": ALARM,
        "cause": Explanation.TEST,
        "finding": SAID,
    }
    return (told or Alarms()).settle(**{**asked, **changed})


def test_an_alarm_is_settled_with_a_word_a_sentence_and_the_others_letter() -> None:
    event = settled(finding=f"  {SAID}\n", letter=Code("粤工办函〔2026〕8号"))

    assert event == AlarmSettled(
        ROOT, Code(ALARM.log), Code("refused"), Code(ALARM.digest), 1, Explanation.TEST, SAID,
        Code("粤工办函〔2026〕8号"),
    )  # fmt: skip
    assert Alarms().stands(ALARM)
    assert not Alarms.told(event).stands(ALARM)


def test_it_is_settled_once() -> None:
    told = Alarms.told(settled())

    with pytest.raises(AlarmSettledAlready):
        settled(told)


def test_what_is_shown_once_more_stands_again_and_is_settled_again() -> None:
    told, again = Alarms.told(settled()), ALARM._replace(times=2)

    assert told.stands(again)
    assert settled(told, alarm=again).times == 2


def test_another_piece_of_evidence_is_another_alarm() -> None:
    told = Alarms.told(settled())

    assert told.stands(ALARM._replace(digest="5a" * 32))
    assert told.stands(ALARM._replace(log="liangdi.example/hunan"))


def test_only_what_is_kept_is_settled() -> None:
    with pytest.raises(NoSuchAlarm):
        settled(alarm=None)


def test_it_is_settled_for_the_federation_whose_ledger_it_is() -> None:
    with pytest.raises(AlarmOfTheLedger):
        settled(act=replace(ACT, union=VILLAGE))


@pytest.mark.parametrize("office", [Office.CLERK, Office.LIAISON, Office.AUDITOR, Office.STATION])
def test_only_a_chair_an_approver_or_the_privacy_lead_may(office: Office) -> None:
    act = replace(ACT, office=office)

    with pytest.raises(NotYourOffice):
        authorise(settled(), act, Offices(), line=[ROOT])


def test_what_was_found_out_is_written_down() -> None:
    with pytest.raises(FindingTooShort):
        settled(finding=" 已核实  无误 ")


def test_a_new_epoch_is_the_cause_only_where_its_declaration_was_read() -> None:
    with pytest.raises(EpochNotRead):
        settled(cause=Explanation.EPOCH_BEGUN)

    assert settled(cause=Explanation.EPOCH_BEGUN, epoch=True).cause is Explanation.EPOCH_BEGUN


def test_nothing_is_settled_before_it_was_shown() -> None:
    with pytest.raises(SettledBeforeItStood):
        settled(alarm=ALARM._replace(first=date(2026, 3, 3)))


def test_a_settlement_is_annulled_and_then_the_alarm_stands_again() -> None:
    fact = Fact(settled(), DAY, "here", 7, officer=CHAIR, union=ROOT)
    gone = annul(ACT, fact, [fact], origin="here", line=[ROOT], why=Why.NOT_SO, reason="查错了")

    told = Alarms.of([fact, Fact(gone, DAY, "here", 8, corrects=7)])

    assert told.stands(ALARM)


def test_a_settlement_is_never_corrected_for_it_was_judged_by_what_stood_then() -> None:
    fact = Fact(settled(), DAY, "here", 7, officer=CHAIR, union=ROOT)
    other = replace(settled(), times=10**9)

    with pytest.raises(AnotherThing):
        correct(
            ACT, fact, other, [fact], origin="here", line=[ROOT], why=Why.MISTYPED, reason="次数"
        )
