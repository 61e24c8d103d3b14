"""What an audit of disbursements finds (发放疑点): each situation a class, with its sentence.

A rule (`Refused`) bars what an office is about to do. What the world brought about all the same,
by paper, by a partner, by a correction, by time alone, is a finding: it cites its records, opens
a question, and is closed by that question's ruling or by what puts it right.
"""

from enum import StrEnum
from typing import ClassVar


class Finding:
    """Something that the records show and somebody answers for.

    The class is the finding: its docstring the sentence, `zh` the Chinese one, `article` where it
    comes from, `put_right` (Chinese) what makes it disappear. `breaks` are the rules whose names a
    fact carries where it was decided against them.
    """

    zh: ClassVar[str] = ""
    article: ClassVar[str] = ""
    put_right: ClassVar[str] = ""
    breaks: ClassVar[tuple[str, ...]] = ()
    kinds: ClassVar[dict[str, type["Finding"]]] = {}

    def __init_subclass__(
        cls, *, zh: str, article: str, put_right: str, breaks: tuple[str, ...] = ()
    ) -> None:
        if cls.__name__ in Finding.kinds:
            raise TypeError(f"two findings are called {cls.__name__}")
        cls.zh, cls.article, cls.put_right, cls.breaks = zh, article, put_right, breaks
        Finding.kinds[cls.__name__] = cls

    @classmethod
    def sentence(cls) -> str:
        """The finding in one English sentence."""
        return " ".join((cls.__doc__ or "").split("\n\n")[0].split())


# ── decided wrongly ──────────────────────────────────────────────────────────────────────────


class PaidAboveCap(
    Finding,
    zh="金额超过当日办法规定的上限。",
    article="A4, A5, A6",
    put_right="追回超出部分，或更正金额。",
    breaks=("AboveTheCap",),
):
    """More was granted than the caps of that day allow."""


class NoticeCutShort(
    Finding,
    zh="未公示或公示期未满即审批、发放。",
    article="H6; rules (d) 3",
    put_right="公示日期有误的，更正；其余由裁定了结。",
    breaks=("NoticeStands",),
):
    """Aid was approved or paid without its public notice, or before that had ended."""


class DutiesMerged(
    Finding,
    zh="同一人在一笔救助中担任两种以上职责，或办理本人、近亲属的救助。",
    article="rules (d) 1, 2, 5, 11",
    put_right="登记有误的，更正办理人；其余由裁定了结。",
    breaks=("OneDutyEach", "OwnOrKin"),
):
    """One person had two duties in one grant, or handled her own or her kin's."""


class PaidOverObjection(
    Finding,
    zh="异议未答复或异议成立，仍然发放。",
    article="rules (d) 3; A17",
    put_right="异议不成立的，由裁定了结；成立的，追回。",
    breaks=("ObjectionStopsPayment",),
):
    """Money went out while an objection was open or upheld."""


class PaidUnapproved(
    Finding,
    zh="未经审批，或审批之前即已发放。",
    article="rules (d) 4",
    put_right="补录审批；确未审批的，追回。",
):
    """Money went out that nobody had approved by then."""


class DecidedAgainstRules(
    Finding,
    zh="纸面决定未遵守所列规则。",
    article="rules (d); design: findings",
    put_right="决定登记有误的，更正；其余由裁定了结。",
):
    """What was decided on paper did not keep a rule that it names."""


class EmergencyUnreviewed(
    Finding,
    zh="紧急救助逾期未补审。",
    article="rules (d) 10",
    put_right="补审。",
):
    """An emergency that one person approved was not reviewed in time."""


# ── paid to whom, for what ───────────────────────────────────────────────────────────────────


class AidedTwice(
    Finding,
    zh="同一需要在一省或两省重复发放。",
    article="A8; rules (e) audits",
    put_right="追回其中一笔；确非同一需要的，由审核人写明理由解除。",
):
    """One need was paid for more than once, by either province, under whichever id."""


class PaidToAnother(
    Finding,
    zh="付给本人以外的人或由他人代领，而无书面依据。",
    article="rules (d) 4; A11",
    put_right="补录书面依据。",
    breaks=("PayeeWithoutPaper",),
):
    """Somebody else than the applicant was paid, or collected it, and there is no paper."""


class OneAccountForSeveral(
    Finding,
    zh="几名申请人使用同一收款账户。",
    article="rules (e) audits",
    put_right="账号登记有误的，更正；其余由裁定了结。",
):
    """Several applicants were paid to one account."""


class PaidAfterDeath(
    Finding,
    zh="申请人或受助人死亡之后发放。",
    article="rules (e) audits",
    put_right="退回或追回；死亡日期有误的，更正。",
):
    """Money went out after the applicant or the beneficiary had died."""


class PaidAfterExit(
    Finding,
    zh="会籍终止之后发放。",
    article="rules (e) audits; H3",
    put_right="会籍登记有误的，更正；不符合条件的，追回。",
):
    """Money went out when the applicant had ceased to be a member."""


class PaidWithoutFile(
    Finding,
    zh="办法要求建档而发放时没有有效的困难档案。",
    article="A1; rules (e) audits",
    put_right="补录建档、复核；不符合条件的，追回。",
    breaks=("FileFirst",),
):
    """The scheme asks for a hardship file, and none was open when it was paid."""


# ── money and papers that do not add up ──────────────────────────────────────────────────────


class ReceiptMissing(
    Finding,
    zh="发放后逾期没有签收。",
    article="A11; rules (e) audits",
    put_right="补登签收，或登记退回。",
):
    """What was paid has not been signed for within the days of its scheme."""


class GoodsUnsigned(
    Finding,
    zh="实物发出后逾期没有签收。",
    article="A11; rules (e) audits",
    put_right="补登签收，或登记退回。",
):
    """Goods that were issued have not been signed for within the days of their scheme."""


class ReturnNotReissued(
    Finding,
    zh="付款失败或退汇后逾期没有重发。",
    article="A12; rules (e) audits",
    put_right="重新发放，或办结退回资金。",
):
    """What failed or came back has not been sent again within the days of its scheme."""


class TotalDiffers(
    Finding,
    zh="合计与逐人明细之和不符。",
    article="rules (e) audits",
    put_right="更正有误的一方。",
):
    """A total is not the sum of its lines."""


class FundOverspent(
    Finding,
    zh="资金支出超过来源。",
    article="rules (e) audits",
    put_right="拨入资金以弥补缺口。",
):
    """More was paid or promised from a fund than it ever had."""


class EnteredLate(
    Finding,
    zh="事后补录。",
    article="rules (e) evidence",
    put_right="由裁定了结。",
):
    """Facts were entered long after they took effect."""


class EligibleNotAided(
    Finding,
    zh="应助未助：档案有效、类别在救助范围内，本年度没有得到救助。",
    article="rules (e) audits; YA07",
    put_right="救助，或复核、结束档案。",
):
    """A valid hardship file of a category that is helped has had no aid this year."""


# ── paid amounts, derived again ──────────────────────────────────────────────────────────────


class Mismatch(StrEnum):
    """Why a paid amount is not what is derived (不符原因)."""

    NOT_APPROVED = "not_approved"  # 当时没有有效的审批
    AGAINST_RULES = "against_rules"  # 审批当时不合办法
    ABOVE_CAP = "above_cap"  # 超过当时的上限
    BEYOND_APPROVAL = "beyond_approval"  # 超过审批余额
    NOT_AS_INSTRUCTED = "not_as_instructed"  # 与送付金额不一致
    DRAWN_OTHERWISE = "drawn_otherwise"  # 与资金列支不一致
    NO_RULES = "no_rules"  # 当时没有适用的办法
    CORRECTED_SINCE = "corrected_since"  # 其后更正过
