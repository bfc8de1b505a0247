"""The patience of tests: they fail for what is wrong, not for a machine that stalls."""

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.patience import PATIENCE
from vorex_sessions.database import run
from vorex_sessions.database.timeouts import QUERY_TIMEOUT

SLEEP = sa.select(sa.func.pg_sleep(sa.bindparam("seconds")).cast(sa.Text).label("slept"))


def test_a_test_outlives_a_stall_of_twice_the_usual_limit(in_app: Flask) -> None:
    assert PATIENCE > 2
    assert len(run(SLEEP, {"seconds": 2 * QUERY_TIMEOUT})) == 1


@pytest.mark.limits_of_time
def test_a_test_of_the_limits_has_the_usual_ones(in_app: Flask) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="did not answer in time"):
        run(SLEEP, {"seconds": 2 * QUERY_TIMEOUT})
