"""Alembic's entry: `ledger.schema` hands over a connection, its lock taken and its transaction begun."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
