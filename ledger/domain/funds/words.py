"""Words of funds (资金用语): closed lists."""

from enum import StrEnum


class Source(StrEnum):
    """Where the money of a fund comes from (资金来源, A2)."""

    CENTRAL = "central"  # 中央财政专项
    PROVINCIAL = "provincial"  # 省级、地方配套
    OWN = "own"  # 工会自有经费
    DONATION = "donation"  # 社会捐赠
    INTEREST = "interest"  # 利息
    OTHER = "other"  # 其他


class BackCause(StrEnum):
    """Why money that was paid came back (退回原因)."""

    RETURNED_BY_BANK = "returned_by_bank"  # 退汇：仍为该笔帮扶留用，待重新发放
    TAKEN_BACK = "taken_back"  # 追回：回到可用余额


class ShareOutcome(StrEnum):
    """What became of an offer of money (划转结果)."""

    RELEASED = "released"  # 已划出
    RETURNED = "returned"  # 对方不接收，退回
    LAPSED = "lapsed"  # 逾期失效
    WITHDRAWN = "withdrawn"  # 撤回


class ShareAnswer(StrEnum):
    """What the receiving share answered (答复)."""

    ACCEPTED = "accepted"  # 接收
    DECLINED = "declined"  # 不予接收
