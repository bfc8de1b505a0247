"""The database extension, unbound: `db`. Imports nothing of ours, so that everything may import it.

`db.session` is not used; `database.queries.run` and `database.transactions.run_transaction` are the two ways
to the database (docs/development.md, "Queries").
"""

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """Gives constraints stable names, which migrations rely on."""

    metadata = sa.MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )


db = SQLAlchemy(model_class=Base)
