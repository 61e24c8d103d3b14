"""The reading log in the journal (查阅日志封存): how many looks there were, and their root.

Who looked at whom is no fact of the journal; that nobody adds to the log or takes from it
afterwards is. Each day that is over is sealed by a record of how many lines it has, and the Merkle
root of their hashes.
"""

from datetime import date

from ledger.domain.kernel import Code, Event, Office, Scope


class ReadsSealed(Event, by=Office.PROCEDURE, scope=Scope.NEVER):
    """查阅日志封存: the lines of the days `first` to `last` (both included), and their root (hex)."""

    journal: Code
    first: date
    last: date
    count: int
    root: Code
