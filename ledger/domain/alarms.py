"""Alarms of proof settled (警示处置): what an officer found out about one, and that it is dealt with.

Another log has contradicted itself, or its proof failed and nothing came after that could mend it.
Somebody with the right office says what it was, in a word of a closed list and a sentence. The
evidence stays as it came; nothing is believed, signed or read because of it; and what is shown once
more after it was settled stands again.
"""

from datetime import date
from enum import StrEnum
from typing import NamedTuple

from ledger.domain.ids import UnionId
from ledger.domain.kernel import (
    Act,
    Aggregate,
    Code,
    Event,
    Fact,
    Office,
    PublicText,
    Refused,
    Scope,
)

SETTLERS = (Office.CHAIR, Office.PRIVACY, Office.APPROVER)
"""Who may settle an alarm: the same as may declare what a journal has lost."""

SHORTEST = 10
"""The characters of the shortest account of what was found out."""


class Explanation(StrEnum):
    """What an alarm turned out to be (查明原因)."""

    EPOCH_BEGUN = "epoch_begun"  # 对方由备份恢复，已声明丢失并起新一期
    PARTNER_RESTORED = "partner_restored"  # 对方由备份恢复，已取回全部登记
    OWN_RESTORED = "own_restored"  # 本省节点由备份恢复
    KEY_MISUSED = "key_misused"  # 签名密钥被他人使用
    RECORD_CHANGED = "record_changed"  # 对方的登记被改动
    CHANGED_ON_THE_WAY = "changed_on_the_way"  # 传送途中被改动
    FAULT = "fault"  # 程序或设备差错
    TEST = "test"  # 测试或误放的文件
    PARTNER_GONE = "partner_gone"  # 对方节点已停用，不再往来
    OTHER = "other"  # 其他


class Alarm(NamedTuple):
    """One alarm as it stands: against which log, under which digest, how often it was shown."""

    log: str
    kind: str
    digest: str
    times: int
    first: date


# ── rules ────────────────────────────────────────────────────────────────────────────────────


class NoSuchAlarm(
    Refused,
    zh="没有这一警示：没有以此校验值保存的证据，也没有这一项未过的故障。",
    article="design: alarms of proof",
    instead="核对校验值；证据见“系统”页或 `liangdi partner evidence`，故障已过的不须处置。",
):
    """Only what is kept as evidence, or is still wrong, is settled."""


class AlarmSettledAlready(
    Refused,
    zh="这一警示已经处置，此后没有再出现。",
    article="design: alarms of proof",
    instead="查看已登记的处置；有误的，作废原处置后另行登记。",
):
    """An alarm is settled once, until the same is shown again."""


class AlarmOfTheLedger(
    Refused,
    zh="警示由本总账所属的省级工会处置。",
    article="rules (d); design: alarms of proof",
    instead="请省级工会的主席、审批或个人信息保护负责人以省级工会的名义办理。",
):
    """An alarm is settled for the federation whose ledger it is, and for no union below."""


class FindingTooShort(
    Refused,
    zh="处置警示须写明查明的情况，不少于10个字。",
    article="rules (e) evidence quality",
    instead="写清向谁核实、查明了什么；不写个人姓名。",
):
    """Who settles an alarm writes down what was found out, in ten characters at least."""


class EpochNotRead(
    Refused,
    zh="本省没有读到对方起新一期的声明，或声明与本省见证过的不符。",
    article="design: epochs",
    instead="等对方的声明读入并核对相符，或按实际查明的原因选择。",
):
    """An alarm is put down to a new epoch only where the declaration of it was read and believed."""


class SettledBeforeItStood(
    Refused,
    zh="处置日期早于警示出现之日。",
    article="design: two times",
    instead="填写实际处置的日期。",
):
    """An alarm is settled on the day on which it was shown, or later."""


# ── the event ────────────────────────────────────────────────────────────────────────────────


class AlarmSettled(Event, by=SETTLERS, scope=Scope.NEVER):
    """警示处置: what the alarm under this digest was; shown more than `times`, it stands again."""

    union: UnionId
    log: Code
    kind: Code
    alarm: Code
    times: int
    cause: Explanation
    finding: PublicText
    letter: Code | None = None  # 对方来函文号


class Alarms(Aggregate):
    """What was settled in one journal, in the stream of its root union; the newest word counts."""

    def __init__(self) -> None:
        self.settled: dict[tuple[str, str], AlarmSettled] = {}

    def stands(self, alarm: Alarm) -> bool:
        """Whether nobody has settled it, or it was shown again since."""
        settled = self.settled.get((alarm.log, alarm.digest))
        return settled is None or settled.times < alarm.times

    def settle(
        self, act: Act, root: UnionId, alarm: Alarm | None, cause: Explanation, finding: str, *,
        letter: Code | None = None, epoch: bool = False,
    ) -> AlarmSettled:  # fmt: skip
        """Says what an alarm was. `root`: whose ledger this is; `alarm`: None where there is none;
        `epoch`: whether a new epoch of its log was read and is believed.

        Raises: AlarmOfTheLedger, NoSuchAlarm, AlarmSettledAlready, SettledBeforeItStood,
        FindingTooShort, EpochNotRead.
        """
        if act.union != root:
            raise AlarmOfTheLedger(union=act.union, ledger=root)
        if alarm is None:
            raise NoSuchAlarm()
        if not self.stands(alarm):
            raise AlarmSettledAlready(digest=alarm.digest)
        if act.on < alarm.first:
            raise SettledBeforeItStood(on=act.on.isoformat(), first=alarm.first.isoformat())
        said = " ".join(finding.split())
        if len(said) < SHORTEST:
            raise FindingTooShort(characters=len(said), least=SHORTEST)
        if cause is Explanation.EPOCH_BEGUN and not epoch:
            raise EpochNotRead(log=alarm.log)
        return AlarmSettled(
            root, Code(alarm.log), Code(alarm.kind), Code(alarm.digest), alarm.times, cause, said,
            letter,
        )  # fmt: skip

    def after(self, fact: Fact) -> None:
        match fact.event:
            case AlarmSettled() as e:
                self.settled[e.log, e.alarm] = e
            case _:
                pass
