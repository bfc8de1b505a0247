import subprocess
import sys
from pathlib import Path

import jwt
import pytest

from bench import aims, data, traffic

ROOT = Path(__file__).parent.parent
# What the peers' environment does not have.
OURS_ALONE = ("flask", "gevent", "gunicorn", "marshmallow", "psycopg2", "sqlalchemy")


def test_what_the_peers_use_of_ours_needs_only_what_they_have():
    blocked = f"import sys; sys.modules.update(dict.fromkeys({OURS_ALONE}))"
    program = f"{blocked}; import bench.peers.pure"
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


def test_the_pinned_libraries_of_the_peers_are_those_that_they_ask_for():
    folder = ROOT / "bench" / "peers"
    wanted = {name.lower() for name in (folder / "requirements.in").read_text().split()}
    pinned = {
        line.partition("==")[0]
        for line in (folder / "requirements.txt").read_text().splitlines()
        if "==" in line
    }
    assert wanted <= pinned


def test_regulars_are_few_and_nobody_else():
    numbers = traffic.tokens(1000, recurring=True, count=400, regulars=20)
    learners = {jwt.decode(one, options={"verify_signature": False})["sub"] for one in numbers}
    others = {data.learner_id(number) for number in range(data.learners(1000) + 1000)}
    assert len(learners) == 20
    assert not learners & others


@pytest.mark.parametrize(("ratio", "is_reached"), [(1.29, False), (1.3, True)])
def test_a_figure_stands_beside_its_aim(ratio, is_reached, capsys):
    results = {"equipped": {"8 clients": {"history": {"ratio": ratio}}}}
    (row,) = aims.compared(results)
    assert (row["endpoint"], row["limit"], row["reached"]) == ("history", 1.3, is_reached)
    assert ("reached" if is_reached else "missed") in capsys.readouterr().out


def test_p99_and_growth_are_to_stay_below_their_limits():
    results = {
        "equipped": {"32 clients": {"history": {"ratio p99": 0.9}}},
        "growth": {"save": 1.2},
    }
    assert [row["reached"] for row in aims.compared(results)] == [True, False]


def test_against_the_bare_peer_a_warm_up_counts_with_the_same_work():
    results = {
        "bare": {
            "8 clients": {"history": {"ratio": 0.9}, "warm-up": {"ratio": 0.4}},
            "the same work": {"warm-up": {"ratio": 0.8}},
        }
    }
    figures = {row["endpoint"]: row["figure"] for row in aims.compared(results)}
    assert figures == {"history": 0.9, "warm-up": 0.8}
