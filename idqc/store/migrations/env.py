"""What Alembic runs: the migrations, on the connection that `idqc.store.migrate` opened and will commit."""

from __future__ import annotations

from alembic import context

from idqc.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_type=True,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
