"""The schema's history (数据库迁移), by Alembic: one step a file in `versions/`, never edited.

A step says its tables and columns out in full and imports nothing of ours, so that it does the
same in ten years. `ledger.schema` runs them; `tools/migration.py` writes them.
"""
