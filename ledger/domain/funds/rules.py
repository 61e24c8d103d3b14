"""Rules of funds (资金规则): why money is not promised, moved or paid."""

from ledger.domain.kernel import Refused


class FundExhausted(
    Refused,
    zh="资金可用余额不足。",
    article="rules (d) 4; design: never below zero",
    instead="减少金额，或先申请拨付。",
):
    """A fund promises and gives no more than it has free."""


class FundNotOpen(
    Refused,
    zh="该资金未设立或已关闭。",
    article="A15",
    instead="选择在用的资金；已关闭的资金如有退回款项，拨付到在用的资金。",
):
    """Only an open fund takes in money and promises any."""


class NotTheKeeper(
    Refused,
    zh="资金由管账工会或其上级办理。",
    article="A15; design: one keeper",
    instead="请管账工会办理。",
):
    """A fund is opened, fed, allotted and closed by its keeper or a union above it."""


class FundUnnamed(
    Refused,
    zh="资金须有名称；联合资金的份额须写明出资方。",
    article="A2, YH03",
    instead="填写资金名称，以及由谁出资。",
):
    """A fund has a name, and a share of a joint fund says who contributes it."""


class SourceKept(
    Refused,
    zh="中央财政专项资金专款专用，只能拨入同一来源的资金。",
    article="A2, A3, A15",
    instead="在接收方另设中央财政专项资金，再行拨付。",
):
    """Central money stays central money: it goes into funds of that source, and no other does."""


class SameFund(
    Refused,
    zh="不能拨付给资金自身。",
    article="design: one keeper",
):
    """Money moves from one fund to another."""


class AllottedAside(
    Refused,
    zh="资金只在上下级工会之间，或同一联合资金的份额之间拨付。",
    article="A15; design: down the tree",
    instead="由共同的上级拨付。",
):
    """Money is allotted down the tree, back up it, or between shares of one joint fund."""


class NotOfOneFund(
    Refused,
    zh="跨省只能在同一联合资金的份额之间划转。",
    article="YH03; design: one keeper",
    instead="选择同一协议、同一联合资金的份额。",
):
    """Between two provinces money moves only between shares of one joint fund."""


class UnfundedFirst(
    Refused,
    zh="有尚无资金来源的已付款项，须先补足。",
    article="design: funds",
    instead="先用到账资金补足，再安排新的支出。",
):
    """Nothing new is promised while a past payment is unfunded."""


class NothingUnfunded(
    Refused,
    zh="补足金额超过尚无资金来源的已付款项。",
    article="design: funds",
    instead="核对无资金来源的金额。",
):
    """No more is covered than stands unfunded."""


class NotReserved(
    Refused,
    zh="支付、释放的金额不得超过该笔帮扶已留用的金额。",
    article="rules (d) 4",
    instead="先办理审批留用，或减少金额。",
):
    """What is drawn or released was reserved for that grant before."""


class NotDrawn(
    Refused,
    zh="退回金额超过该笔支付尚未退回的金额。",
    article="A12, A13",
    instead="核对支付序号和金额。",
):
    """No more comes back from a payment than went out by it."""


class PaymentDrawn(
    Refused,
    zh="该笔支付已经列支。",
    article="A12",
    instead="重新发放的，使用新的支付序号。",
):
    """Each payment of a grant is drawn once."""


class FundNotEmpty(
    Refused,
    zh="关闭前，资金须无余额、无留用、无在途划转、无待补足款项。",
    article="A15",
    instead="拨付余额、释放留用、了结划转后再关闭。",
):
    """A fund is closed when nothing is left in it or hangs on it."""


class NoSuchShareOffer(
    Refused,
    zh="没有这笔划转，或已有结果。",
    article="design: one keeper",
    instead="核对划转编号和状态。",
):
    """Only an offer of money that is open is answered or withdrawn."""


class ShareAnswerKnown(
    Refused,
    zh="对方已接收，划转不能撤回。",
    article="design: one keeper",
    instead="由对方另行划回。",
):
    """What was accepted is not withdrawn."""


class ShareDeadlinePassed(
    Refused,
    zh="已过答复期限。",
    article="design: one keeper",
    instead="请对方重新发起划转。",
):
    """An offer of money is accepted until its deadline, which lies after the day of the offer."""


class ShareGroundMissing(
    Refused,
    zh="不予接收须写明理由。",
    article="design: one keeper",
    instead="写明不予接收的理由。",
):
    """Whoever declines money says why."""
