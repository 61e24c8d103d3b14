"""The rules of rights cases (维权规则), each a sentence that a refusal cites."""

from ledger.domain.kernel import Code, Refused


def broken(*breaches: Refused | None) -> tuple[Code, ...]:
    """The names of rules that what has happened already breaks: findings, and no refusal."""
    return tuple(Code(type(each).__name__) for each in breaches if each is not None)


# ── 立案与当事人 ────────────────────────────────────────────────────────────────────────────────


class CaseNumberTaken(
    Refused,
    zh="该案号已被使用。",
    article="design: rights",
    instead="由系统另给案号后重办。",
):
    """Each case has a number of its own."""


class NoClaimant(
    Refused,
    zh="案件至少有一名职工提出诉求。",
    article="C17; L5 art. 2; C1",
    instead="登记提出诉求的职工，会员与否均可。",
):
    """A case is opened for at least one claimant."""


class NoEmployerNamed(
    Refused,
    zh="须写明对方当事人，其中至少有一家用人单位或劳务单位。",
    article="L5 art. 2; L4 art. 30; C12",
    instead="填写用人单位名称；总承包、建设单位一并登记。",
):
    """A case names at least one employer or labour company."""


class NoSuchParty(
    Refused,
    zh="案件中没有这一方当事人。",
    article="design: rights",
    instead="先登记该当事人。",
):
    """A claim, a payment or a letter concerns a party of the case."""


class ClaimantAlready(
    Refused,
    zh="此人已在本案中提出诉求。",
    article="design: rights",
    instead="金额有变的，办理诉求变更。",
):
    """A person has one claim in a case, revised when it changes."""


class NotAClaimant(
    Refused,
    zh="此人未在本案中提出诉求，或已撤回。",
    article="C17",
    instead="先登记此人的诉求。",
):
    """A share, a receipt or a call-back concerns a claimant of the case."""


class AmountBelowZero(
    Refused,
    zh="金额不得为负，也不得有分以下的零头。",
    article="design: money",
    instead="按元、角、分填写。",
):
    """Amounts are whole fen, and never below zero."""


class ClaimUnchanged(
    Refused,
    zh="诉求金额没有变化。",
    article="design: rights",
    instead="核对变更后的金额。",
):
    """A revised claim is another amount than before."""


class TooFewToBeRepresented(
    Refused,
    zh="职工一方十人以上，才推举代表。",
    article="L5 art. 7; C8",
    instead="逐人联系。",
):
    """Ten claimants or more may choose representatives."""


class TextNeedsClaimant(
    Refused,
    zh="文字说明须写在某名职工名下。",
    article="L2 art. 51; P14",
    instead="选定所涉职工，或只选办理步骤。",
):
    """Free text is sealed to the claimant whom it concerns."""


# ── 主办与协办 ──────────────────────────────────────────────────────────────────────────────────


class NotTheLead(
    Refused,
    zh="协议、到账、结案由主办工会登记。",
    article="design: shared cases; rules (d) 7",
    instead="协办方登记自己的办理步骤，到账的向主办方通报，或商请移交主办。",
):
    """Only the lead records settlement, recovery and closure."""


class NotInTheCase(
    Refused,
    zh="本工会不是本案的主办或协办工会。",
    article="rules (d) 7; C3",
    instead="请主办工会商请协作，或移交主办。",
):
    """Only the lead and the unions that take part record steps of a case."""


class AlreadyInTheCase(
    Refused,
    zh="该工会已在本案中，或已在等候其答复。",
    article="design: rights",
    instead="核对协办情况。",
):
    """A union takes part in a case once, and is asked once at a time."""


class NotAskedToHelp(
    Refused,
    zh="本案没有商请本工会协作，或已经答复。",
    article="C3, C4",
    instead="请主办工会先行商请。",
):
    """A union joins, or declines, when it has been asked and has not answered."""


class LeadOfferOpen(
    Refused,
    zh="主办移交正在等候答复。",
    article="design: custody",
    instead="等候对方答复，或先撤回移交。",
):
    """The lead is offered to one union at a time."""


class LeadToItself(
    Refused,
    zh="主办不能移交给本工会自己。",
    article="design: custody",
    instead="核对接办工会。",
):
    """The lead is offered to another union."""


class NoLeadOffer(
    Refused,
    zh="没有这一移交，或已经有了结果。",
    article="design: custody",
    instead="核对移交的现状。",
):
    """An offer of the lead that is open can be answered or withdrawn, and no other."""


class LeadNotOfferedToYou(
    Refused,
    zh="这一移交不是发给本工会的。",
    article="design: custody",
    instead="请被移交的工会答复。",
):
    """An offer of the lead is answered by the union that it was made to."""


class LeadOfferAnswered(
    Refused,
    zh="这一移交已经答复。",
    article="design: custody",
    instead="等候主办方确认。",
):
    """An offer of the lead has one answer."""


class LeadOutcomeGiven(
    Refused,
    zh="这一移交已经有了结果。",
    article="design: custody",
):
    """An offer of the lead has one outcome."""


class DueBeforeItBegins(
    Refused,
    zh="期限不得早于办理之日。",
    article="design: rights",
    instead="核对期限。",
):
    """A day by which something is due does not lie before the act."""


# ── 步骤、文书、外部 ─────────────────────────────────────────────────────────────────────────────


class NoSuchStep(
    Refused,
    zh="本案中没有这一步骤。",
    article="design: rights",
    instead="核对步骤编号。",
):
    """What is answered, met or confirmed is a step of this case."""


class StepAnswered(
    Refused,
    zh="这一步骤已有答复。",
    article="design: rights",
    instead="有误的，办理更正。",
):
    """A letter, and a hand-over to another body, has one number and one answer."""


class OpinionStillAwaited(
    Refused,
    zh="意见书尚在答复期内，不得发建议书。",
    article="L11 art. 22, 23; S36; C14",
    instead="等候答复；逾期或不采纳的，再发建议书。",
):
    """A proposal follows an opinion letter that was refused, or was not answered in time."""


# ── 期限 ────────────────────────────────────────────────────────────────────────────────────────


class ClockRunsAlready(
    Refused,
    zh="这一期限已在计算。",
    article="design: rights",
    instead="核对现有期限；重新起算的，登记中断。",
):
    """A clock of one kind runs once at a time, for the case or for one claimant."""


class ClockNotRunning(
    Refused,
    zh="这一期限不在计算中。",
    article="design: rights",
    instead="核对期限的现状。",
):
    """Only a clock that runs is interrupted, paused, extended or met."""


class ClockRanOut(
    Refused,
    zh="这一期限在该日之前已经届满，不因其后的主张或事由重新计算。",
    article="L5 art. 27",
    instead="核对主张或事由发生的日期；届满前发生的，按当日补录；确已届满的，写入办理记录。",
):
    """A limit that is over is neither interrupted nor paused."""


class ClockNotPaused(
    Refused,
    zh="这一期限没有中止。",
    article="design: rights",
    instead="核对期限的现状。",
):
    """Only a clock that was paused goes on."""


class NotInterruptible(
    Refused,
    zh="这类期限不因主张权利而中断。",
    article="L5 art. 27; C8",
    instead="核对期限种类。",
):
    """Only a limitation begins anew when the right is claimed, complained of or promised."""


class NotPausable(
    Refused,
    zh="这类期限不得中止。",
    article="L5 art. 27; L8 art. 20; C8, C10",
    instead="核对期限种类。",
):
    """Only a clock whose law allows it stands still for a time."""


class NoExtension(
    Refused,
    zh="这类期限不得延长，或已经延长过。",
    article="L5 art. 43; L6 art. 17; C8, C9",
    instead="核对期限种类及批准文书。",
):
    """A clock is extended once, where its law allows it."""


# ── 协议、到账、收讫 ─────────────────────────────────────────────────────────────────────────────


class PartsDoNotSum(
    Refused,
    zh="各人各期金额之和与合计不符。",
    article="rules (e) audits; N10",
    instead="核对每人金额，分毫不差再登记。",
):
    """The parts sum to their total, to the fen."""


class NothingPaid(
    Refused,
    zh="到账金额须大于零。",
    article="C15",
    instead="核对到账金额。",
):
    """A recovery brings money."""


class RecoveryKnown(
    Refused,
    zh="这笔到账已经登记，不重复计入。",
    article="design: shared cases",
    instead="核对期次、日期、金额和凭证号；确属另一笔的，写明各自的凭证号。",
):
    """A payment is counted once, whoever entered it."""


class MoreThanOwed(
    Refused,
    zh="到账金额超过应付。",
    article="C16; rules (e) audits",
    instead="核对诉求和协议金额。",
):
    """What a claimant gets of wages or compensation is not more than what is due."""


class RecoveryAfterClosure(
    Refused,
    zh="结案之后又有到账。",
    article="C17",
    instead="核对是否须重启案件，更新结案方式。",
):
    """Money is recovered while the case is open."""


class NoSuchShare(
    Refused,
    zh="这笔到账中没有此人的份额。",
    article="C17",
    instead="核对到账分配。",
):
    """A receipt is for a claimant's share of a recovery."""


class ReceiptKnown(
    Refused,
    zh="此人这笔款项已确认收讫。",
    article="design: rights",
    instead="有误的，办理更正。",
):
    """A share is confirmed as received once."""


class RecorderConfirms(
    Refused,
    zh="到账的登记人不得代职工确认收讫。",
    article="rules (d) 5",
    instead="由职工本人签字（附凭据），或由未经手的人员核实确认。",
):
    """The claimant or an independent officer confirms the receipt, not who recorded the recovery."""


# ── 回访、结案、重启 ─────────────────────────────────────────────────────────────────────────────


class TriedTooFewTimes(
    Refused,
    zh="联系次数不足，不得登记为未联系上。",
    article="S33; C6; C17",
    instead="再行联系；三次以上未果的，登记为未联系上。",
):
    """A claimant counts as not reached after several tries."""


class NotCalledBack(
    Refused,
    zh="结案前须回访：职工逐人回访，推举代表的回访代表。",
    article="S33; C6, C7; C17",
    instead="完成回访，或登记多次未联系上，再结案。",
):
    """A case is closed after each claimant, or those who represent them, was called back."""


class OutcomeNotBorneOut(
    Refused,
    zh="结案方式与账目不符。",
    article="C17",
    instead="按逐人应付、已追回的金额选择结案方式。",
):
    """A case is closed with the outcome that its arithmetic bears out."""


class EndingNotExplained(
    Refused,
    zh="未全部追回而结案的，须写明原因。",
    article="C17",
    instead="选择未全部追回的原因。",
):
    """A case that is closed without everything recovered says why."""


class CaseIsClosed(
    Refused,
    zh="案件已结。",
    article="C17",
    instead="仍有诉求的，先重启案件。",
):
    """A closed case is opened again before anything more is done in it."""


class CaseIsOpen(
    Refused,
    zh="案件尚未结案。",
    article="C17",
    instead="直接办理即可。",
):
    """Only a closed case is opened again, or its closure disputed."""


class OwnClosure(
    Refused,
    zh="主办工会不对自己的结案提出异议。",
    article="rules (d) 7",
    instead="仍有欠付的，重启案件。",
):
    """A closure is disputed by another union than the one that closed."""


class NothingDisputed(
    Refused,
    zh="结案没有待答复的异议。",
    article="rules (d) 7",
    instead="核对案件状态。",
):
    """The lead answers a dispute that stands."""
