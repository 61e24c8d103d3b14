"""By the clock (到期办理): what each room asks for when a day has passed, together."""

from datetime import date

from ledger.book import Ledger
from ledger.domain.ids import StepId, TransferId
from ledger.procedures import casework, forgetting, reads, transferring


def due(ledger: Ledger, today: date | None = None) -> list[TransferId | StepId]:
    """Everything that the clock asks for: late offers of members and of cases, ended agreements
    and consents;    yesterday's reading log sealed, and the list of the forgotten brought up to date.
    """
    forgetting.note_shredded(ledger)
    reads.seal_reads(ledger)
    return [*transferring.due(ledger, today), *casework.lapse_leads(ledger, today)]
