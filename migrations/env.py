"""Alembic's entry: it is given a connection by `migrations.run` and opens none of its own."""

from alembic import context

from migrations.models import METADATA

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("Lancez « passerelle migrate » : les migrations reçoivent leur connexion de la plateforme.")
context.configure(
    connection=connection,
    target_metadata=METADATA,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
