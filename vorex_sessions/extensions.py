"""The database extension, unbound: `db`. Imports only current.py of ours, so that everything may import it.

`db.session` is not used; `database.queries.run` and `database.transactions.run_transaction` are the two ways
to the database (docs/development.md, "Queries").
"""

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from gevent import getcurrent
from sqlalchemy.orm import DeclarativeBase

from vorex_sessions.current import current_flask


class Base(DeclarativeBase):
    """Gives constraints stable names, which migrations rely on."""

    metadata = sa.MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )


ENGINE = "vorex-engine"  # the name under which an app keeps the engine of ordinary queries


class Database(SQLAlchemy):
    """Flask-SQLAlchemy's extension, with shorter ways for what each request does."""

    @property
    def engine(self) -> sa.Engine:
        """The engine of the current app; Flask-SQLAlchemy finds it by weak references, twice a query."""
        engine: sa.Engine = current_flask().extensions[ENGINE]
        return engine


# Flask-SQLAlchemy looks for a session at the end of each request; this is its quickest way to find none.
db = Database(model_class=Base, session_options={"scopefunc": getcurrent})
