"""Evidence (案卷): a file that settles a dispute and needs nothing of ours.

subjects   what a dossier is about: its records, opened as far as its page opens them
taking     the records, their proofs, what is opened, the papers, the page, in one zip
page, pdf  the same content to read: HTML and PDF
zipped     the zip, the same bytes for the same content
checking   the verdict on a dossier, by our own code
verify     the verdict by a single file that shares no code with us; it goes with each dossier
"""

from ledger.evidence.subjects import (
    KINDS,
    MOST_RECORDS,
    OPENS,
    DossierTooLong,
    Kind,
    Matter,
    Sight,
    Subject,
    matter,
)
from ledger.evidence.taking import Dossier, sign_first, take, verifier

__all__ = [
    "KINDS", "MOST_RECORDS", "OPENS", "Dossier", "DossierTooLong", "Kind", "Matter", "Sight",
    "Subject", "matter", "sign_first", "take", "verifier",
]  # fmt: skip
