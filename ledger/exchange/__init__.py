"""The exchange (对方省交换): pull, verify, apply; the same loop over a network and in one process.

`wire` is what passes between two provinces, and how it is read strictly; `giving` serves our
channel to a partner; `reading` pulls a partner's channel, checks it and keeps the records beside
ours; `witnessing` has our checkpoints cosigned; `running` goes on doing so, and says how far it
is. Nobody ever writes in another's journal.
"""

from ledger.exchange.giving import Giving
from ledger.exchange.running import Daily, Exchanger, in_process, sync
from ledger.exchange.wire import Unproven
from ledger.exchange.witnessing import Attesting

__all__ = ["Attesting", "Daily", "Exchanger", "Giving", "Unproven", "in_process", "sync"]
