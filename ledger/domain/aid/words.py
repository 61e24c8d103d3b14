"""The closed lists and small shapes of aid (救助用词)."""

from dataclasses import dataclass
from enum import StrEnum

from ledger.domain.ids import PersonId
from ledger.domain.kernel import Code, Fen, PublicText


class Duty(StrEnum):
    """The duties of one grant (职责): each falls to another person (rules (d) 1)."""

    HANDLER = "handler"  # 经办
    REVIEWER = "reviewer"  # 审核
    APPROVER = "approver"  # 审批
    PAYER = "payer"  # 支付
    WITNESS = "witness"  # 核实签收


class Stage(StrEnum):
    """Where a grant stands (环节)."""

    APPLIED = "applied"  # 已申请，审核公示中
    ON_NOTICE = "on_notice"  # 公示中
    OBJECTED = "objected"  # 有异议待答复
    HELD = "held"  # 疑似重复，暂停
    APPROVED = "approved"  # 已审批
    INSTRUCTED = "instructed"  # 已送付
    FAILED = "failed"  # 付款失败或退汇，待重发
    PAID = "paid"  # 已支付，待签收
    RECEIVED = "received"  # 已签收
    TAKING_BACK = "taking_back"  # 追回中
    CLOSED = "closed"  # 已办结
    DECLINED = "declined"  # 不予救助
    WITHDRAWN = "withdrawn"  # 申请人撤回


OVER = frozenset({Stage.CLOSED, Stage.DECLINED, Stage.WITHDRAWN})
"""Nothing more is due."""


class Means(StrEnum):
    """What the means check says (核对结论)."""

    WITHIN = "within"  # 符合
    ABOVE = "above"  # 超出标准
    UNCLEAR = "unclear"  # 无法核对


class PayeeKind(StrEnum):
    """To whom the money goes (收款对象)."""

    APPLICANT = "applicant"  # 本人
    GUARDIAN = "guardian"  # 监护人
    AGENT = "agent"  # 受托人（须有书面委托）
    SCHOOL = "school"  # 学校
    HOSPITAL = "hospital"  # 医院
    CARRIER = "carrier"  # 承运人


INSTITUTIONS = frozenset({PayeeKind.SCHOOL, PayeeKind.HOSPITAL, PayeeKind.CARRIER})


class Failure(StrEnum):
    """Why a payment did not arrive (失败、退汇原因; A12)."""

    NAME_MISMATCH = "name_mismatch"  # 户名不符
    NO_SUCH_ACCOUNT = "no_such_account"  # 账号不存在
    ACCOUNT_CLOSED = "account_closed"  # 已销户
    ACCOUNT_FROZEN = "account_frozen"  # 账户异常、冻结
    NOT_COLLECTED = "not_collected"  # 无人领取
    BANK_ERROR = "bank_error"  # 银行处理失败
    OTHER = "other"  # 其他


class Signed(StrEnum):
    """How it is known that it was received (签收方式; rules (d) 5, A11, YE01)."""

    SELF = "self"  # 本人签收
    GUARDIAN = "guardian"  # 监护人签收
    REPRESENTATIVE = "representative"  # 代领，本人事后确认
    OFFICER = "officer"  # 独立人员凭证据核实


class TakenBackFor(StrEnum):
    """Why money is taken back (追回原因; A13)."""

    FALSE_CLAIM = "false_claim"  # 虚报冒领
    TWICE = "twice"  # 重复发放
    WRONG_AMOUNT = "wrong_amount"  # 金额有误
    NOT_ELIGIBLE = "not_eligible"  # 不符合条件
    OTHER = "other"  # 其他


class Lifted(StrEnum):
    """Why a held grant goes on (解除暂停的理由; A8)."""

    ANOTHER_NEED = "another_need"  # 不是同一需要
    OTHER_DECLINED = "other_declined"  # 另一笔未获批准或已撤回
    OTHER_TAKEN_BACK = "other_taken_back"  # 另一笔已追回
    NOT_THE_SAME = "not_the_same"  # 不是同一人


class Outcome(StrEnum):
    """How a grant ended (办结结果)."""

    RECEIVED = "received"  # 已领取
    TAKEN_BACK = "taken_back"  # 已追回
    NOT_COLLECTED = "not_collected"  # 无法送达，资金退回


@dataclass(frozen=True)
class Goods:
    """Aid in kind (实物): `value` in fen is of all of them together."""

    item: PublicText
    quantity: int
    unit: Code
    value: Fen
    invoice: Code


@dataclass(frozen=True)
class Payee:
    """To whom a grant is paid, as last named; the account itself is sealed."""

    number: int
    kind: PayeeKind
    person: PersonId | None
    paper: Code | None
