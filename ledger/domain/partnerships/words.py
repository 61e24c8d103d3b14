"""Words of agreements (协议用语): parties, nodes, liaisons, and the terms of an annex."""

from dataclasses import dataclass
from enum import StrEnum

from ledger.domain.ids import UnionId
from ledger.domain.kernel import Code, Group, Office, PublicText, Scope

USUAL_GROUPS = (Group.CONTACT, Group.IDENTITY, Group.MEMBERSHIP)
"""The data groups that a transfer opens where an annex does not say otherwise."""


@dataclass(frozen=True)
class Node:
    """Where a party's ledger is reached (节点), and by what its partners know it."""

    address: Code  # https://…
    certificates: tuple[Code, ...]  # X.509, DER in base64; while one follows another, both
    keys: tuple[Code, ...]  # 公钥 (vkey): of its journal, as a witness, as a mirror


@dataclass(frozen=True)
class Party:
    """A federation that makes the agreement (协议方), and the journal that it records in."""

    union: UnionId
    origin: Code
    province: Code  # 行政区划代码前两位
    name: PublicText
    contact: PublicText = ""  # 对外公布的联系方式（个人信息保护法第二十三条）
    node: Node | None = None  # 各方签署即固定


class ThirdPartyRole(StrEnum):
    """What a third party is (第三方角色)."""

    CHAMBER = "chamber"  # 商会
    LIAISON_OFFICE = "liaison_office"  # 政府驻外办事处
    RAILWAY = "railway"  # 铁路
    LABOUR_DEPARTMENT = "labour_department"  # 人社部门
    OTHER = "other"  # 其他


@dataclass(frozen=True)
class ThirdParty:
    """A body that takes part and signs nothing here (第三方)."""

    name: PublicText
    role: ThirdPartyRole


@dataclass(frozen=True)
class Liaison:
    """Which office of which union answers for a party (联络员); the person is found by office."""

    party: UnionId
    union: UnionId
    office: Office = Office.LIAISON


class Unanswered(StrEnum):
    """What becomes of a transfer that is not answered in time (逾期未答复)."""

    LAPSES = "lapses"  # 失效，会籍仍在转出方
    ESCALATES = "escalates"  # 报接收方上级，再过同样期限失效


class CountedBy(StrEnum):
    """Which side counts a member (统计口径, T13)."""

    HOST = "host"  # 输入地
    HOME = "home"  # 输出地


class AtEnd(StrEnum):
    """What becomes of open transfers and cases when the agreement ends (终止时未结事项)."""

    FINISH = "finish"  # 继续办结
    HAND_BACK = "hand_back"  # 退回原籍方


@dataclass(frozen=True, kw_only=True)
class Annex:
    """One version of the terms (附件): what is shared, by when one answers, who counts and pays."""

    scopes: tuple[Scope, ...]
    groups: tuple[Group, ...] = USUAL_GROUPS
    answer_days: int  # 接转答复期限（工作日）
    unanswered: Unanswered
    request_days: int  # 商请转出答复期限（工作日），逾期报对方上级
    counted_by: CountedBy
    late_after_days: int  # 超过多少日登记须说明补录原因
    notice_days: int  # 单方终止须提前通知的日数
    at_end: AtEnd
    liaisons: tuple[Liaison, ...] = ()
    fund: Code | None = None  # 共管资金代号
    fund_keeper: UnionId | None = None  # 管账方
    purpose: PublicText = ""  # 处理目的、方式、各方责任的约定
    case_days: int = 10  # 维权案件商请协作、移交主办的答复期限（工作日）
    call_back_tries: int = 3  # 回访几次未联系上，方可记为未联系上
    heard_hours: int = 24  # 对方多少小时没有消息即提示
    witnessed_hours: int = 24  # 一笔登记最久多少小时须由对方见证
