"""Replay (回放): whatever one can point at, as at a date, as known on a date, step by step.

Two times, two switches: "as at" asks what held on a day, "as known on" what could be known then.
Everything is folded from the records at the moment of asking, so a page of the past shows what was
known then and nothing of what was learned later.

    with ledger.looking(look) as reader:
        file = replay.worker(reader, person, as_of=date(2026, 3, 1), known_on=date(2026, 3, 5))
"""

from ledger.replay.alerts import Alert, AlertKind
from ledger.replay.articles import in_words
from ledger.replay.cases import (
    CaseBetween,
    CaseFile,
    CaseNow,
    CaseStep,
    ClaimantNow,
    case,
    case_between,
    case_steps,
    case_with_claimants,
    claimants,
)
from ledger.replay.disbursements import Derived, derive
from ledger.replay.funds import TOTALS, FundBetween, FundFile, FundStep, Share, fund, fund_between
from ledger.replay.grant_lines import GrantLine, ListLine, grant_lines, list_lines
from ledger.replay.grants import (
    Amount,
    GrantBetween,
    GrantFile,
    GrantNow,
    GrantStep,
    grant,
    grant_between,
    grant_steps,
    payment_day,
)
from ledger.replay.hardship import FileTold, hardship_between, hardship_file
from ledger.replay.helps import HelpLine, HelpTold, help_lines, help_request, picture
from ledger.replay.moments import Compared, Difference
from ledger.replay.notices import Posted, PostedLine, posted
from ledger.replay.people import Shown, people
from ledger.replay.proofs import Proof, Sight, Stage
from ledger.replay.questions import (
    CitedLine,
    QuestionFile,
    QuestionNow,
    QuestionStep,
    question,
)
from ledger.replay.reads import Read, Reads, ReadsSought, reads
from ledger.replay.sentences import keepers, sentence, title
from ledger.replay.states import Identity, Interval, MembershipState, WorkerState
from ledger.replay.told import Change, Lane, Line
from ledger.replay.transfers import TransferFile, TransferNow, TransferStep, transfer
from ledger.replay.words import label, word
from ledger.replay.workers import (
    Between,
    Step,
    WorkerFile,
    between,
    responsible,
    steps,
    worker,
)

__all__ = [
    "TOTALS",
    "Alert",
    "AlertKind",
    "Amount",
    "Between",
    "CaseBetween",
    "CaseFile",
    "CaseNow",
    "CaseStep",
    "Change",
    "CitedLine",
    "ClaimantNow",
    "Compared",
    "Derived",
    "Difference",
    "FileTold",
    "FundBetween",
    "FundFile",
    "FundStep",
    "GrantBetween",
    "GrantFile",
    "GrantLine",
    "GrantNow",
    "GrantStep",
    "HelpLine",
    "HelpTold",
    "Identity",
    "Interval",
    "Lane",
    "Line",
    "ListLine",
    "MembershipState",
    "Posted",
    "PostedLine",
    "Proof",
    "QuestionFile",
    "QuestionNow",
    "QuestionStep",
    "Read",
    "Reads",
    "ReadsSought",
    "Share",
    "Shown",
    "Sight",
    "Stage",
    "Step",
    "TransferFile",
    "TransferNow",
    "TransferStep",
    "WorkerFile",
    "WorkerState",
    "between",
    "case",
    "case_between",
    "case_steps",
    "case_with_claimants",
    "claimants",
    "derive",
    "fund",
    "fund_between",
    "grant",
    "grant_between",
    "grant_lines",
    "grant_steps",
    "hardship_between",
    "hardship_file",
    "help_lines",
    "help_request",
    "in_words",
    "keepers",
    "label",
    "list_lines",
    "payment_day",
    "people",
    "picture",
    "posted",
    "question",
    "reads",
    "responsible",
    "sentence",
    "steps",
    "title",
    "transfer",
    "word",
    "worker",
]
