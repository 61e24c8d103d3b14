"""The closed lists of rights cases (维权用语)."""

from enum import StrEnum


class CaseKind(StrEnum):
    """What a case is about (案由; C1)."""

    ARREARS = "arrears"  # 拖欠工资
    INJURY = "injury"  # 工伤医疗赔偿
    DISEASE = "disease"  # 职业病
    RELATIONS = "relations"  # 劳动关系不和谐
    CONTRACT = "contract"  # 劳动合同
    INSURANCE = "insurance"  # 社会保险
    DISMISSAL = "dismissal"  # 解除、终止


class Intake(StrEnum):
    """Where a case is taken in (受理渠道)."""

    UNION = "union"  # 工会来访
    STATION = "station"  # 服务站点
    AWAY_COMMITTEE = "away_committee"  # 外出劳务人员工会
    HOTLINE = "hotline"  # 12351 热线
    ONLINE = "online"  # 网上
    REFERRED = "referred"  # 外单位转来


class Priority(StrEnum):
    """How soon a case is taken up (办理次序)."""

    ORDINARY = "ordinary"  # 一般
    GREEN = "green"  # 绿色通道


class PartyRole(StrEnum):
    """As what somebody is called to account (对方当事人)."""

    EMPLOYER = "employer"  # 用人单位
    LABOUR_COMPANY = "labour_company"  # 劳务（派遣）单位
    CONTRACTOR = "contractor"  # 施工总承包单位
    DEVELOPER = "developer"  # 建设单位


class Payer(StrEnum):
    """Who paid (付款方; C12)."""

    EMPLOYER = "employer"  # 用人单位
    CONTRACTOR = "contractor"  # 总承包单位先行清偿
    DEVELOPER = "developer"  # 建设单位垫付
    DEPOSIT = "deposit"  # 工资保证金
    GOVERNMENT_FUND = "government_fund"  # 应急周转金
    COURT = "court"  # 法院执行款


class Means(StrEnum):
    """How the money came (付款方式)."""

    BANK = "bank"  # 银行转账
    CASH = "cash"  # 现金
    THROUGH_UNION = "through_union"  # 工会转交


class Revision(StrEnum):
    """Why a claim is another now (诉求变更原因)."""

    EVIDENCE = "evidence"  # 依证据核算
    EMPLOYERS_BOOKS = "employers_books"  # 依用人单位工资台账
    MORE_OWED = "more_owed"  # 新增欠付
    CLAIMANT = "claimant"  # 本人变更
    RULED = "ruled"  # 依仲裁、判决


class HelpKind(StrEnum):
    """What another union is asked for (协作方式; C2, C3)."""

    JOIN = "join"  # 联合处理
    ENTRUST = "entrust"  # 委托代理
    INQUIRY = "inquiry"  # 协查


class NoHelp(StrEnum):
    """Why another union does not take part, or does not take over (不予协作、承办理由)."""

    NOT_HERE = "not_here"  # 用人单位不在本地
    NO_POWER = "no_power"  # 不属工会受理范围
    ANOTHER_CASE = "another_case"  # 已另案办理
    CLAIMANTS_OBJECT = "claimants_object"  # 职工不同意
    OTHER = "other"  # 其他


class Handover(StrEnum):
    """Why the lead is handed over (移交原因)."""

    REFERRED = "referred"  # 移送
    EMPLOYER_THERE = "employer_there"  # 用人单位在对方
    WORKERS_THERE = "workers_there"  # 职工已返回（前往）对方
    AGREED = "agreed"  # 双方商定


class HandoverEnd(StrEnum):
    """What became of an offer of the lead (移交结果)."""

    RELEASED = "released"  # 已移交
    RETURNED = "returned"  # 退回
    LAPSED = "lapsed"  # 逾期失效
    WITHDRAWN = "withdrawn"  # 撤回


class Doing(StrEnum):
    """What was done in a case (办理步骤)."""

    TALKED = "talked"  # 与用人单位交涉
    EVIDENCE = "evidence"  # 收集证据
    VISIT = "visit"  # 走访职工
    MEDIATION = "mediation"  # 主持调解
    INSPECTION_JOINED = "inspection_joined"  # 参与政府检查
    DRAFTED = "drafted"  # 代书
    LAWYER = "lawyer"  # 指派律师
    ARBITRATION = "arbitration"  # 代理仲裁
    COURT = "court"  # 代理诉讼
    PAYMENT_ORDER = "payment_order"  # 申请支付令
    ADVANCE_EXECUTION = "advance_execution"  # 申请先予执行


class LetterKind(StrEnum):
    """The union's letters (工会文书): an official letter, and 一函两书 (C5, C14)."""

    OFFICIAL = "official"  # 公函
    NOTICE = "notice"  # 提示函
    OPINION = "opinion"  # 意见书
    PROPOSAL = "proposal"  # 建议书


class Reply(StrEnum):
    """How a letter was answered (回复)."""

    ADOPTED = "adopted"  # 采纳
    PARTLY = "partly"  # 部分采纳
    REJECTED = "rejected"  # 不采纳


class Outside(StrEnum):
    """To whom a case is brought outside the unions (移送外部)."""

    HOTLINE = "hotline"  # 12351 工单
    LABOUR_OFFICE = "labour_office"  # 人社、劳动监察
    ARBITRATION = "arbitration"  # 劳动人事争议仲裁
    COURT = "court"  # 人民法院
    LEGAL_AID = "legal_aid"  # 法律援助机构


class Result(StrEnum):
    """What they answered (外部办理结果)."""

    TAKEN_UP = "taken_up"  # 受理
    NOT_TAKEN_UP = "not_taken_up"  # 不予受理
    SUPPORTED = "supported"  # 支持
    PARTLY = "partly"  # 部分支持
    REJECTED = "rejected"  # 不支持
    ENDED = "ended"  # 办结


class Route(StrEnum):
    """How a settlement came about (达成方式)."""

    AGREED = "agreed"  # 协商
    MEDIATED = "mediated"  # 调解
    ORDERED = "ordered"  # 责令支付
    AWARDED = "awarded"  # 仲裁裁决
    JUDGED = "judged"  # 法院判决


class Proof(StrEnum):
    """How it is known that a claimant has the money (收讫确认方式)."""

    SIGNED = "signed"  # 本人签字
    MESSAGE = "message"  # 本人短信、微信
    PHONE_PAGE = "phone_page"  # 本人手机页面
    CALL = "call"  # 电话核实
    BANK_SLIP = "bank_slip"  # 银行回单
    WITNESSED = "witnessed"  # 现场见证


THE_CLAIMANTS_OWN = frozenset({Proof.SIGNED, Proof.MESSAGE, Proof.PHONE_PAGE})
"""Proofs that the claimant gave; the others are an officer's word."""


class Said(StrEnum):
    """What a claimant said when called back (回访意见)."""

    SATISFIED = "satisfied"  # 满意
    PARTLY = "partly"  # 基本满意
    DISSATISFIED = "dissatisfied"  # 不满意


class Outcome(StrEnum):
    """How a case is closed (结案方式; C17)."""

    RECOVERED_IN_FULL = "recovered_in_full"  # 全部追回
    PARTLY_RECOVERED = "partly_recovered"  # 部分追回
    NOT_RECOVERED = "not_recovered"  # 未追回
    WITHDRAWN = "withdrawn"  # 职工撤回
    RESOLVED = "resolved"  # 不涉及金额，已解决
    TRANSFERRED_TO_LABOUR_OFFICE = "transferred_to_labour_office"  # 已移送人社部门
    TRANSFERRED_TO_ARBITRATION = "transferred_to_arbitration"  # 已移送仲裁
    TRANSFERRED_TO_COURT = "transferred_to_court"  # 已移送法院
    MERGED = "merged"  # 并入另案


class Ending(StrEnum):
    """Why a case is closed though not all was recovered (未全部追回的原因)."""

    INSOLVENT = "insolvent"  # 用人单位无力支付
    GONE = "gone"  # 用人单位下落不明
    NO_EVIDENCE = "no_evidence"  # 证据不足
    TIME_BARRED = "time_barred"  # 超过时效
    AGREED_LESS = "agreed_less"  # 职工同意
    OTHER_ROUTE = "other_route"  # 由其他途径办理
    CLAIMANTS_LEFT = "claimants_left"  # 职工不再主张
    SAME_MATTER = "same_matter"  # 同一事项另案办理


class Objection(StrEnum):
    """Why the other side disputes a closure (结案异议理由)."""

    AMOUNT_DIFFERS = "amount_differs"  # 金额不符
    NOT_RECEIVED = "not_received"  # 职工未收到
    LEFT_OUT = "left_out"  # 遗漏职工
    NOT_CALLED_BACK = "not_called_back"  # 未回访
    OTHER = "other"  # 其他


class Reopening(StrEnum):
    """Why a case is opened again (重启原因)."""

    STILL_OWED = "still_owed"  # 仍有欠付
    NOT_RECEIVED = "not_received"  # 职工未收到
    OWED_AGAIN = "owed_again"  # 再次拖欠
    NEW_EVIDENCE = "new_evidence"  # 新证据
    DISPUTED = "disputed"  # 对方异议成立


class CaseState(StrEnum):
    """Where a case stands (案件状态)."""

    OPEN = "open"  # 办理中
    SETTLED = "settled"  # 已达成协议
    RECOVERING = "recovering"  # 已有到账；是否全部，看金额
    CLOSED = "closed"  # 已结案
    DISPUTED = "disputed"  # 结案有异议


class ClockKind(StrEnum):
    """The statutory clocks (法定期限; C8–C11)."""

    ARBITRATION_LIMIT = "arbitration_limit"  # 仲裁时效
    MEDIATION = "mediation"  # 调解期限
    ARBITRATION_ACCEPTANCE = "arbitration_acceptance"  # 仲裁受理
    COPY_TO_RESPONDENT = "copy_to_respondent"  # 送达申请书副本
    RESPONDENTS_REPLY = "respondents_reply"  # 被申请人答辩
    AWARD = "award"  # 仲裁裁决
    SUIT = "suit"  # 对裁决起诉
    INSPECTION_LIMIT = "inspection_limit"  # 劳动监察追查时效
    INSPECTION = "inspection"  # 劳动监察办理
    INJURY_EMPLOYER = "injury_employer"  # 单位申请工伤认定
    INJURY_WORKER = "injury_worker"  # 职工、近亲属或工会申请工伤认定
    INJURY_RULING = "injury_ruling"  # 工伤认定
    INJURY_RULING_CLEAR = "injury_ruling_clear"  # 工伤认定（事实清楚）
    LEGAL_AID_DECISION = "legal_aid_decision"  # 法律援助审查
    LEGAL_AID_ASSIGNMENT = "legal_aid_assignment"  # 法律援助指派
    WAGE_LEDGER = "wage_ledger"  # 工资台账保存


class Unit(StrEnum):
    """In what a clock is measured (计算单位)."""

    DAYS = "days"  # 自然日
    WORKING_DAYS = "working_days"  # 工作日
    YEARS = "years"  # 年


class Interruption(StrEnum):
    """What makes a clock run anew (中断事由; L5 art. 27)."""

    CLAIMED = "claimed"  # 向对方主张权利
    COMPLAINED = "complained"  # 向有关部门请求救济
    PROMISED = "promised"  # 对方同意履行


class Pause(StrEnum):
    """What makes a clock stand still (中止事由)."""

    FORCE_MAJEURE = "force_majeure"  # 不可抗力
    NO_CAPACITY = "no_capacity"  # 无行为能力且无代理人
    AWAITING_ANOTHER = "awaiting_another"  # 等待另案结果
    APPRAISAL = "appraisal"  # 鉴定期间
    OTHER = "other"  # 其他正当理由


class ClockState(StrEnum):
    """How a clock stands (期限状态)."""

    RUNNING = "running"  # 计算中
    PAUSED = "paused"  # 中止
    MET = "met"  # 已办
