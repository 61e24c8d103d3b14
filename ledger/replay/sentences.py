"""What happened, in one Chinese sentence for each kind of fact (事实说明).

A sentence names unions as they were called on that day. It never holds what a viewer may not see:
texts that are not open read as empty, and the sentence does without them.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, Protocol

from ledger.domain import divisions, rights
from ledger.domain.forgetting import Needed
from ledger.domain.kernel import Event, NewerKind, Refused
from ledger.domain.money import yuan
from ledger.domain.retention import Kept
from ledger.replay.words import word

NEWER = "较新版本的事实"


class Naming(Protocol):
    """How the ids of a fact are called on its day."""

    def union(self, union: str | None) -> str: ...

    def person(self, person: str | None) -> str: ...

    def province(self, origin: str | None) -> str: ...

    def fund(self, fund: str | None) -> str: ...


_KEEPERS: Mapping[str, str] = {each.value: word(each) for kind in (Needed, Kept) for each in kind}


def keepers(codes: Iterable[str]) -> str:
    """What keeps a person: kinds of fact with a term, or what is not finished."""
    return "、".join(dict.fromkeys(_KEEPERS.get(code, code) for code in codes))


Sentence = Callable[[Any, Naming], str]


def sentence(event: Event, naming: Naming) -> str:
    """What happened. A kind that this version does not know says so."""
    if isinstance(event, NewerKind):
        return f"{NEWER}（{event.kind}）"
    say = SENTENCES.get(type(event).__name__)
    return say(event, naming) if say else title(event)


def title(event: Event) -> str:
    """The kind's own word: what its docstring begins with (入会申请, 转出 …)."""
    if isinstance(event, NewerKind):
        return NEWER
    return (type(event).__doc__ or type(event).__name__).split(":")[0].strip()


def _in(text: str, before: str = "（", after: str = "）") -> str:
    return f"{before}{text}{after}" if text else ""


def _list(codes: Any) -> str:
    return "、".join(word(code) for code in codes)


def _day(on: date | None) -> str:
    return on.isoformat() if on else ""


def _term(e: Any) -> str:
    return f"自{_day(e.since)}起" + (f"，至{_day(e.until)}止" if e.until else "")


def _work(e: Any) -> str:
    return _in("，".join(part for part in (str(e.employer), str(e.trade)) if part))


def _paper(e: Any) -> str:
    return _in(e.paper or "")


def _origin(log: str) -> str:
    """Whose a log is: a journal of whatever epoch, a channel, or what a witness signs."""
    return re.split("/(?:to|epoch|witness)(?:/|$)", log)[0]


def _minutes(e: Any) -> str:
    return _in(f"会议纪要 {e.minutes}" if e.minutes else "")


def _money(e: Any) -> str:
    """Wages, and compensation apart."""
    parts = [f"工资{_yuan(e.wages)}"] if e.wages or not e.compensation else []
    parts += [f"经济补偿（赔偿）{_yuan(e.compensation)}"] if e.compensation else []
    return "、".join(parts)


def _place(code: str | None) -> str:
    if not code:
        return ""
    return divisions.name_of(code[:6])


def _yuan(fen: int) -> str:
    return f"{yuan(fen)}元"


def _instead(e: Any) -> str:
    return f"，重发第{e.instead_of}笔" if e.instead_of else ""


def _held(e: Any) -> str:
    codes: tuple[str, ...] = e.held_by
    return keepers(codes)


def _goods(e: Any) -> str:
    """What was given in kind."""
    listed = "、".join(
        f"{each.item}{each.quantity}{each.unit}（{_yuan(each.value)}，发票{each.invoice}）"
        for each in e.goods
    )
    return f"：{listed}" if listed else ""


def _acting(e: Any, n: Naming) -> str:
    return f"，代{n.person(e.acting_for)}办理" if e.acting_for else ""


def _hardship(e: Any) -> str:
    others = f"，另有{_list(e.others)}" if e.others else ""
    return (
        f"{word(e.category)}，主因{word(e.main)}{others}，依据{word(e.basis)}，"
        f"{_day(e.valid_until)}前复核"
    )


def _from(name: str) -> str:
    return f"{name}，" if name else ""


def _for(e: Any) -> str:
    """A word on the fact that a correction speaks of."""
    known = Event.kinds.get(e.kind)
    return (known.__doc__ or e.kind).split(":")[0] if known else e.kind


def _together(e: Any, n: Naming) -> str:
    """Who does it, where it is not the acting union alone."""
    parts = [f"{n.union(o.union) or o.name}{word(o.part)}" for o in e.organisers]
    alone = len(parts) == 1 and e.organisers[0].union == e.union
    return "" if alone else f"，{'、'.join(parts)}"


def _service(e: Any) -> str:
    return word(e.kind) + _in(e.what)


def _counted(e: Any) -> str:
    """2000余人次, 近20项."""
    near, more = (word(e.bound) if e.bound == mark else "" for mark in ("nearly", "more_than"))
    return f"{near}{e.count}{more}{word(e.unit)}"


def _cites(e: Any, n: Naming) -> str:
    shown = "、".join(f"{n.province(each.origin)}第{each.position}号" for each in e.cites[:5])
    return shown + (f"等{len(e.cites)}条" if len(e.cites) > 5 else "") + "记录"


def _rule(name: str | None) -> str:
    """A rule by its sentence; a finding that is no rule by its name."""
    rule = Refused.rules.get(name or "")
    return rule.zh.rstrip("。") if rule else name or ""


def _found(e: Any) -> str:
    """The rules that what had happened already broke."""
    return _in("；".join(map(_rule, e.findings)), "（审查发现：")


SENTENCES: Mapping[str, Sentence] = {
    # ── 职工与家庭 ──
    "PersonRegistered": lambda e, n: (
        "登记人员信息"
        + (
            f"，号码待补（{word(e.number_owed)}），应于{_day(e.number_due)}前补交"
            if e.number_owed
            else _in(word(e.document))
        )
        + ("，号码与规则不符，已看原件并由第二人确认" if e.problems else "")
    ),
    "PersonIdentified": lambda e, n: f"补登证件号码（{word(e.document)}）",
    "NumberCorrected": lambda e, n: f"更正证件号码（{word(e.why)}），由第二人确认",
    "PersonRenamed": lambda e, n: f"更名{_in(str(e.name), '为', '')}{_paper(e)}",
    "ContactChanged": lambda e, n: "变更联系方式",
    "ResidenceMoved": lambda e, n: f"户籍迁移{_in(_place(e.division), '至', '')}",
    "PersonDied": lambda e, n: f"去世（{word(e.proof)}）",
    "HouseholdOpened": lambda e, n: f"为{n.person(e.person)}立户",
    "HouseholdMemberJoined": lambda e, n: (
        f"{n.person(e.person)}作为{word(e.relation)}登记入户，自{_day(e.since)}起"
        + (f"，监护人{n.person(e.guardian)}" if e.guardian else "")
    ),
    "HouseholdMemberLeft": lambda e, n: f"{n.person(e.person)}离户（{word(e.why)}）",
    "GuardianNamed": lambda e, n: f"指定{n.person(e.guardian)}为{n.person(e.person)}的监护人",
    "PersonsLinked": lambda e, n: f"与另一份档案关联为一人（{word(e.ground)}），由第二人确认",
    "PersonsUnlinked": lambda e, n: f"撤销两档关联（{word(e.ground)}），由第二人确认",
    "PersonsToldApart": lambda e, n: f"认定与另一份相似档案不是同一人（{word(e.ground)}）",
    # ── 入会 ──
    "MembershipApplied": lambda e, n: (
        f"向{n.union(e.union)}申请入会（{word(e.channel)}，{word(e.confirmed)}）{_work(e)}"
    ),
    "ApplicationExamined": lambda e, n: (
        f"{n.union(e.union)}审核：{'符合' if e.fit else '不符合'}入会条件"
    ),
    "ApplicationDeclined": lambda e, n: f"{n.union(e.union)}不予批准入会（{word(e.ground)}）",
    "ApplicationWithdrawn": lambda e, n: f"撤回向{n.union(e.union)}的入会申请",
    "MemberEnrolled": lambda e, n: (
        f"{n.union(e.union)}批准入会（{word(e.channel)}）{_minutes(e)}"
        + (f"，会员证 {e.card}" if e.card else "")
    ),
    "MembershipLoaded": lambda e, n: (
        f"{n.union(e.union)}装入历史会籍，{_day(e.since)}入会（{word(e.proof)}）{_work(e)}"
    ),
    "MembershipTakenIn": lambda e, n: (
        f"{n.union(e.union)}凭{word(e.proof)}接收由{e.from_union}转来的会籍，"
        f"{_day(e.since)}入会{_paper(e)}{_work(e)}"
    ),
    "EmploymentChanged": lambda e, n: f"变更工作单位{_work(e)}",
    # ── 接转 ──
    "TransferOffered": lambda e, n: (
        f"{n.union(e.from_union)}将会籍转往{n.union(e.to_union)}（{word(e.reason)}），"
        f"答复期限{_day(e.deadline)}"
    ),
    "TransferAccepted": lambda e, n: (
        f"{n.union(e.union)}接收由{n.union(e.from_union)}转来的会籍{_work(e)}"
    ),
    "TransferDeclined": lambda e, n: (
        f"{n.union(e.union)}不予接收（{word(e.ground)}）"
        + (f"，{_day(e.follow_up)}再查" if e.follow_up else "")
    ),
    "MembershipReleased": lambda e, n: (
        f"{n.union(e.union)}转出完成，会籍归{n.union(e.to_union)}，入会日期{_day(e.since)}"
    ),
    "MembershipReceived": lambda e, n: (
        f"{n.union(e.union)}转入完成，由{n.union(e.from_union)}转来"
        + ("，此人在本地另有一份会籍" if e.beside else "")
    ),
    "TransferReturned": lambda e, n: f"接转退回{n.union(e.union)}（{word(e.ground)}），会籍不变",
    "TransferLapsed": lambda e, n: f"接转逾期未答复而失效，会籍仍在{n.union(e.union)}",
    "TransferWithdrawn": lambda e, n: f"{n.union(e.union)}撤回接转（{word(e.reason)}），会籍不变",
    "AcceptanceVoided": lambda e, n: (
        f"{n.union(e.union)}的接收无效：转出方已{word(e.outcome)}，会籍仍在转出方"
    ),
    "TransferEscalated": lambda e, n: f"接转报请{n.union(e.superior)}处理（{word(e.cause)}）",
    "EscalationAnswered": lambda e, n: f"{n.union(e.union)}就接转答复：{word(e.ruling)}",
    "TransferRequested": lambda e, n: (
        f"{n.union(e.union)}向{n.union(e.from_union)}商请接转会籍（{word(e.proof)}），"
        f"答复期限{_day(e.deadline)}{_work(e)}"
    ),
    "VoucherIssued": lambda e, n: (
        f"开具接转凭证，本人可持往{n.union(e.to_union)}，有效至{_day(e.until)}"
    ),
    "VoucherShown": lambda e, n: f"向{n.union(e.union)}出示接转凭证，即日起由其服务",
    "RequestAnswered": lambda e, n: f"{n.union(e.union)}同意商请，随即转出",
    "RequestRefused": lambda e, n: f"{n.union(e.union)}不予转出（{word(e.ground)}）",
    "RequestEscalated": lambda e, n: (
        f"商请报请{n.union(e.superior)}处理" + (f"，{n.union(e.union)}先行服务" if e.serves else "")
    ),
    "RequestClosed": lambda e, n: f"{n.union(e.union)}了结商请（{word(e.why)}）",
    # ── 会籍管理与终止 ──
    "MembershipRetained": lambda e, n: (
        f"由{n.union(e.union)}保留会籍（{word(e.reason)}），会员证{word(e.card)}{_minutes(e)}"
    ),
    "MembershipResumed": lambda e, n: f"{n.union(e.union)}恢复会籍{_work(e)}",
    "ManagementEntrusted": lambda e, n: (
        f"{n.union(e.union)}委托{n.union(e.to_union)}管理，{_term(e)}{_in(e.agreement or '')}"
    ),
    "ManagementEnded": lambda e, n: f"终止委托{n.union(e.to_union)}管理（{word(e.why)}）",
    "MemberUrged": lambda e, n: (
        f"{n.union(e.union)}催告（{word(e.means)}）：自{_day(e.absent_since)}起未交会费、未参加活动"
    ),
    "MemberLeft": lambda e, n: f"退出{n.union(e.union)}，会员证{word(e.card)}",
    "MemberDeemedLeft": lambda e, n: (
        f"{n.union(e.union)}决定按自动退会处理：自{_day(e.absent_since)}起未交会费、"
        f"未参加活动{_minutes(e)}"
    ),
    "MemberExpelled": lambda e, n: f"{n.union(e.union)}开除会籍{_minutes(e)}",
    "MembershipEndedByDeath": lambda e, n: f"因去世，在{n.union(e.union)}的会籍终止",
    "MembershipHandedOut": lambda e, n: (
        f"{n.union(e.union)}凭{word(e.proof)}将会籍转往系统外的{e.to_union}{_paper(e)}"
    ),
    "DoubleMembershipSettled": lambda e, n: (
        f"重复会籍归并：在{n.union(e.union)}的这份会籍终止，另一份保留，入会日期{_day(e.since)}"
    ),
    "SeniorityKept": lambda e, n: (
        f"{n.union(e.union)}保留这份会籍，入会日期按较早的{_day(e.since)}计"
    ),
    "MembershipReinstated": lambda e, n: f"恢复在{n.union(e.union)}的会籍（{word(e.why)}）",
    # ── 帮扶救助 ──
    "AidApplied": lambda e, n: (
        f"向{n.union(e.union)}申请{word(e.kind)}{_yuan(e.amount)}{_in(e.need)}"
        + (f"，受益人{n.person(e.beneficiary)}" if e.beneficiary != e.person else "")
        + ("，列入名单" if e.aid_list else "")
        + ("，按紧急情况办理" if e.emergency else "")
        + _acting(e, n)
    ),
    "AidAmended": lambda e, n: f"申请改为{_yuan(e.amount)}{_in(e.need)}" + _acting(e, n),
    "PayeeNamed": lambda e, n: (
        f"登记收款人：{word(e.kind)}"
        + (n.person(e.payee) if e.payee and e.payee != e.person else "")
        + _paper(e)
        + _acting(e, n)
    ),
    "HouseholdVisited": lambda e, n: "入户调查" + _acting(e, n),
    "MeansChecked": lambda e, n: f"家庭经济状况核对：{word(e.result)}{_paper(e)}" + _acting(e, n),
    "AidReviewed": lambda e, n: f"审核，拟救助{_yuan(e.amount)}" + _acting(e, n),
    "NoticePosted": lambda e, n: (
        f"在{e.place}公示，{_day(e.since)}至{_day(e.until)}（{word(e.basis)}）{_paper(e)}"
        + _acting(e, n)
    ),
    "NoticeTakenDown": lambda e, n: f"撤回公示的同意，公示撤下{_paper(e)}",
    "ObjectionRaised": lambda e, n: f"收到第{e.objection}件异议",
    "ObjectionAnswered": lambda e, n: (
        f"答复第{e.objection}件异议：{'成立' if e.upheld else '不成立'}" + _acting(e, n)
    ),
    "AidHeld": lambda e, n: "与另一笔救助疑似同一需要，暂停办理",
    "HoldLifted": lambda e, n: f"解除暂停（{word(e.ground)}）" + _acting(e, n),
    "AidApproved": lambda e, n: (
        f"审批同意{_yuan(e.amount)}{_minutes(e)}"
        + (f"，{_day(e.review_by)}前补审" if e.review_by else "")
        + _acting(e, n)
    ),
    "AidDeclined": lambda e, n: "不予救助" + _acting(e, n),
    "AidWithdrawn": lambda e, n: "撤回申请",
    "EmergencyReviewed": lambda e, n: (
        f"紧急救助补审：{'审批成立' if e.upheld else '审批不成立'}" + _acting(e, n)
    ),
    "PaymentInstructed": lambda e, n: (
        f"第{e.payment}笔送付{_yuan(e.amount)}（{word(e.mode)}）{_instead(e)}{_goods(e)}"
        + _acting(e, n)
    ),
    "PaymentMade": lambda e, n: (
        f"第{e.payment}笔支付{_yuan(e.amount)}（{word(e.mode)}，凭证{e.voucher}）"
        f"{_instead(e)}{_goods(e)}" + _acting(e, n)
    ),
    "PaymentFailed": lambda e, n: f"第{e.payment}笔付款失败（{word(e.why)}），待重发",
    "PaymentReturned": lambda e, n: (
        f"第{e.payment}笔退汇{_yuan(e.amount)}（{word(e.why)}，凭证{e.voucher}），待重发"
    ),
    "ReceiptSigned": lambda e, n: (
        f"第{e.payment}笔已签收（{word(e.how)}）"
        + (f"，由{n.person(e.collector)}代领" if e.collector else "")
        + _paper(e)
        + _acting(e, n)
    ),
    "TakeBackOrdered": lambda e, n: f"决定追回{_yuan(e.amount)}（{word(e.why)}）" + _acting(e, n),
    "MoneyTakenBack": lambda e, n: f"追回到账{_yuan(e.amount)}（凭证{e.voucher}）",
    "GrantClosed": lambda e, n: f"办结（{word(e.outcome)}）",
    "PastAidRecorded": lambda e, n: (
        f"{n.union(e.union)}补录已发放的{word(e.kind)}{_yuan(e.amount)}"
        f"（{word(e.mode)}，凭证{e.voucher}）{_in(e.need)}"
        + ("，已签收" if e.signed else "，未见签收")
    ),
    "AidListDrawnUp": lambda e, n: (
        f"{n.union(e.union)}拟定《{e.title}》名单：{word(e.kind)}，每人{_yuan(e.each)}"
        f"（{word(e.mode)}）" + _acting(e, n)
    ),
    "AidListClosed": lambda e, n: (
        f"{n.union(e.union)}名单送审：{e.count}人，共{_yuan(e.total)}" + _acting(e, n)
    ),
    "StruckOff": lambda e, n: "从名单中剔除",
    "AidListReviewed": lambda e, n: f"{n.union(e.union)}审核名单" + _acting(e, n),
    "AidListApproved": lambda e, n: (
        f"{n.union(e.union)}审批名单：{e.count}人，共{_yuan(e.total)}{_minutes(e)}" + _acting(e, n)
    ),
    "AidListReturned": lambda e, n: f"{n.union(e.union)}退回名单修改",
    "SheetPaid": lambda e, n: (
        f"{n.union(e.union)}第{e.sheet}张签领表发放{e.count}人，共{_yuan(e.total)}"
        f"（凭证{e.voucher}）" + (f"，其中{e.again}人为重发" if e.again else "") + _acting(e, n)
    ),
    # ── 同意与共享 ──
    "ConsentGiven": lambda e, n: (
        f"同意向{e.receiver.name}提供{_list(e.groups)}信息，用于{word(e.purpose)}"
        f"（{word(e.evidence)}），{_term(e)}"
    ),
    "LegalBasisRecorded": lambda e, n: (
        f"登记向{e.receiver.name}提供{_list(e.groups)}信息的依据：{word(e.basis)}"
        f"（{e.provision}），{_term(e)}"
    ),
    "ConsentWithdrawn": lambda e, n: f"撤回同意：不再提供{_list(e.groups)}信息",
    "LinkOpened": lambda e, n: (
        f"向{n.province(e.partner)}开通：{_list(e.scopes)}；提供{_list(e.groups)}信息"
        f"（{word(e.basis)}）"
    ),
    "LinkNarrowed": lambda e, n: f"停止向{n.province(e.partner)}提供{_list(e.groups)}信息",
    "LinkClosed": lambda e, n: f"停止向{n.province(e.partner)}共享",
    "GroupsRestricted": lambda e, n: f"对方停止提供，{_list(e.groups)}信息已限制",
    "PartnerRead": lambda e, n: f"已阅{n.province(e.partner)}第{e.first}至{e.last}条",
    "RecordParked": lambda e, n: f"{n.province(e.partner)}的一条记录暂不能登入，搁置（{e.why}）",
    # ── 帮扶 ──
    "SchemeAdopted": lambda e, n: (
        f"{n.union(e.union)}{'制定' if e.version == 1 else '修订'}《{e.title}》第{e.version}版，"
        f"自{_day(e.since)}起在{_place(e.place)}施行：{_list(rules.kind for rules in e.rules)}"
        + _paper(e)
    ),
    "SchemeRepealed": lambda e, n: f"{n.union(e.union)}自{_day(e.since)}起废止办法{_paper(e)}",
    "HardshipFileOpened": lambda e, n: (
        f"{n.union(e.union)}为{n.person(e.person)}一户建立困难档案（{_hardship(e)}）"
    ),
    "HardshipFileReviewed": lambda e, n: (
        f"{n.union(e.union)}复核{n.person(e.person)}一户的困难档案（{_hardship(e)}）"
    ),
    "HardshipFileClosed": lambda e, n: (
        f"{n.union(e.union)}将{n.person(e.person)}一户的困难档案结案（{word(e.outcome)}）"
    ),
    # ── 更正与异议 ──
    "FactCorrected": lambda e, n: f"更正第{e.position}号记录“{_for(e)}”（{word(e.why)}）",
    "FactAnnulled": lambda e, n: f"作废第{e.position}号记录“{_for(e)}”（{word(e.why)}）",
    "PartnerFactAccepted": lambda e, n: f"认可{n.province(e.origin)}的记录“{_for(e)}”",
    "PartnerFactDisputed": lambda e, n: (
        f"对{n.province(e.origin)}的记录“{_for(e)}”提出异议（{word(e.ground)}）"
    ),
    "PartnerFactAnnotated": lambda e, n: f"批注{n.province(e.origin)}的记录“{_for(e)}”",
    # ── 任职 ──
    "OfficerAppointed": lambda e, n: f"任{n.union(e.union)}{word(e.office)}，{_term(e)}{_paper(e)}",
    "OfficerRelieved": lambda e, n: f"免去{n.union(e.union)}{word(e.office)}{_paper(e)}",
    "OfficeDelegated": lambda e, n: f"代行{n.union(e.union)}{word(e.office)}，{_term(e)}",
    "EntryEntrusted": lambda e, n: (
        f"受托代{n.union(e.union)}{'及其下级' if e.below else ''}录入，{_term(e)}"
    ),
    # ── 组织与站点 ──
    "JournalOpened": lambda e, n: f"启用{_place(e.province + '0000')}总账",
    "UnionFounded": lambda e, n: (
        f"建立{e.name}（{word(e.kind)}）"
        + (f"，隶属{n.union(e.superior)}" if e.superior else "")
        + _paper(e)
    ),
    "UnionRenamed": lambda e, n: f"更名为{e.name}{_paper(e)}",
    "UnionMoved": lambda e, n: f"改隶{n.union(e.superior)}{_paper(e)}",
    "DivisionReorganised": lambda e, n: f"行政区划调整为{_place(e.division)}{_paper(e)}",
    "EmployersListed": lambda e, n: (
        "登记用人单位：" + "、".join(employer.name for employer in e.employers)
    ),
    "CreditCodeRecorded": lambda e, n: f"登记统一社会信用代码 {e.credit_code}",
    "UnionDissolved": lambda e, n: (
        f"撤销（{word(e.reason)}），{e.members}名会员逐人登记去向{_paper(e)}"
    ),
    "UnionMerged": lambda e, n: f"并入{n.union(e.into)}，{e.members}名会员随之转入{_paper(e)}",
    "StationOpened": lambda e, n: (
        f"{n.union(e.owner)}在{_place(e.location)}设立{e.name}（{word(e.kind)}），{_term(e)}"
    ),
    "StationRenamed": lambda e, n: f"站点更名为{e.name}",
    "StationMoved": lambda e, n: f"站点迁至{_place(e.location)}{e.address}",
    "StationHandedOver": lambda e, n: f"站点改由{n.union(e.owner)}主办{_paper(e)}",
    "StationServicesListed": lambda e, n: f"登记服务项目：{_list(e.services)}",
    "StaffPosted": lambda e, n: f"派驻站点任{word(e.duty)}，{_term(e)}",
    "StaffWithdrawn": lambda e, n: f"不再担任站点{word(e.duty)}",
    "StationClosed": lambda e, n: f"撤销站点（{word(e.reason)}）{_paper(e)}",
    # ── 帮扶资金 ──
    "FundOpened": lambda e, n: (
        f"{n.union(e.keeper)}设立{e.name}（{word(e.source)}）"
        + (f"，联合资金“{e.joint}”的份额" if e.joint else "")
        + (f"，出资方{e.contributor}" if e.contributor else "")
    ),
    "FundCredited": lambda e, n: (
        f"到账{_yuan(e.amount)}（{_from(e.contributor)}{word(e.source)}）{_paper(e)}"
    ),
    "FundAllotted": lambda e, n: f"拨付{n.fund(e.to)}{_yuan(e.amount)}{_paper(e)}",
    "AllotmentReceived": lambda e, n: f"收到{n.fund(e.giver)}拨付{_yuan(e.amount)}{_paper(e)}",
    "MoneyReserved": lambda e, n: f"为一笔帮扶留用{_yuan(e.amount)}",
    "ReservationReleased": lambda e, n: f"释放一笔帮扶的留用{_yuan(e.amount)}",
    "MoneyDrawn": lambda e, n: f"列支一笔帮扶的第{e.payment}次支付{_yuan(e.amount)}",
    "CostDrawn": lambda e, n: f"列支一项服务的第{e.cost}笔支出{_yuan(e.amount)}",
    "MoneyReturned": lambda e, n: f"{word(e.cause)}：第{e.payment}次支付退回{_yuan(e.amount)}",
    "PastPaymentNoted": lambda e, n: (
        f"补记已付{_yuan(e.amount)}"
        + (f"，其中{_yuan(e.unfunded)}尚无资金来源" if e.unfunded else "")
    ),
    "UnfundedCovered": lambda e, n: f"补足无资金来源的已付款项{_yuan(e.amount)}",
    "ShareOffered": lambda e, n: (
        f"提出划转{_yuan(e.amount)}给{n.province(e.to_origin)}的{n.fund(e.to)}，"
        f"答复期限{_day(e.deadline)}{_paper(e)}"
    ),
    "ShareAccepted": lambda e, n: f"接收{n.fund(e.giver)}划转的{_yuan(e.amount)}，待对方划出",
    "ShareDeclined": lambda e, n: f"不予接收{n.fund(e.giver)}划转的{_yuan(e.amount)}：{e.ground}",
    "ShareReleased": lambda e, n: f"划出{_yuan(e.amount)}，归{n.fund(e.to)}",
    "ShareReceived": lambda e, n: f"划入{_yuan(e.amount)}，由{n.fund(e.giver)}划来",
    "ShareReturned": lambda e, n: f"对方不予接收，{_yuan(e.amount)}退回可用余额",
    "ShareLapsed": lambda e, n: f"划转逾期未答复而失效，{_yuan(e.amount)}退回可用余额",
    "ShareWithdrawn": lambda e, n: f"撤回划转，{_yuan(e.amount)}退回可用余额",
    "ShareAcceptanceVoided": lambda e, n: f"接收划转无效：对方{word(e.outcome)}",
    "FundClosed": lambda e, n: "关闭资金",
    # ── 普惠服务 ──
    "ServiceGiven": lambda e, n: f"{n.union(e.union)}提供{_service(e)}{_together(e, n)}",
    "ServicesTallied": lambda e, n: (
        f"{n.union(e.union)}{_service(e)} {_counted(e)}，{_day(e.since)}起{_together(e, n)}"
    ),
    "CostRecorded": lambda e, n: (
        f"支出{_yuan(e.amount)}，由{n.union(e.bearer) or e.name}承担{_in(e.source or '')}"
    ),
    "TripAnnounced": lambda e, n: (
        f"{n.union(e.union)}发布行程“{e.name}”：{e.quota}个名额（{_list(e.grounds)}），"
        f"{_day(e.leaves)}出发{_together(e, n)}"
    ),
    "SeatTaken": lambda e, n: (
        f"{n.union(e.union)}安排座位（{word(e.ground)}）"
        + ("，未成年，须监护人同意" if e.minor else "")
        + _found(e)
    ),
    "SeatGivenUp": lambda e, n: f"退出行程（{word(e.why)}）",
    "GuardianAgreed": lambda e, n: (
        f"监护人{n.person(e.guardian)}同意{n.person(e.person)}出行{_in(e.form or '')}"
    ),
    "PassengerDeparted": lambda e, n: f"出发{_found(e)}",
    "TripCancelled": lambda e, n: f"{n.union(e.union)}取消行程（{word(e.why)}）",
    # ── 疑点与争议 ──
    "QuestionRaised": lambda e, n: (
        f"{n.union(e.union)}提出{word(e.kind)}：针对{_cites(e, n)}{_in(_rule(e.rule))}，"
        f"请{n.union(e.asked)}{e.answer_days}日内答复"
        + (f"，由{n.union(e.judge)}裁定" if e.judge else "")
    ),
    "QuestionAnswered": lambda e, n: f"{n.union(e.union)}答复：{word(e.reply)}",
    "QuestionRuled": lambda e, n: (
        f"{n.union(e.union)}裁定：{word(e.verdict)}"
        + (f"，{e.remedy_days}日内整改" if e.remedy_days else "")
        + (f"，{e.appeal_days}日内可申诉" if e.appeal_days else "")
        + _found(e)
    ),
    "QuestionClosed": lambda e, n: (
        f"{n.union(e.union)}了结：{word(e.outcome)}"
        + _in("、".join(f"{n.province(r.origin)}第{r.position}号" for r in e.remedies))
    ),
    "SampleDrawn": lambda e, n: (
        f"抽样：从{n.province(e.population.origin)}{e.count}条记录中抽取{len(e.drawn)}条，"
        f"种子 {e.seed}"
    ),
    # ── 合作协议 ──
    "PartnershipProposed": lambda e, n: (
        f"提出《{e.title}》：{'、'.join(party.name for party in e.parties)}，{_term(e)}"
    ),
    "PartnershipSigned": lambda e, n: f"{n.union(e.party)}签署协议{_paper(e)}",
    "PartnershipDeclined": lambda e, n: f"{n.union(e.party)}不予签署协议{_paper(e)}",
    "AnnexProposed": lambda e, n: f"提出附件第{e.version}版，{_term(e)}",
    "AnnexSigned": lambda e, n: f"{n.union(e.party)}签署附件第{e.version}版{_paper(e)}",
    "PartnershipNoticeGiven": lambda e, n: (
        f"{n.union(e.party)}通知于{_day(e.ends)}终止协议{_paper(e)}"
    ),
    "PartnershipEndAgreed": lambda e, n: (
        f"{n.union(e.party)}同意于{_day(e.ends)}终止协议{_paper(e)}"
    ),
    "NodeAnnounced": lambda e, n: (
        f"{n.union(e.party)}公示节点：{e.node.address}，"
        f"证书{len(e.node.certificates)}份，公钥{len(e.node.keys)}把"
    ),
    # ── 维权 ──
    "CaseOpened": lambda e, n: (
        f"{n.union(e.union)}受理{e.number}（{word(e.kind)}，{word(e.channel)}"
        + (f"，{word(e.priority)}" if e.priority is rights.Priority.GREEN else "")
        + f"）：{e.claimants}人诉{'、'.join(p.name for p in e.parties)}，{_money(e)}"
    ),
    "ClaimantsAdded": lambda e, n: f"{n.union(e.union)}增加{e.claimants}人，{_money(e)}",
    "ClaimMade": lambda e, n: (
        f"提出诉求：{_money(e)}" + (f"（{_day(e.since)}起）" if e.since else "")
    ),
    "ClaimRevised": lambda e, n: f"诉求变更为{_money(e)}（{word(e.why)}）",
    "ClaimWithdrawn": lambda e, n: "撤回诉求",
    "RepresentativeChosen": lambda e, n: f"推举{n.person(e.person)}为职工代表",
    "PartyNamed": lambda e, n: f"追加{word(e.party.role)}{e.party.name}",
    "HelpAsked": lambda e, n: (
        f"{n.union(e.union)}商请{n.union(e.to_union)}{word(e.kind)}，{_day(e.due)}前答复"
    ),
    "CaseJoined": lambda e, n: f"{n.union(e.union)}参与办理",
    "HelpDeclined": lambda e, n: f"{n.union(e.union)}不予协作（{word(e.ground)}）",
    "CaseLeft": lambda e, n: f"{n.union(e.union)}退出协办",
    "LeadOffered": lambda e, n: (
        f"{n.union(e.union)}将主办移交{n.union(e.to_union)}（{word(e.reason)}），"
        f"{_day(e.deadline)}前答复"
    ),
    "LeadAccepted": lambda e, n: f"{n.union(e.union)}同意接办",
    "LeadDeclined": lambda e, n: f"{n.union(e.union)}不予接办（{word(e.ground)}）",
    "LeadReleased": lambda e, n: f"主办由{n.union(e.union)}移至{n.union(e.to_union)}",
    "LeadReturned": lambda e, n: f"移交退回{n.union(e.union)}（{word(e.ground)}），主办不变",
    "LeadLapsed": lambda e, n: f"移交逾期未答复而失效，仍由{n.union(e.union)}主办",
    "LeadWithdrawn": lambda e, n: f"{n.union(e.union)}撤回移交，主办不变",
    "ClockStarted": lambda e, n: (
        f"{word(e.kind)}自{_day(e.since)}起算，至{_day(e.due)}届满"
        + (f"（{n.person(e.person)}）" if e.person else "")
    ),
    "ClockInterrupted": lambda e, n: f"期限中断（{word(e.why)}），重新计算至{_day(e.due)}",
    "ClockPaused": lambda e, n: f"期限中止（{word(e.why)}），尚余{e.left}日",
    "ClockResumed": lambda e, n: f"期限恢复计算，至{_day(e.due)}届满",
    "ClockExtended": lambda e, n: f"期限经批准延长至{_day(e.due)}{_paper(e)}",
    "ClockMet": lambda e, n: "期限事项已办",
    "CaseStepTaken": lambda e, n: f"{n.union(e.union)}{word(e.doing)}",
    "LetterSent": lambda e, n: (
        f"{n.union(e.union)}向{e.addressee}发{word(e.kind)}（{e.paper}）"
        + (
            f"，{e.answer_days}个工作日内（{_day(e.due)}前）答复"
            if e.answer_days
            else f"，{_day(e.due)}前答复"
            if e.due
            else ""
        )
    ),
    "LetterAnswered": lambda e, n: f"对方复函：{word(e.reply)}{_paper(e)}",
    "CaseBroughtBefore": lambda e, n: (
        f"{n.union(e.union)}移送{word(e.to)}：{e.body}{_in(e.number or '')}"
    ),
    "OutsideNumberGiven": lambda e, n: f"登记外部编号 {e.number}",
    "OutsideAnswered": lambda e, n: f"外部办理结果：{word(e.result)}{_paper(e)}",
    "SettlementAgreed": lambda e, n: (
        f"{word(e.route)}达成协议：{e.claimants}人，{_money(e)}，分{len(e.instalments)}期"
        + _paper(e)
    ),
    "ShareAgreed": lambda e, n: f"应得{_money(e)}，分{len(e.instalments)}期",
    "RecoveryRecorded": lambda e, n: (
        f"第{e.instalment}笔到账（{word(e.payer)}，{word(e.means)}）：{e.claimants}人，{_money(e)}"
        + _in(e.reference or "")
    ),
    "RecoveryReported": lambda e, n: (
        f"通报到账（{word(e.payer)}，{word(e.means)}）：{e.claimants}人，{_money(e)}"
        + _in(e.reference or "")
    ),
    "RecoveryMatched": lambda e, n: "通报的到账与已登记的核对一致，只计一次",
    "ShareRecovered": lambda e, n: f"到账{_money(e)}",
    "ShareConfirmed": lambda e, n: f"确认收讫（{word(e.proof)}）",
    "ShareDenied": lambda e, n: "反映未收到",
    "CalledBack": lambda e, n: (
        f"回访：{word(e.said) or '已联系'}" if e.reached else f"回访{e.tries}次未联系上"
    ),
    "CaseClosed": lambda e, n: (
        f"{n.union(e.union)}结案：{word(e.outcome)}{_in(word(e.why))}，"
        f"应付{_yuan(e.wages_due + e.compensation_due)}，"
        f"追回{_yuan(e.wages_recovered + e.compensation_recovered)}"
    ),
    "ClosureDisputed": lambda e, n: f"{n.union(e.union)}对结案提出异议（{word(e.ground)}）",
    "ClosureUpheld": lambda e, n: f"{n.union(e.union)}维持结案",
    "CaseReopened": lambda e, n: (
        f"{n.union(e.union)}重启案件（{word(e.why)}"
        + (f"，{n.person(e.person)}" if e.person else "")
        + "）"
    ),
    "HelpRequested": lambda e, n: (
        f"向{n.union(e.union)}提出诉求：{word(e.want)}"
        + (f"，{_yuan(e.amount)}" if e.amount else "")
        + (f"，现在{n.union(e.to_union)}" if e.to_union else "")
    ),
    "HelpTakenUp": lambda e, n: f"{n.union(e.union)}受理诉求",
    "HelpPassedOn": lambda e, n: f"{n.union(e.union)}将诉求转{n.union(e.to_union)}办理",
    "HelpSettled": lambda e, n: f"{n.union(e.union)}办结诉求：{word(e.outcome)}",
    # ── 个人信息 ──
    "RetentionAdopted": lambda e, n: (
        f"通过保存期限规定（{e.edition}），自{_day(e.since)}起施行："
        + "，".join(f"{word(t.kept)}{t.years}年" for t in e.terms)
        + _paper(e)
    ),
    "PersonRestricted": lambda e, n: (
        f"限制处理（{word(e.ground)}）：除存储外停止一切处理"
        + (f"，{_held(e)}保存期限至{_day(e.until)}" if e.held_by else "，无须继续保存")
        + _paper(e)
        + _acting(e, n)
    ),
    "RestrictionLifted": lambda e, n: f"解除限制处理（{word(e.why)}）{_paper(e)}",
    "PersonShredded": lambda e, n: (
        f"个人信息已删除（{word(e.ground)}）：密钥已销毁，不能恢复{_paper(e)}" + _acting(e, n)
    ),
    "ShredRequested": lambda e, n: f"请{n.province(e.partner)}一并删除此人信息",
    "ShredAnswered": lambda e, n: (
        f"就{n.province(e.partner)}的删除请求答复：{word(e.answer)}"
        + (f"（{_held(e)}）" if e.held_by else "")
        + (f"，至{_day(e.until)}" if e.until else "")
    ),
    "GlassBroken": lambda e, n: (
        f"紧急查阅（{word(e.situation)}）：{e.hours}小时，应于{_day(e.review_by)}前复核"
    ),
    "GlassReviewed": lambda e, n: f"紧急查阅复核：{word(e.found)}",
    "LossDeclared": lambda e, n: (
        f"声明登记丢失：由备份恢复到第{e.held}笔，对方给回{e.recovered}笔，"
        + "、".join(
            f"第{s.first}笔" if s.first == s.last else f"第{s.first}至{s.last}笔" for s in e.lost
        )
        + f"无人保存{_paper(e)}"
    ),
    "EpochBegun": lambda e, n: f"总账起第{e.number}期，自此以 {e.log} 之名签名{_paper(e)}",
    "CardAdmitted": lambda e, n: (
        f"收下{e.party.name}的节点名片（{e.party.node.address if e.party.node else e.party.origin}）"
    ),
    "AlarmSettled": lambda e, n: (
        f"处置{n.province(_origin(e.log))}的警示（{e.alarm[:8]}）：{word(e.cause)}，{e.finding}"
        + _in(f"来函 {e.letter}" if e.letter else "")
    ),
    "RecordLost": lambda e, n: "此处原有一笔登记，已声明丢失",
    "ReadsSealed": lambda e, n: f"封存{_day(e.first)}至{_day(e.last)}的查阅日志，共{e.count}条",
}
"""By kind of fact. A kind that is missing here is shown by its own word."""
