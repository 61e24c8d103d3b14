"""The tests mirror the house: tests/domain for ledger/domain, tests/journal for ledger/journal."""
