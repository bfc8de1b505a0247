"""The engine: how libpq connects, how SQLAlchemy pools the connections."""

import secrets
import time
from collections.abc import Mapping
from typing import Any

import orjson
import sqlalchemy as sa
from flask import Flask
from psycopg2.extensions import new_type, register_type

from vorex_sessions.database import standbys, timeouts
from vorex_sessions.database.faults import CONNECTED, STANDBY
from vorex_sessions.database.hosts import Connector
from vorex_sessions.database.pool import FairPool
from vorex_sessions.database.prepared_statements import PLAN_ONCE, PREPARED, PreparedStatements
from vorex_sessions.extensions import ENGINE, db

_UUID_OID = 2950  # pg_type
# Of every connection.
_EXPECTED_SETTINGS = {
    **timeouts.SERVER_LIMITS,
    "default_transaction_isolation": "read committed",  # behind a lock, see what was committed before it
    "extra_float_digits": "1",  # floats come back as they were stored
    "jit": "off",  # to compile a plan takes longer than these queries do
}
# Settings that not every server has.
_WISHED_SETTINGS = {timeouts.CHECK_CLIENT: timeouts.CHECK_CLIENT_EVERY}


def init_app(app: Flask) -> None:
    """Bind the engines to the app."""
    timeouts.install()
    db.init_app(app)
    standbys.init_app(app)
    enabled = not app.config["DB_TRANSACTION_POOLER"]

    def on_connect(connection: Any, record: Any) -> None:
        # Undo SQLAlchemy's registration of UUID objects: ids travel as text.
        register_type(new_type((_UUID_OID,), "UUID", lambda value, cursor: value), connection)
        record.info[PREPARED] = PreparedStatements(enabled=enabled)
        record.info[CONNECTED] = time.monotonic()

    def on_connect_to_standby(connection: Any, record: Any) -> None:
        record.info[STANDBY] = True

    with app.app_context():
        app.extensions[ENGINE] = db.engines[None]
        for name, engine in db.engines.items():
            if is_standby := name in (standbys.POOL, standbys.EXPORT_POOL):
                sa.event.listen(engine, "connect", on_connect_to_standby)
            # Workers begin with different standbys.
            connector = Connector("standby", secrets.randbelow(1000)) if is_standby else Connector()
            sa.event.listen(engine, "do_connect", connector)
            sa.event.listen(engine, "connect", on_connect)


def expected_settings(settings: Mapping[str, Any]) -> dict[str, str]:
    """The server's settings of a connection; operations/readiness.py checks that they have arrived.

    Citus has to see the learner's id to plan, so there is no plan for all learners.
    """
    more = {} if settings["DB_DISTRIBUTED"] else PLAN_ONCE
    return {**_EXPECTED_SETTINGS, **more}


def engine_options(
    settings: Mapping[str, Any],
    size: int,
    *,
    address: str = "DATABASE_URL",
    pool_timeout: float = timeouts.POOL_TIMEOUT,
) -> dict[str, Any]:
    """The arguments of `sqlalchemy.create_engine` for `size` connections to the setting `address`."""
    return {
        # A single statement needs no BEGIN and COMMIT; run_transaction sends its own. Switching a pooled
        # connection to and fro instead loses its place in the pool when the server has gone away.
        "isolation_level": "AUTOCOMMIT",
        "pool_reset_on_return": None,
        "poolclass": FairPool,
        "pool_size": size,
        "max_overflow": 0,
        "pool_timeout": pool_timeout,
        "hide_parameters": True,  # what learners practise stays out of the logs
        "pool_use_lifo": True,  # the busiest connections stay warm, idle ones age out
        "json_serializer": lambda value: orjson.dumps(value).decode(),
        "json_deserializer": orjson.loads,
        "use_native_hstore": False,  # saves a query at every connect
        "connect_args": _connect_args(settings, address),
    }


def _connect_args(settings: Mapping[str, Any], address: str) -> dict[str, Any]:
    """libpq's parameters. They end what our own deadline (timeouts.py) leaves behind."""
    arguments = {
        "application_name": "vorex-sessions",
        "connect_timeout": timeouts.LIBPQ_CONNECT_TIMEOUT,
        "keepalives_idle": 10,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": timeouts.UNACKNOWLEDGED,
    }
    if not settings["DB_TRANSACTION_POOLER"]:
        given = sa.make_url(settings[address]).query.get("options", "")
        # Ours come last, so that they hold whatever the address says.
        schema = settings["DATABASE_SCHEMA"]
        path = {"search_path": schema} if schema else {}
        ours = {**expected_settings(settings), **_WISHED_SETTINGS, **path}
        options = ["-c " + f"{name}={value}".replace(" ", r"\ ") for name, value in ours.items()]
        arguments["options"] = " ".join([str(given), *options]).strip()
    return arguments
