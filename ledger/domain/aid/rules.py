"""The rules of aid (救助规则): why something is refused, and what to do instead."""

from ledger.domain.kernel import Refused


class OneDutyEach(
    Refused,
    zh="同一笔救助，经办、审核、审批、支付、核实签收须由不同的人负责；代行时，被代行人同样回避。",
    article="rules (d) 1, 5, 11",
    instead="请由未参与此笔的人办理。",
):
    """Handler, reviewer, approver, payer and witness of one grant are different persons."""


class OwnOrKin(
    Refused,
    zh="本人或近亲属的救助，须回避。",
    article="rules (d) 2",
    instead="请由与申请人无亲属关系的人办理。",
):
    """Nobody handles aid for herself or her kin."""


class NotYourGrant(
    Refused,
    zh="这笔救助由受理工会及其上级工会办理。",
    article="rules (d) 7; F1",
    instead="请由受理工会或其上级工会办理；属对方省的，可提出疑点或意见。",
):
    """A grant is handled by the union that took it in, or by one above it, in its own journal."""


class WrongFund(
    Refused,
    zh="这笔资金不能用于此项救助。",
    article="A2, A15",
    instead="改用办法列明的资金，或受理工会及其上级工会所管的资金。",
):
    """Aid is paid from a fund that its scheme names, or from one kept in the union's own line."""


class NothingAsked(
    Refused,
    zh="金额须大于零。",
    article="design: whole fen",
    instead="填写大于零的金额。",
):
    """Aid is for more than nothing."""


class NothingAmended(
    Refused,
    zh="修改前后的金额和事由相同，没有修改。",
    article="A17",
    instead="写明修改后的金额或事由；不需修改的，不必登记。",
):
    """An amendment changes what is asked for."""


class FileFirst(
    Refused,
    zh="此类救助须先建立困难档案，且档案有效、类别相符。",
    article="A1",
    instead="先建档（或复核档案），再申请。",
):
    """Where the scheme asks for a hardship file, there is a valid one of a category it helps."""


class NotOnRecord(
    Refused,
    zh="申请人和受助人须先登记，方可救助；不是会员的也可以救助，但须登记在册。",
    article="A1, A11",
    instead="先登记本人（证件、姓名），再申请救助；对方省登记的，先请对方共享。",
):
    """Who is aided need not be a member, and is a person on record."""


class MembersOnly(
    Refused,
    zh="此类救助只面向会员。",
    article="H3; A9",
    instead="先办理入会或会籍接转。",
):
    """Where the scheme says so, only a member is aided."""


class NoEmergencyHere(
    Refused,
    zh="此类救助不适用紧急办理。",
    article="rules (d) 10",
    instead="按普通程序办理。",
):
    """Aid is hurried only where its scheme allows that, and with a reason."""


class GrantOver(
    Refused,
    zh="这笔救助已经结束。",
    article="A17",
    instead="查看办理结果；需要的，另行申请。",
):
    """What has ended is not handled further."""


class AlreadyApproved(
    Refused,
    zh="这笔救助已审批。",
    article="A17",
    instead="查看审批结果。",
):
    """A grant is approved once; it is approved again only after a change."""


class PeriodTooShort(
    Refused,
    zh="公示期少于办法规定的日数。",
    article="H6; A17",
    instead="延长公示截止日期。",
):
    """A public notice runs at least as long as the scheme says."""


class NoBasisToPublish(
    Refused,
    zh="公示个人信息须有单独同意或其他法律依据。",
    article="L2 art. 25; P7",
    instead="取得单独同意，或登记法律依据。",
):
    """Nothing of a person is made public without a legal basis, or on a consent that was withdrawn."""


class NothingPosted(
    Refused,
    zh="没有以单独同意为依据、尚未期满的这一公示。",
    article="L2 art. 15, 25; P7, P10",
    instead="核对公示编号和依据；依据有误的，更正。",
):
    """Only a notice that rests on consent and has not ended is taken down for its withdrawal."""


class NoSuchObjection(
    Refused,
    zh="没有这一待答复的异议。",
    article="A17",
    instead="核对异议序号。",
):
    """Only an open objection is answered."""


class AnswererHandledIt(
    Refused,
    zh="异议须由经办人以外的人答复。",
    article="rules (d) 3",
    instead="请由审核人或其他人员核实答复。",
):
    """An objection is answered by someone other than the handler."""


class OpinionMissing(
    Refused,
    zh="不予救助须写明意见。",
    article="A17",
    instead="填写意见。",
):
    """Aid is declined with an opinion."""


class StepMissing(
    Refused,
    zh="办法要求的步骤尚未完成。",
    article="A10, A17",
    instead="先完成所列步骤。",
):
    """No grant is approved before the steps that its scheme asks for."""


class NoticeStands(
    Refused,
    zh="公示期未满，不得审批。",
    article="rules (d) 3; H6",
    instead="公示期满且无未答复异议后再审批。",
):
    """No grant is approved before its public notice has ended."""


class ObjectionOpen(
    Refused,
    zh="尚有异议未答复或异议成立。",
    article="rules (d) 3",
    instead="先核实答复异议；成立的，修改或不予救助。",
):
    """No grant is approved while an objection is open or upheld."""


class ObjectionStopsPayment(
    Refused,
    zh="尚有异议未答复或异议成立，暂停支付。",
    article="rules (d) 3; A17",
    instead="先核实答复异议；成立的，修改申请后重新审批，或不予救助。",
):
    """Nothing is paid while an objection is open or upheld, even after the approval."""


class ContentChanged(
    Refused,
    zh="审批的内容与现在的内容不一致。",
    article="A17",
    instead="重新查看申请内容后再审批。",
):
    """An approval is of the content that the approver saw."""


class AboveTheCap(
    Refused,
    zh="超过办法规定的上限。",
    article="A4, A5, A6",
    instead="降低金额，或按办法另行报批。",
):
    """No grant goes above the cap of its scheme."""


class HigherApprover(
    Refused,
    zh="超过本级审批权限，须由上级审批。",
    article="rules (d) 6; A6",
    instead="报所列工会审批。",
):
    """An amount above a level is approved by the union that the scheme names, or above it."""


class MinutesMissing(
    Refused,
    zh="此金额须集体研究决定，并有会议纪要。",
    article="A14",
    instead="填写会议纪要文号。",
):
    """A major grant is decided collectively, and its minutes are cited."""


class HeldAsDouble(
    Refused,
    zh="疑似同一需要重复救助，暂停办理。",
    article="A8",
    instead="核实另一笔；确非重复的，由审核人写明理由解除。",
):
    """A grant that may be a second one for one need waits until a person has decided."""


class NotHeld(
    Refused,
    zh="这笔救助没有被暂停。",
    article="A8",
):
    """Only what is held is let go on."""


class NotApproved(
    Refused,
    zh="尚未审批，或审批后内容已变更，审批作废。",
    article="rules (d) 4",
    instead="按现在的内容重新审批。",
):
    """Nothing is paid that is not approved as it stands."""


class BeyondTheGrant(
    Refused,
    zh="支付金额超过审批金额。",
    article="rules (d) 4",
    instead="核对已付与在途金额。",
):
    """Payments never add up to more than was approved."""


class ModeBarred(
    Refused,
    zh="办法不允许用这种方式发放。",
    article="A14",
    instead="改用办法允许的方式。",
):
    """Aid is paid only in the ways that its scheme allows."""


class NoPayee(
    Refused,
    zh="尚未登记收款人。",
    article="rules (d) 4",
    instead="先登记收款人；他人代收的，附书面委托。",
):
    """A transfer needs a payee."""


class PayeeWithoutPaper(
    Refused,
    zh="付给本人以外的人或单位，须有书面依据。",
    article="rules (d) 4",
    instead="填写委托书、监护证明或缴费通知的文号。",
):
    """Who receives for the applicant has it in writing."""


class GoodsUnlisted(
    Refused,
    zh="实物发放须写明品名、数量、价值和发票，价值与金额一致。",
    article="A11",
    instead="补全实物明细。",
):
    """Aid in kind says what was given, how much of it, and what it cost."""


class NoSuchPayment(
    Refused,
    zh="没有处于这一状态的付款。",
    article="A17",
    instead="核对付款序号和状态。",
):
    """A payment is confirmed, failed, returned or signed for only as its state allows."""


class NothingToTakeBack(
    Refused,
    zh="追回金额超过已付而未退回的金额。",
    article="A13",
    instead="核对已付金额。",
):
    """No more is taken back than was paid."""


class MoneyOutstanding(
    Refused,
    zh="尚有款项在途、未签收或未追回，不能办结。",
    article="A17",
    instead="先处理所列付款。",
):
    """A grant is closed when nothing of its money is open."""


class NoReviewDue(
    Refused,
    zh="这笔救助没有待补的审查。",
    article="rules (d) 10",
):
    """Only an emergency is reviewed afterwards, once."""


class ListClosed(
    Refused,
    zh="名单已送审或已审批，不再增减。",
    article="A17",
    instead="退回修改后重新送审，或另立名单。",
):
    """A list that was approved takes nobody in and strikes nobody off."""


class ListDecides(
    Refused,
    zh="名单上的救助随名单审核、审批、发放和签收，不单独办理。",
    article="A11, A14",
    instead="在名单上办理；须单独办理的，先从名单中剔除，再另行申请。",
):
    """What stands on a list is reviewed, approved, paid and signed for by the list."""


class ListEmpty(
    Refused,
    zh="名单上没有人。",
    article="A14",
    instead="先列入受助人。",
):
    """A list is of somebody."""


class NotOnTheList(
    Refused,
    zh="此人不在名单上。",
    article="A11",
    instead="核对名单。",
):
    """Only who stands on a list is given aid by it."""
