"""Liangdi 两地账: a ledger of union services to migrant workers, shared by two provinces."""
