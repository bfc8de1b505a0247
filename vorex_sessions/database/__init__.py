"""How the service talks to PostgreSQL: `run` for one statement, `run_transaction` for several."""

from vorex_sessions.database.connection import Bound
from vorex_sessions.database.prepared_statements import prepared
from vorex_sessions.database.queries import NO_NESTED_LOOPS, run, run_large
from vorex_sessions.database.recordset import as_rows, recordset
from vorex_sessions.database.transactions import Transaction, run_long, run_transaction

__all__ = [
    "NO_NESTED_LOOPS",
    "Bound",
    "Transaction",
    "as_rows",
    "prepared",
    "recordset",
    "run",
    "run_large",
    "run_long",
    "run_transaction",
]
