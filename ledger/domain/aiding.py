"""The words of aid (帮扶用词): kinds, steps, modes, caps and levels, as schemes and grants share them.

Amounts are whole fen and stand in the schemes that offices adopt, never in code.
"""

from dataclasses import dataclass
from enum import StrEnum

from ledger.domain.ids import FundId, UnionId
from ledger.domain.kernel import Code, Fen


class AidKind(StrEnum):
    """What the aid is for (帮扶项目; A3, A5)."""

    LIVING = "living"  # 生活救助
    MEDICAL = "medical"  # 医疗（大病）救助
    STUDY = "study"  # 助学
    JOB = "job"  # 助岗
    TRAINING = "training"  # 职业培训
    LEGAL = "legal"  # 法律援助
    TEMPORARY = "temporary"  # 临时救助
    RELIEF = "relief"  # 灾害救助
    SENDING_WARMTH = "sending_warmth"  # 送温暖
    SENDING_COOLNESS = "sending_coolness"  # 送清凉
    SAFE_RETURN = "safe_return"  # 平安返乡
    WOMEN = "women"  # 女职工关爱


class Step(StrEnum):
    """What is done about an application beside approving and paying it (程序; A10, A17)."""

    FILE = "file"  # 建档
    REVIEW = "review"  # 审核
    VISIT = "visit"  # 入户
    MEANS_CHECK = "means_check"  # 家庭经济状况核对
    NOTICE = "notice"  # 公示
    MINUTES = "minutes"  # 集体研究


class PayMode(StrEnum):
    """How aid is handed over (发放方式; A11, A14)."""

    BANK = "bank"  # 银行卡
    CASH = "cash"  # 现金签领
    GOODS = "goods"  # 实物
    CARD = "card"  # 购物卡
    INSTITUTION = "institution"  # 付学校、医院、承运人


class CapPer(StrEnum):
    """For what a cap is counted together (限额口径; A4, A5). A year is a calendar year."""

    APPLICATION = "application"  # 每次申请
    PERSON_YEAR = "person_year"  # 每人每年
    CHILD_YEAR = "child_year"  # 每名子女每年
    HOUSEHOLD_YEAR = "household_year"  # 每户每年


class Days(StrEnum):
    """How days are counted (计日)."""

    WORKING = "working"  # 工作日
    CALENDAR = "calendar"  # 自然日


@dataclass(frozen=True, kw_only=True)
class Cap:
    """The most that is paid (限额), in fen; for one category of hardship file, or for all."""

    per: CapPer
    most: Fen
    category: Code | None = None


@dataclass(frozen=True, kw_only=True)
class Level:
    """Amounts above this, in fen, are approved by this union or one above it (审批权限; A6)."""

    above: Fen
    approver: UnionId


@dataclass(frozen=True, kw_only=True)
class KindRules:
    """The rules of one kind of aid (一类帮扶的规定). What is not named here is not asked for.

    `MINUTES` among the steps: for every amount; `minutes_above` without it: above that amount.
    """

    kind: AidKind
    steps: tuple[Step, ...]  # 审批前的程序
    later: tuple[Step, ...] = ()  # 可在发放后补办的程序
    caps: tuple[Cap, ...] = ()
    levels: tuple[Level, ...] = ()  # 由低到高；低于第一级的由本工会审批
    minutes_above: Fen | None = None  # 超过此数须集体研究
    notice_days: int = 0
    notice_in: Days = Days.WORKING
    modes: tuple[PayMode, ...]
    funds: tuple[FundId, ...] = ()  # 空：发放工会的任何资金
    categories: tuple[Code, ...] = ()  # 限哪些困难档案类别；空：不限
    members_only: bool = False
    once_per_need: bool = True  # 同一事由不重复救助 (A8)
    emergency: bool = False  # 紧急时可由一人审批
    review_days: int = 0  # 紧急审批后几日内复核
    receipt_days: int = 30  # 发放后几日内签收
