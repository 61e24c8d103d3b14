"""The rules of questions and samples (疑点与争议规则), each a sentence that a refusal cites."""

from ledger.domain.kernel import Refused

# ── 提出 ──────────────────────────────────────────────────────────────────────────────────────


class NothingCited(
    Refused,
    zh="须写明针对哪些记录。",
    article="rules (e) audits",
    instead="写明记录所在总账和位置，如 liangdi.example/guangxi#1024。",
):
    """A question cites the records that it turns on."""


class WordsMissing(
    Refused,
    zh="提出、答复、裁定和撤回，须写明理由或所依据的规则。",
    article="rules (e) audits",
    instead="写明事实和理由。",
):
    """Who asks, answers, rules or withdraws says why."""


class NotYourKindOfQuestion(
    Refused,
    zh="审计疑点由经审人员提出；工会间争议由主席、联络员、法律工作者提出；职工异议由受理人员代录。",
    article="rules (d) 9",
    instead="请相应岗位的人员提出。",
):
    """Auditors raise audit queries and no other; disputes and objections are others' to raise."""


class DeadlineUnsaid(
    Refused,
    zh="须写明几日内答复、几日内裁定。",
    article="rules (e) audits",
    instead="按办法填写日数，至少一日。",
):
    """A question says within how many days it is answered and ruled."""


class AskedAlready(
    Refused,
    zh="就同一记录、同一依据已提出过审计疑点。",
    article="design: one question a finding",
    instead="在已有的疑点上办理；不服裁定的，提出申诉。",
):
    """An audit queries one record once on one ground; who disagrees with the ruling appeals."""


class NotSharedWithThem(
    Refused,
    zh="只有双方都有的记录，才能请对方答复或裁定。",
    article="L2 art. 23; rules (d) 7",
    instead="改由本方工会答复、裁定；或先依法向对方开通。",
):
    """The other side is asked only about records that both sides hold."""


# ── 答复 ──────────────────────────────────────────────────────────────────────────────────────


class NoSuchQuestion(
    Refused,
    zh="没有这一疑点或争议，或已了结。",
    article="rules (e) audits",
    instead="核对编号；已了结而不服的，提出申诉。",
):
    """Only a question that was raised and is not closed is answered, ruled or closed."""


class AlreadyRuled(
    Refused,
    zh="已经裁定。",
    article="rules (e) audits",
    instead="按裁定办理；不服的，提出申诉。",
):
    """A question is answered before it is ruled, and ruled once."""


class NotYoursToAnswer(
    Refused,
    zh="由被问的工会或其上级工会答复。",
    article="rules (e) audits",
    instead="请被问的工会答复。",
):
    """The union that is asked answers, or one above it."""


class AskerAnswers(
    Refused,
    zh="提出人不得自己答复。",
    article="rules (d) 3",
    instead="请他人答复。",
):
    """Nobody answers the question that they raised."""


# ── 裁定 ──────────────────────────────────────────────────────────────────────────────────────


class NotYoursToRule(
    Refused,
    zh="由提出时确定的裁定工会或其上级工会裁定。",
    article="rules (e) disputes",
    instead="请裁定工会办理；未确定裁定工会的，由双方商定后了结。",
):
    """The union to which the ruling was put rules, or one above it."""


class AuditorsRuleAudits(
    Refused,
    zh="经审人员只裁定审计疑点。",
    article="rules (d) 9",
    instead="请主席、审批、审核或法律工作者裁定。",
):
    """An auditor rules audit queries and nothing else."""


class PartyRules(
    Refused,
    zh="争议的一方不得裁定。",
    article="rules (d); L5 art. 33",
    instead="请双方以外的工会（共同的上级）裁定。",
):
    """A dispute is ruled by neither side, and an appeal not by the union that decided."""


class RulerTookPart(
    Refused,
    zh="裁定人不得参与过所涉事项：所涉记录的决定人、提出人、答复人、本人及其近亲属须回避。",
    article="rules (d) 1, 2; L5 art. 33",
    instead="请未参与的人裁定。",
):
    """Who rules had no part in what is cited, in the question or in its answers."""


class AuditorTookPart(
    Refused,
    zh="经审人员不得就自己参与决定的事项提出审计疑点。",
    article="L1 art. 45; rules (d) 9",
    instead="请其他经审人员提出。",
):
    """An auditor is not the subject of the audit."""


class UnansweredYet(
    Refused,
    zh="尚未答复，答复期限也未届满，不得裁定。",
    article="rules (e) audits",
    instead="等待答复，或在期限届满后裁定。",
):
    """A question is ruled when it has been answered, or the days for that are over."""


# ── 了结、申诉 ─────────────────────────────────────────────────────────────────────────────────


class NotYoursToClose(
    Refused,
    zh="由提出的工会（或其上级）或裁定的工会了结；撤回由提出的工会办理。",
    article="rules (e) audits",
    instead="请提出的工会或裁定的工会办理。",
):
    """Who raised it closes a question, or who ruled it; it is withdrawn by who raised it."""


class RemedyMissing(
    Refused,
    zh="以更正、追回了结的，须写明更正、追回的记录。",
    article="rules (e) audits",
    instead="先办理更正、作废或追回，再写明其记录位置。",
):
    """What is closed as corrected, or taken back, cites the records by which it was."""


class CorrectsNothingCited(
    Refused,
    zh="所写记录不是对所涉记录的更正或作废。",
    article="rules (e) audits",
    instead="写明更正（作废）所涉记录的那一条。",
):
    """A correction that closes a question corrects what the question cites."""


class TakesNothingCitedBack(
    Refused,
    zh="所写记录不是对所涉款项的追回。",
    article="A13; rules (e) audits",
    instead="先对所涉款项决定追回，再写明决定追回或追回到账的那一条。",
):
    """A take-back that closes a question takes back what was paid by what the question cites."""


class AgainstTheRuling(
    Refused,
    zh="了结须与裁定一致：成立的予以更正或追回，不成立的维持；职工异议和申诉须经裁定方可维持。",
    article="rules (e) audits",
    instead="按裁定了结；尚未裁定的，先请裁定。",
):
    """A question closes as it was ruled; an objection or an appeal stands by a ruling alone."""


class NothingToAppeal(
    Refused,
    zh="只能对已作出的裁定提出申诉。",
    article="rules (e) audits",
    instead="尚未裁定的，等待裁定。",
):
    """An appeal is against a ruling."""


class AppealTooLate(
    Refused,
    zh="已过申诉期限。",
    article="rules (e) audits",
    instead="有新的事实的，另行提出。",
):
    """An appeal is raised within the days that the ruling gave."""


# ── 抽样 ──────────────────────────────────────────────────────────────────────────────────────


class SeedMissing(
    Refused,
    zh="抽样须登记种子。",
    article="rules (e) audits",
    instead="填写种子（如摇号结果），或由系统给出。",
):
    """A sample is drawn with a seed that is written down."""


class SampleOutOfRange(
    Refused,
    zh="样本量须在一与总体之间，且不超过五百。",
    article="rules (e) audits",
    instead="核对总体条件和样本量；需要更多的，分次抽样。",
):
    """A sample has at least one, at most as many as there are, and no more than five hundred."""


class PopulationUnsaid(
    Refused,
    zh="总体须写明事实种类；起始日期不得晚于截止日期。",
    article="rules (e) audits",
    instead="写明抽查哪些种类的记录，核对起止日期。",
):
    """A population names the kinds of fact, and its first day is not after its last."""
