"""The closed lists of membership (会籍用语): channels, proofs, grounds, reasons, states."""

from dataclasses import dataclass
from enum import StrEnum

from ledger.domain.kernel import Code

# ── 会籍归属 ──────────────────────────────────────────────────────────────────────────────────────


class State(StrEnum):
    """Where a membership stands (会籍状态)."""

    UNKNOWN = "unknown"  # 无记录
    APPLIED = "applied"  # 已申请
    REFUSED = "refused"  # 未批准
    WITHDRAWN = "withdrawn"  # 已撤回申请
    MEMBER = "member"  # 在册
    RETAINED = "retained"  # 保留会籍
    OFFERED = "offered"  # 转出中，待接收
    ACCEPTED = "accepted"  # 已接收，待转出方确认
    ENDED = "ended"  # 会籍终止


class Ending(StrEnum):
    """How a membership ended (终止方式)."""

    LEFT = "left"  # 退会
    DEEMED_LEFT = "deemed_left"  # 自动退会
    EXPELLED = "expelled"  # 开除会籍
    DIED = "died"  # 死亡
    HANDED_OUT = "handed_out"  # 转出至系统外工会
    SETTLED = "settled"  # 重复会籍归并


class OfferState(StrEnum):
    """Where an offer stands, as far as is known here (接转状态)."""

    OPEN = "open"  # 待接收
    ACCEPTED = "accepted"  # 已接收，待转出方确认
    DECLINED = "declined"  # 不予接收，待转出方确认
    RELEASED = "released"  # 已转出
    RECEIVED = "received"  # 已转入
    RETURNED = "returned"  # 已退回
    LAPSED = "lapsed"  # 逾期失效
    WITHDRAWN = "withdrawn"  # 已撤回


class Answer(StrEnum):
    """What the receiver said to an offer (接收方答复)."""

    ACCEPTED = "accepted"  # 接收
    DECLINED = "declined"  # 不予接收


class Outcome(StrEnum):
    """The one outcome that the origin gives an offer (转出方结果)."""

    RELEASED = "released"  # 转出
    RETURNED = "returned"  # 退回
    LAPSED = "lapsed"  # 逾期失效
    WITHDRAWN = "withdrawn"  # 撤回


# ── 入会 ────────────────────────────────────────────────────────────────────────────────────────


class Channel(StrEnum):
    """The ways into the union (入会渠道, E11)."""

    FIRM = "firm"  # 单位工会
    VILLAGE = "village"  # 源头入会：户籍地村工会
    COMMUNITY = "community"  # 务工地村（社区）
    AWAY = "away"  # 外出务工人员工会、驻外工会委员会
    PROJECT = "project"  # 项目工会
    JOINT = "joint"  # 联合基层工会、工会联合会
    FALLBACK = "fallback"  # 区域（行业）工会兜底
    QR = "qr"  # 扫码入会
    DRIVE = "drive"  # 入会集中行动
    DISPATCH = "dispatch"  # 劳务派遣单位
    PLAIN = "plain"  # 本人申请


@dataclass(frozen=True)
class Way:
    """One channel as the sources have it: who approves, and which system it comes from."""

    zh: str
    approver: str
    kinds: frozenset[Code]  # kinds of union that may approve; none named: any
    source: str


def _way(zh: str, approver: str, kinds: str, source: str) -> Way:
    return Way(zh, approver, frozenset(Code(kind) for kind in kinds.split()), source)


CHANNELS: dict[Channel, Way] = {
    Channel.FIRM: _way("单位工会", "用人单位工会", "grassroots group joint", "YD02① YG02"),
    Channel.VILLAGE: _way(
        "源头入会",
        "户籍地村级工会；没有的，户籍地上一级工会",
        "village township federation",
        "YA02 YD02②",
    ),
    Channel.COMMUNITY: _way(
        "务工地村（社区）入会",
        "务工地村（社区）工会；没有的，上一级工会",
        "village township federation",
        "YD02③",
    ),
    Channel.AWAY: _way("外出务工人员工会", "驻外工会委员会", "away_committee", "YB01 YD02②"),
    Channel.PROJECT: _way("项目工会", "项目工会", "project", "YG06"),
    Channel.JOINT: _way(
        "联合基层工会", "联合基层工会、工会联合会", "joint union_federation", "YA03"
    ),
    Channel.FALLBACK: _way(
        "兜底入会", "区域（行业）工会", "sector township industry union_federation", "YG05"
    ),
    Channel.QR: _way("扫码入会", "所扫二维码的工会", "", "YG04"),
    Channel.DRIVE: _way("入会集中行动", "行动指定的工会", "", "YA01"),
    Channel.DISPATCH: _way("劳务派遣单位", "派遣单位工会", "grassroots group joint", "YF14"),
    Channel.PLAIN: _way("本人申请", "所申请的工会", "", "E2 E4 E5"),
}
"""The channels of E11 as data: which union approves, by kind."""


class Confirmed(StrEnum):
    """How the worker's own will is shown (本人确认方式, E2, E9)."""

    SIGNED = "signed"  # 本人签字
    SPOKEN = "spoken"  # 口头申请
    PHONE = "phone"  # 电话确认
    MESSAGE = "message"  # 短信、微信确认
    ONLINE = "online"  # 网上本人提交
    LIST = "list"  # 名单盖章


class Proof(StrEnum):
    """What shows a membership (会籍凭证, T4)."""

    CARD = "card"  # 会员证（卡）
    LETTER = "letter"  # 介绍信、接转函
    REGISTER = "register"  # 会员登记表
    VOUCHER = "voucher"  # 电子接转凭证
    WORD = "word"  # 本人说明


class DeclineGround(StrEnum):
    """Why an application is not granted (不予批准理由)."""

    NOT_A_WORKER = "not_a_worker"  # 不是以工资收入为主要生活来源的劳动者
    ANOTHER_UNION = "another_union"  # 应由其他工会批准
    ALREADY_A_MEMBER = "already_a_member"  # 已是会员
    IDENTITY_DIFFERS = "identity_differs"  # 身份不符
    NOT_WILLING = "not_willing"  # 本人未同意
    OTHER = "other"  # 其他


# ── 接转 ────────────────────────────────────────────────────────────────────────────────────────


class TransferReason(StrEnum):
    """Why a membership is to move (接转原因)."""

    WORKS_THERE = "works_there"  # 到当地务工
    CHANGED_EMPLOYER = "changed_employer"  # 变更工作单位
    RETURNED_HOME = "returned_home"  # 返乡
    NO_UNION_THERE = "no_union_there"  # 新单位无工会，暂留居住地工会（T6）
    SECONDED = "seconded"  # 借调六个月以上（T11）
    UNION_ENDED = "union_ended"  # 原工会撤销
    HANDOVER = "handover"  # 成批输送交接（YC11）
    REQUESTED = "requested"  # 应对方商请
    OTHER = "other"  # 其他


class Ground(StrEnum):
    """The closed list of grounds to decline (不予接收理由). 单位没有工会不是理由。"""

    NOT_FOUND = "not_found"  # 查无此人
    NO_WORK_RELATION = "no_work_relation"  # 在此无劳动关系
    IDENTITY_DIFFERS = "identity_differs"  # 身份不符
    ALREADY_A_MEMBER = "already_a_member"  # 已是本地会员
    WORKER_OBJECTS = "worker_objects"  # 本人不同意
    OTHER = "other"  # 其他：写明理由，报上级


class WithdrawReason(StrEnum):
    """Why an offer is withdrawn (撤回原因)."""

    MISDIRECTED = "misdirected"  # 发错工会
    WORKER_STAYS = "worker_stays"  # 本人不走了
    WORKER_OBJECTS = "worker_objects"  # 本人不同意
    LEFT = "left"  # 已退会
    EXPELLED = "expelled"  # 已开除
    DIED = "died"  # 死亡
    HANDED_OUT = "handed_out"  # 已转出至系统外工会
    SETTLED = "settled"  # 重复会籍归并
    ANNULLED = "annulled"  # 会籍记录已作废
    PARTNERSHIP_ENDED = "partnership_ended"  # 合作终止
    OTHER = "other"  # 其他


class EscalationCause(StrEnum):
    """Why a transfer goes to the superior (报上级原因)."""

    UNANSWERED = "unanswered"  # 逾期未答复
    DECLINED_OTHERWISE = "declined_otherwise"  # 以“其他”理由不予接收
    DISAGREED = "disagreed"  # 对理由有异议


class Ruling(StrEnum):
    """What the superior finds (上级答复)."""

    TO_BE_ACCEPTED = "to_be_accepted"  # 应当接收，请重新转出
    RIGHTLY_DECLINED = "rightly_declined"  # 理由成立
    ELSEWHERE = "elsewhere"  # 应由其他工会接收
    DEALT_WITH = "dealt_with"  # 已协调办理


# ── 商请 ────────────────────────────────────────────────────────────────────────────────────────


class RefusalGround(StrEnum):
    """Why a request is refused (不予转出理由)."""

    NOT_A_MEMBER = "not_a_member"  # 查无会籍
    ENDED = "ended"  # 会籍已终止
    MOVED_ON = "moved_on"  # 会籍已转至其他工会
    IDENTITY_DIFFERS = "identity_differs"  # 身份不符
    WORKER_OBJECTS = "worker_objects"  # 本人不同意
    OTHER = "other"  # 其他：写明理由


class RequestState(StrEnum):
    """Where a request stands (商请状态)."""

    UNKNOWN = "unknown"  # 无记录
    OPEN = "open"  # 待答复
    ANSWERED = "answered"  # 已转出
    REFUSED = "refused"  # 不予转出
    CLOSED = "closed"  # 已了结


class RequestClosing(StrEnum):
    """Why the asking union closes its request (了结原因)."""

    RECEIVED = "received"  # 会籍已转入
    REFUSED = "refused"  # 对方不予转出
    WORKER_GONE = "worker_gone"  # 本人已离开
    MISTAKEN = "mistaken"  # 误发
    CAME_TO_NOTHING = "came_to_nothing"  # 接转未成


# ── 管理与终止 ─────────────────────────────────────────────────────────────────────────────────────


class Retention(StrEnum):
    """Why a membership is retained (保留会籍原因, R2–R4, T6). 待岗、内退不变，不必办理。"""

    UNEMPLOYED = "unemployed"  # 失业
    EMPLOYER_ENDED = "employer_ended"  # 单位关闭、破产
    RETIRED = "retired"  # 退休
    UNION_DISSOLVED = "union_dissolved"  # 工会撤销
    PROJECT_ENDED = "project_ended"  # 项目结束
    NO_UNION_YET = "no_union_yet"  # 新单位尚无工会，暂留居住地工会
    OTHER = "other"  # 其他


class Card(StrEnum):
    """What became of the card (会员证处理, R5)."""

    KEPT = "kept"  # 本人保留
    TAKEN_BACK = "taken_back"  # 收回
    VOID = "void"  # 声明作废
    NONE = "none"  # 未发证


class Means(StrEnum):
    """How someone was urged (催告方式)."""

    LETTER = "letter"  # 书面
    PHONE = "phone"  # 电话
    MESSAGE = "message"  # 短信、微信
    VISIT = "visit"  # 上门


class ManagementEnding(StrEnum):
    """Why entrusted management ended (委托管理终止原因)."""

    EXPIRED = "expired"  # 期满
    RECALLED = "recalled"  # 委托方收回
    GIVEN_BACK = "given_back"  # 受托方退回
    WORK_ENDED = "work_ended"  # 用工结束


class Reinstatement(StrEnum):
    """Why a membership that had ended stands again (恢复会籍原因)."""

    ENDING_ANNULLED = "ending_annulled"  # 终止记录作废
    APPEAL_UPHELD = "appeal_upheld"  # 申诉成立
