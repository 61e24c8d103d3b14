"""Backups (备份与恢复): of the data, encrypted, while people work; of the keys, apart; and back.

A backup of the data cannot be read without the keys, and brings back the keys of persons who were
forgotten since: so the two are kept apart, those of the keys for a short while, and a restore
forgets again whoever stands on the list of the forgotten before it serves anybody.

    envelope   how a file is encrypted, read strictly, torn or changed ones refused
    taking     a consistent copy of a ledger, verified after writing
    restoring  a ledger from a copy
    keyring    the keys, under a passphrase
"""

from ledger.backups.envelope import BackupDamaged
from ledger.backups.keyring import back_up_keys, restore_keys
from ledger.backups.restoring import MARKER, LedgerThere, Restored, marker, restore
from ledger.backups.taking import Taken, back_up, verify

__all__ = [
    "MARKER", "BackupDamaged", "LedgerThere", "Restored", "Taken", "back_up", "back_up_keys", "marker",
    "restore", "restore_keys", "verify",
]  # fmt: skip
