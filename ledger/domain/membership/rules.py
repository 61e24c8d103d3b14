"""The rules of membership (会籍规则), each a sentence that a refusal cites."""

from ledger.domain.kernel import Refused

# ── 会籍归属 ──────────────────────────────────────────────────────────────────────────────────────


class AlreadyAMember(
    Refused,
    zh="此人已是会员；一次入会，以后只接转，不重复入会。",
    article="S1 art. 3; E8",
    instead="在原会籍上办理接转；发现两份会籍的，办理“重复会籍归并”。",
):
    """One enrolment, then only transfers: a person holds one membership."""


class NotAMember(
    Refused,
    zh="此人目前没有会籍。",
    article="L1 art. 3",
    instead="未入会的，办理入会申请；已退会的，重新申请。",
):
    """Only a membership that stands can be moved, retained, entrusted or ended."""


class NotTheHolder(
    Refused,
    zh="会籍不在本工会，须由会籍所在工会办理。",
    article="S1 art. 3; T1; design: custody",
    instead="请会籍所在工会办理，或向其商请接转。",
):
    """Only the union that holds a membership decides about it."""


class OfferOpen(
    Refused,
    zh="会籍正在接转中，待答复前不得再次转出、退会或开除。",
    article="design: custody",
    instead="等待对方答复，或先撤回接转；纸面已决定的，同时撤回并登记。",
):
    """An open offer bars a second offer, exit and expulsion."""


# ── 入会 ────────────────────────────────────────────────────────────────────────────────────────


class ApplicationOpen(
    Refused,
    zh="此人在该工会已有一份待批的入会申请。",
    article="E2",
    instead="办理已有的申请。",
):
    """A person has one open application at a union."""


class UnderAge(
    Refused,
    zh="未满16周岁的，不得办理入会。",
    article="劳动法 art. 15; E13",
    instead="核对出生日期；用工违法的，转维权。",
):
    """Nobody under sixteen is enrolled."""


class NotTheApprovingUnion(
    Refused,
    zh="按该入会渠道，不由本工会批准。",
    article="E4, E11",
    instead="请渠道所指的工会批准，或改选渠道。",
):
    """The union that the channel names approves, and no other."""


class NotApplied(
    Refused,
    zh="没有待批的入会申请。",
    article="E2; R7",
    instead="先登记入会申请；退会后再入会，也须重新申请。",
):
    """Only an open application is examined, granted or declined; re-joining takes a new one."""


class FoundUnfit(
    Refused,
    zh="审核意见为不符合条件，不得批准。",
    article="E2",
    instead="重新审核，或不予批准。",
):
    """What examination found unfit is not approved without another examination."""


class ApproverIsApplicant(
    Refused,
    zh="不得审核、批准本人的申请。",
    article="rules (d) 2",
    instead="请他人审核、批准。",
):
    """Nobody examines or approves their own application."""


class ApproverIsKin(
    Refused,
    zh="不得审核、批准近亲属的申请。",
    article="rules (d) 2",
    instead="请无亲属关系的人审核、批准。",
):
    """Nobody examines or approves the application of their household."""


class ApproverEntered(
    Refused,
    zh="经办、审核、批准须由不同的人作出。",
    article="rules (d) 1",
    instead="请另一人批准；委员会已讨论通过的，登记会议纪要文号和决定单位。",
):
    """One person, one duty: taking in, examining and approving are three people's decisions."""


class ProofMissing(
    Refused,
    zh="凭会员证或介绍信接转，须附凭证扫描件。",
    article="S2 art. 4; T3, T4",
    instead="附会员证、介绍信或登记表的扫描件；没有凭证的，按新申请办理。",
):
    """Who comes from a union outside the ledger is taken in on a card or letter, scanned."""


# ── 接转 ────────────────────────────────────────────────────────────────────────────────────────


class OfferAnswered(
    Refused,
    zh="这次接转已有答复。",
    article="design: one answer an offer",
    instead="查看答复；需要再转的，重新发起。",
):
    """An offer has one answer."""


class OutcomeGiven(
    Refused,
    zh="这次接转已有结果。",
    article="design: one outcome an offer",
    instead="查看结果；需要再转的，重新发起。",
):
    """An offer has one outcome."""


class NoSuchOffer(
    Refused,
    zh="没有这次接转，或者已经办结。",
    article="design: custody",
    instead="核对接转编号。",
):
    """Only an offer that is known and open is answered, withdrawn or escalated."""


class NotAddressedToYou(
    Refused,
    zh="这次接转不是发给本工会的。",
    article="rules (d) 8",
    instead="由所发往的工会或其下级工会接收；发错的，请转出方撤回后重发。",
):
    """The union that an offer is sent to, or one below it, answers."""


class OfferToItself(
    Refused,
    zh="不能接转给会籍所在的同一工会。",
    article="S1 art. 3; T1",
    instead="选择接收工会。",
):
    """A membership moves to another union."""


class DeadlinePassed(
    Refused,
    zh="答复期限已过，接收不再有效。",
    article="T12, T14; design: custody",
    instead="请转出方重新发起。期限内已在纸面接收的，登记纸面日期。",
):
    """After its deadline an offer is no longer accepted."""


class AcceptedBeforeOffered(
    Refused,
    zh="接收日期不得早于转出日期。",
    article="design: custody",
    instead="核对日期；转出日期有误的，请转出方更正。",
):
    """Nothing is accepted before it was offered."""


class DeadlineTooSoon(
    Refused,
    zh="答复期限须晚于转出日期。",
    article="T12",
    instead="按协议约定的工作日数计算期限。",
):
    """An offer leaves time for an answer."""


class AnswerKnown(
    Refused,
    zh="对方已经答复，不能撤回。",
    article="design: custody",
    instead="已接收的，会籍随即转出；需要转回的，由对方发起接转。",
):
    """An offer is withdrawn only where no answer has been applied."""


class GroundNeedsReason(
    Refused,
    zh="以“其他”理由不予接收的，须写明理由，并报上级工会。",
    article="S2 art. 4; T3",
    instead="写明理由；属于所列情形的，选择相应理由。",
):
    """To decline on another ground than the listed ones takes a reason, and goes to the superior."""


class NothingEscalated(
    Refused,
    zh="这次接转没有报请本工会处理。",
    article="T14",
    instead="核对接转编号和上级工会。",
):
    """The superior answers what was brought before it."""


# ── 凭证 ────────────────────────────────────────────────────────────────────────────────────────


class VoucherUnreadable(
    Refused,
    zh="凭证内容读不出来，或不完整。",
    article="design: vouchers",
    instead="重新扫描，或完整粘贴以 LD1: 开头的内容；仍读不出的，请本人重新打开凭证。",
):
    """A voucher is read whole, letter by letter as it was signed."""


class VoucherForged(
    Refused,
    zh="凭证的签名不对，不是签发总账所签。",
    article="design: vouchers",
    instead="不予办理；留存凭证，核对本人证件，并向签发地工会联络员电话核实。",
):
    """A voucher counts only with the signature of the journal that it names."""


class VoucherIssuerUnknown(
    Refused,
    zh="不认识签发凭证的总账或其密钥。",
    article="design: vouchers",
    instead="请管理员核对对方省凭证公钥后写入；在此之前可以商请接转。",
):
    """Only vouchers of journals whose key is pinned here are believed."""


class VoucherElsewhere(
    Refused,
    zh="凭证不是开给本省的，不能在此使用。",
    article="design: vouchers",
    instead="请到凭证所载的接收工会办理；去向变了的，请会籍所在工会撤回后重新转出。",
):
    """A voucher is used in the journal that it names, and in no third one."""


class VoucherTooEarly(
    Refused,
    zh="凭证尚未生效。",
    article="design: vouchers",
    instead="核对本机日期；自凭证所载日期起办理。",
):
    """A voucher counts from the day of its issue."""


class VoucherExpired(
    Refused,
    zh="凭证已过有效期。",
    article="T12; design: vouchers",
    instead="请会籍所在工会重新转出，再开具凭证。",
):
    """A voucher is dead after its term."""


class VoucherUsed(
    Refused,
    zh="凭证已经用过，不能再用。",
    article="design: one answer an offer",
    instead="打开这次接转查看办理情况。",
):
    """A voucher is used once."""


class VoucherOver(
    Refused,
    zh="凭证所指的接转已有答复或结果，凭证不再有效。",
    article="design: one outcome an offer",
    instead="查看接转结果；需要再转的，请会籍所在工会重新转出。",
):
    """A voucher is dead when its offer has been answered, or has come to an end."""


class VoucherDiffers(
    Refused,
    zh="凭证所指的那一笔，与签发总账中的不符。",
    article="design: vouchers",
    instead="停止办理，留存凭证，通知审计人员向对方省核对。",
):
    """What a voucher names stands in its issuer's journal, with the hash that was signed."""


class VoucherOut(
    Refused,
    zh="这次接转已经开具凭证。",
    article="design: vouchers",
    instead="打开凭证页面，可随时再次出示、打印。",
):
    """A transfer has one voucher, shown and printed as often as she likes."""


# ── 商请 ────────────────────────────────────────────────────────────────────────────────────────


class RequestOpen(
    Refused,
    zh="本工会已就此人发出商请，尚未了结。",
    article="design: requests",
    instead="查看已有商请；逾期未复的，报上级。",
):
    """A union asks for a person's membership once at a time."""


class RequestDecided(
    Refused,
    zh="这次商请已有答复。",
    article="design: one answer",
    instead="查看答复。",
):
    """A request has one answer."""


class NoSuchRequest(
    Refused,
    zh="没有这次商请，或者已经了结。",
    article="design: requests",
    instead="核对商请编号。",
):
    """Only a request that is open is answered, escalated or closed."""


class NotAskedOfYou(
    Refused,
    zh="这次商请不是发给本工会的。",
    article="rules (d) 8",
    instead="由会籍所在工会答复。",
):
    """The union that is asked answers, or the one that holds the membership."""


class NotYourRequest(
    Refused,
    zh="这次商请不是本工会发出的。",
    article="rules (d) 7",
    instead="由发出商请的工会办理。",
):
    """The union that asked escalates and closes."""


class AnswerNotDue(
    Refused,
    zh="答复期限未到，不报上级。",
    article="T12, T14",
    instead="等待答复，或电话联系对方联络员。",
):
    """A request goes to the superior when its deadline has passed, or it was refused."""


class RefusalNeedsReason(
    Refused,
    zh="以“其他”理由不予转出的，须写明理由。",
    article="S1 art. 3; T1",
    instead="写明理由；属于所列情形的，选择相应理由。",
):
    """To refuse a request on another ground than the listed ones takes a reason."""


# ── 管理与终止 ─────────────────────────────────────────────────────────────────────────────────────


class AlreadyRetained(
    Refused,
    zh="会籍已由该工会保留。",
    article="R2, R5",
    instead="无需重复办理。",
):
    """A membership is retained once at one union."""


class NotRetained(
    Refused,
    zh="会籍没有处于保留状态。",
    article="R5",
    instead="核对会籍状态。",
):
    """Only a retained membership is resumed."""


class AlreadyEntrusted(
    Refused,
    zh="该会员在此期间已委托其他工会管理。",
    article="S65; T10",
    instead="先终止原委托。",
):
    """One union at a time manages a member by entrustment."""


class NotEntrusted(
    Refused,
    zh="该会员目前没有委托该工会管理。",
    article="S65; T10",
    instead="核对委托管理记录。",
):
    """Only an entrustment that runs can be ended."""


class NotUrged(
    Refused,
    zh="未经催告，不得按自动退会处理。",
    article="S~12 art. 6; R8",
    instead="先催告并登记，给予补交、说明的机会。",
):
    """Nobody is deemed to have left without having been urged."""


class NotSixMonths(
    Refused,
    zh="不交会费、不参加组织生活未满六个月，不得按自动退会处理。",
    article="S~12 art. 6; R8",
    instead="满六个月后再办。",
):
    """Only six months without dues and without organisational life count as leaving."""


class RetainedOwesNothing(
    Refused,
    zh="保留会籍期间不交会费，不得按自动退会处理。",
    article="S~12; S1 art. 21; R6",
    instead="会员重新就业的，办理恢复或接转。",
):
    """Who is retained owes no dues and cannot be deemed to have left."""


class CommitteeDecides(
    Refused,
    zh="开除会籍须由工会委员会会议决定，并有会议纪要。",
    article="S~12 art. 7; R9",
    instead="提交委员会讨论，登记会议纪要文号。",
):
    """Expulsion is decided by the committee, with minutes."""


class OneMembershipNotTwo(
    Refused,
    zh="保留的和终止的是同一份会籍。",
    article="E8",
    instead="选择另一份会籍。",
):
    """To settle a double membership takes two of them."""
