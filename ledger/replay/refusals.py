"""The facts of a refusal, in words (拒绝的事实): how much is left, until when, who had which part.

A rule's facts are what it turned on (`Refused.facts`). A person is told each by a label and a value:
dates as dates, codes by their words, money in yuan, things by their names. What has no word is left
out, never shown as it stands in the code.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple, cast

from ledger.domain.forgetting import Needed
from ledger.domain.ids import is_id
from ledger.domain.kernel import Event, Refused
from ledger.domain.money import yuan
from ledger.replay.words import word

MONEY = "{} 元"
DAYS = "{} 天"
PEOPLE = "{} 人"
RECORD = "第 {} 笔"


class Asked(NamedTuple):
    """How one fact is told: what it is called, and a number with its unit."""

    label: str
    unit: str = "{}"


class Told(NamedTuple):
    """One fact of a refusal: its label, and its values; an id among them is a thing to be named."""

    label: str
    values: tuple[str, ...]


FACTS: Mapping[str, Asked] = {
    "above": Asked("金额档次", MONEY),
    "absent_since": Asked("未交会费、未参加活动自"),
    "address": Asked("节点地址"),
    "allowed": Asked("办法允许"),
    "already": Asked("此前已救助", MONEY),
    "amount": Asked("本次金额", MONEY),
    "answer": Asked("已有答复"),
    "answer_days": Asked("答复天数", DAYS),
    "applied": Asked("申请日期"),
    "applied_on": Asked("申请日期"),
    "approved": Asked("审批金额", MONEY),
    "approver": Asked("须由谁审批"),
    "approving": Asked("应由谁批准"),
    "asked": Asked("被问的工会"),
    "asker": Asked("提出人"),
    "auditor": Asked("经审人员"),
    "balance": Asked("可用余额", MONEY),
    "basis": Asked("法律依据"),
    "bearer": Asked("出资工会"),
    "before": Asked("前一版施行日期"),
    "beneficiary": Asked("受助人"),
    "by": Asked("办理工会"),
    "cancelled": Asked("取消原因"),
    "categories": Asked("档案类别"),
    "category": Asked("本人档案类别"),
    "certificates": Asked("证书", "{} 份"),
    "channel": Asked("所选渠道"),
    "characters": Asked("已写", "{} 字"),
    "claimants": Asked("职工人数", PEOPLE),
    "closed": Asked("关闭日期"),
    "closed_on": Asked("结案日期"),
    "code": Asked("所填代码"),
    "columns": Asked("列数", "{} 列"),
    "count": Asked("所填数量"),
    "days": Asked("天数", DAYS),
    "deadline": Asked("答复期限"),
    "decider": Asked("决定人"),
    "decimals": Asked("小数位数", "{} 位"),
    "declined": Asked("不予签署的一方"),
    "denied": Asked("不予支持", MONEY),
    "departed": Asked("已出发", PEOPLE),
    "division": Asked("行政区划代码"),
    "document": Asked("已登记的证件"),
    "doing": Asked("办理步骤"),
    "due": Asked("期限"),
    "duty": Asked("职责"),
    "earliest": Asked("最早截止日期"),
    "edition": Asked("文号或版本号"),
    "end": Asked("移交结果"),
    "ending": Asked("会籍终止原因"),
    "event": Asked("办理事项"),
    "files": Asked("已有的档案"),
    "first": Asked("警示首次出现"),
    "found": Asked("文件编码"),
    "fund": Asked("资金"),
    "given": Asked("所列类别"),
    "grant": Asked("救助"),
    "grants": Asked("疑似重复的救助"),
    "ground": Asked("所选资格"),
    "grounds": Asked("所选资格"),
    "groups": Asked("信息类别"),
    "has": Asked("已在此笔担任"),
    "heading": Asked("重复的表头"),
    "held": Asked("已有任职"),
    "helps": Asked("办法救助的类别"),
    "held_by": Asked("已有的登记"),
    "holder": Asked("会籍所在工会"),
    "hours": Asked("所填时长", "{} 小时"),
    "how": Asked("签收方式"),
    "instalment": Asked("期次", "第 {} 期"),
    "instead": Asked("更正为"),
    "judge": Asked("裁定工会"),
    "keeper": Asked("管账工会"),
    "kept": Asked("类别"),
    "kind": Asked("种类"),
    "kinds": Asked("事实种类"),
    "last": Asked("现有版本", "第 {} 版"),
    "lead": Asked("主办工会"),
    "ledger": Asked("本总账所属工会"),
    "least": Asked("至少"),
    "length": Asked("字数", "{} 字"),
    "listed": Asked("明细合计", MONEY),
    "location": Asked("所在地代码"),
    "lost": Asked("未重发的付款", RECORD),
    "main": Asked("主要原因"),
    "may": Asked("可以办理的"),
    "members": Asked("去向未定", PEOPLE),
    "membership": Asked("会籍"),
    "missing": Asked("尚缺的步骤"),
    "mode": Asked("发放方式"),
    "months": Asked("须满", "{} 个月"),
    "most": Asked("上限"),
    "name": Asked("所填名称"),
    "needed": Asked("约定次数", "{} 次"),
    "needs": Asked("未了事项"),
    "newest": Asked("现行版本", "第 {} 版"),
    "number": Asked("编号"),
    "objection": Asked("异议", "第 {} 号"),
    "objections": Asked("未了的异议", "第 {} 号"),
    "offer": Asked("接转"),
    "offered": Asked("转出日期"),
    "office": Asked("岗位"),
    "officer": Asked("声明人"),
    "on": Asked("业务日期"),
    "open": Asked("尚欠", MONEY),
    "opened_by": Asked("建档人"),
    "ordered": Asked("已决定追回", MONEY),
    "organisers": Asked("组织单位", "{} 家"),
    "other": Asked("另一方"),
    "others": Asked("所列各项"),
    "outcome": Asked("所选结果"),
    "owner": Asked("主办工会"),
    "paid": Asked("已付", MONEY),
    "parties": Asked("所列各方", "{} 方"),
    "partner": Asked("对方省"),
    "partners": Asked("有协议的省"),
    "partnership": Asked("协议"),
    "parts": Asked("逐人之和", MONEY),
    "party": Asked("协议方"),
    "payee": Asked("收款人"),
    "payment": Asked("付款", RECORD),
    "payments": Asked("未了的付款", RECORD),
    "per": Asked("限额口径"),
    "person": Asked("所涉人员"),
    "place": Asked("所填代码"),
    "population": Asked("总体", "{} 笔"),
    "position": Asked("总账位置", RECORD),
    "problems": Asked("号码的问题"),
    "proof": Asked("凭证"),
    "purpose": Asked("用途"),
    "quota": Asked("名额", PEOPLE),
    "reason": Asked("所选原因"),
    "receiver": Asked("接收方"),
    "record": Asked("所写记录"),
    "records": Asked("所写记录"),
    "recovered": Asked("已追回", MONEY),
    "reply": Asked("答复"),
    "reserved": Asked("已留用", MONEY),
    "result": Asked("已有结果"),
    "row": Asked("所在行", "第 {} 行"),
    "rows": Asked("行数", "{} 行"),
    "ruling_days": Asked("裁定天数", DAYS),
    "scheme": Asked("办法"),
    "scopes": Asked("共享范围"),
    "second": Asked("所填第二人"),
    "services": Asked("服务项目"),
    "sheet": Asked("工作表"),
    "sheets": Asked("工作表"),
    "since": Asked("开始日期"),
    "size": Asked("样本量", "{} 笔"),
    "source": Asked("资金来源"),
    "stage": Asked("办理结果"),
    "state": Asked("现状"),
    "station": Asked("服务站点"),
    "step": Asked("步骤"),
    "superior": Asked("上级工会"),
    "taken_back": Asked("已追回", MONEY),
    "to": Asked("去向"),
    "to_take_back": Asked("待追回", MONEY),
    "today": Asked("今天"),
    "total": Asked("所填合计", MONEY),
    "tries": Asked("已联系", "{} 次"),
    "trip": Asked("行程"),
    "under_way": Asked("在途", MONEY),
    "unfunded": Asked("尚无资金来源", MONEY),
    "union": Asked("工会"),
    "unions": Asked("下级工会", "{} 家"),
    "until": Asked("截止日期"),
    "valid_until": Asked("所填有效期"),
    "verdict": Asked("裁定"),
    "version": Asked("所填版本", "第 {} 版"),
    "waiting": Asked("尚未签署"),
    "who": Asked("须回避的人"),
    "years": Asked("所填年限", "{} 年"),
}
"""What a fact is called wherever a rule below does not call it otherwise."""

OF_A_RULE: Mapping[tuple[str, str], Asked] = {
    ("AboveTheCap", "most"): Asked("上限", MONEY),
    ("AllottedAside", "other"): Asked("另一管账工会"),
    ("AlreadyAnnulled", "by"): Asked("作废的记录", RECORD),
    ("AlreadyCorrected", "by"): Asked("更正后的记录", RECORD),
    ("AppliedAfterApproval", "approved"): Asked("名单批准日期"),
    ("AppealTooLate", "until"): Asked("申诉期限"),
    ("CapUnderOneFen", "most"): Asked("所填限额", MONEY),
    ("CaseIsClosed", "on"): Asked("结案日期"),
    ("CaseIsClosed", "outcome"): Asked("结案方式"),
    ("CausesOutOfForm", "others"): Asked("次要原因"),
    ("DeathOnRecord", "on"): Asked("登记的去世日期"),
    ("DeciderHeldNoOffice", "who"): Asked("决定人"),
    ("DepartedAlready", "on"): Asked("出发日期"),
    ("DossierTooLong", "records"): Asked("所涉记录", "{} 条"),
    ("DuplicateOfNothing", "other"): Asked("保留的档案"),
    ("EmergencyWithoutReview", "days"): Asked("补审天数", DAYS),
    ("FundNotEmpty", "balance"): Asked("余额", MONEY),
    ("FundNotEmpty", "offered"): Asked("在途划转", MONEY),
    ("GlassTooLong", "most"): Asked("最长", "{} 小时"),
    ("LateWithoutReason", "days"): Asked("须说明原因的天数", "超过 {} 天"),
    ("LeadNotOfferedToYou", "to"): Asked("被移交的工会"),
    ("LeadOfferOpen", "to"): Asked("被移交的工会"),
    ("NoSuchParty", "party"): Asked("所写当事人", "第 {} 方"),
    ("NoSuchShareOffer", "offer"): Asked("划转"),
    ("NotAddressedToYou", "to"): Asked("发往的工会"),
    ("NotAskedOfYou", "asked"): Asked("被商请的工会"),
    ("NotCalledBack", "claimants"): Asked("尚未回访", PEOPLE),
    ("NotEntrusted", "to"): Asked("所填工会"),
    ("NotHeld", "other"): Asked("另一笔救助"),
    ("NotLinked", "other"): Asked("另一份档案"),
    ("NotTheApprovingUnion", "may"): Asked("该渠道可由何类工会批准"),
    ("NotYourOffice", "may"): Asked("有权办理的岗位"),
    ("NothingEscalated", "to"): Asked("报请的上级"),
    ("NoticeStands", "until"): Asked("公示截止日期"),
    ("NoticeTooShort", "asked"): Asked("约定提前", DAYS),
    ("NoticeTooShort", "days"): Asked("实际提前", DAYS),
    ("NoticeWithoutDays", "days"): Asked("公示天数", DAYS),
    ("OfferOpen", "to"): Asked("转往"),
    ("OutcomeNotBorneOut", "due"): Asked("应付", MONEY),
    ("ReasonTooShort", "least"): Asked("至少", "{} 字"),
    ("ReceiptWithoutDays", "days"): Asked("签收天数", DAYS),
    ("RecoveryAfterClosure", "on"): Asked("结案日期"),
    ("RosterOfUnknownKind", "ending"): Asked("文件类型"),
    ("SampleOutOfRange", "most"): Asked("一次至多", "{} 笔"),
    ("SchemeRepealedAlready", "since"): Asked("废止日期"),
    ("ShareAnswerKnown", "offer"): Asked("划转"),
    ("ShareGroundMissing", "offer"): Asked("划转"),
    ("ShorterThanTheLaw", "least"): Asked("法定最低", "{} 年"),
    ("SourceKept", "other"): Asked("另一资金的来源"),
    ("StationNotOpen", "closed"): Asked("撤销原因"),
    ("TermsStillRun", "until"): Asked("保存至"),
    ("TotalDiffers", "listed"): Asked("现在合计", MONEY),
    ("TotalDiffers", "total"): Asked("所见合计", MONEY),
    ("UnionNotOpen", "closed"): Asked("撤销日期"),
    ("UnionUnchanged", "code"): Asked("信用代码"),
    ("VoucherExpired", "until"): Asked("有效期至"),
    ("VoucherTooEarly", "since"): Asked("自何日起有效"),
    ("VoucherUsed", "on"): Asked("使用日期"),
}
"""What a fact is called in one rule."""

UNSAID = frozenset({
    # The page is about it, and names it.
    "activity", "aid_list", "clock", "closure", "consent", "glass", "household", "letter",
    "proposal", "recovery", "request", "stream",
    # Names and measures for machines.
    "audience", "digest", "bytes", "cells", "issuer", "joint", "key", "log", "origin", "origins",
    "part",
    "why",
    # The sentence says it already.
    "card_seen", "counts", "employers", "fields", "received", "voided",
})  # fmt: skip
"""Facts of which a person is told nothing."""

_TEXTS = frozenset({
    "address", "code", "division", "edition", "ending", "found", "fund", "heading", "location",
    "name", "number", "place", "receiver", "sheet", "sheets",
})  # fmt: skip
"""Facts that are a public text, said as it is."""
_POINTS = re.compile(r"[a-z0-9.-]+/[a-z0-9./_-]+(#\d+)?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_OF_MACHINES = frozenset({("HeadNotCited", "missing"), ("NothingLost", "held"),
                          ("NothingLost", "recovered"), ("RosterTooLarge", "most"),
                          ("RosterTooLarge", "parts")})  # fmt: skip


def told(rule: Refused) -> tuple[Told, ...]:
    """What a refusal turned on, fact by fact, in the order in which the rule gives them."""
    return tuple(_told(type(rule).__name__, rule.facts))


def in_names(facts: Iterable[Told], names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Label and text of each fact; things by these names, and what has none left out."""
    said = [
        (fact.label, [names.get(each, "") if to_be_named(each) else each for each in fact.values])
        for fact in facts
    ]
    return [(label, "、".join(filter(None, values))) for label, values in said if any(values)]


def to_be_named(value: str) -> bool:
    """Whether a value points at something: an id, a journal, a record's place in one."""
    return is_id(value) or _POINTS.fullmatch(value) is not None


def _told(rule: str, facts: Mapping[str, Any]) -> Iterator[Told]:
    for key, value in facts.items():
        asked = OF_A_RULE.get((rule, key)) or FACTS.get(key)
        if asked is not None and (rule, key) not in _OF_MACHINES:
            several = isinstance(value, list | tuple | set | frozenset)
            every = cast("Iterable[object]", value) if several else (value,)
            values = [said for one in every if (said := _said(one, key, asked.unit))]
            if values:
                yield Told(asked.label, tuple(dict.fromkeys(values)))


def _said(value: object, key: str, unit: str) -> str:
    """One value in words; empty where there is none for it."""
    match value:
        case bool():
            return ""
        case int():
            return unit.format(yuan(value) if unit is MONEY else value)
        case StrEnum():
            return word(value)
        case date():
            return value.isoformat()
        case str() if key == "needs":  # what it is, and which
            return word(Needed(value.partition(" ")[0]))
        case str() if value in Event.kinds:
            return (Event.kinds[value].__doc__ or "").partition(":")[0]
        case str() if value in Refused.rules:
            return Refused.rules[value].zh.rstrip("。")
        case str() if key in _TEXTS or to_be_named(value) or _DAY.fullmatch(value):
            return value
        case _:
            return ""
