"""`flask import founding` as a process: killed, twice at once, its memory, what a terminal shows."""

import os
import pty
import re
import signal
import subprocess
import time
from random import Random

from flask import Flask

from tests.founding.founding_system import FoundingSystem, bring, command, figures, stored
from tests.serving import BIN, ROOT, environment
from vorex_sessions.extensions import db

# As Python code: imports within a limit of memory, and says how much it took.
MEASURED = """
import resource, runpy, sys
sys.argv = ["flask", *sys.argv[1:]]
try:
    runpy.run_module("flask", run_name="__main__", alter_sys=True)
finally:
    print("KiB", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_killed_at_any_moment_and_run_again_it_brings_over_each_session_once(
    app: Flask, old: FoundingSystem, database_url: str
) -> None:
    old.fill(20_000, 200)
    random, counts = Random(22), [0]
    for _ in range(4):
        process = subprocess.Popen(
            command(database_url, old),
            cwd=ROOT,
            env=environment(database_url),
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 120
        while len(stored(app)) <= counts[-1] and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(random.uniform(0, 0.4))
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)
        counts.append(len(stored(app)))
    assert any(0 < count < 20_000 for count in counts)  # killed on the way, not after it
    status, said = bring(app, old)
    assert status == 0, said
    assert figures(said, "in the founding system") == figures(said, "here")
    rows = stored(app)
    assert len({row[:2] for row in rows}) == len(rows) == 20_000
    newest: dict[object, int] = {}
    for row in rows:
        newest[row[0]] = max(newest.get(row[0], 0), int(str(row[4])))
    with app.app_context(), db.engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT user_id, version FROM learner_versions")
        assert {row[0]: row[1] for row in kept} == newest


def test_memory_does_not_grow_with_the_table(
    app: Flask, old: FoundingSystem, database_url: str
) -> None:
    """The first rows take what all take."""

    def kilobytes(*options: str) -> int:
        done = subprocess.run(
            [BIN / "python", "-c", MEASURED, *command(database_url, old, *options)[1:]],
            cwd=ROOT,
            env=environment(database_url),
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )
        return int(done.stdout.split("KiB ")[1])

    old.fill(5_000, 500)
    few = kilobytes("--dry-run")
    old.fill(45_000, 20_000)
    assert kilobytes("--dry-run") < few + 15_000


def test_a_terminal_sees_how_far_it_is(app: Flask, old: FoundingSystem, database_url: str) -> None:
    old.fill(3_000, 30)
    ours, theirs = pty.openpty()
    done = subprocess.run(
        command(database_url, old),
        cwd=ROOT,
        env=environment(database_url, TERM="xterm"),
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
        timeout=60,
    )
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert done.returncode == 0
    assert "Sessions" in shown
    assert "100%" in shown
    assert "Sessions" not in done.stdout
    quiet = subprocess.run(
        command(database_url, old),
        cwd=ROOT,
        env=environment(database_url),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert quiet.stderr == ""


def test_two_at_once_bring_over_each_session_once(
    app: Flask, old: FoundingSystem, database_url: str
) -> None:
    old.fill(8_000, 3_000)
    both = [
        subprocess.Popen(
            command(database_url, old),
            cwd=ROOT,
            env=environment(database_url),
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    brought = [re.search(r"Brought over ([\d,]+) session", one) for one in said]
    assert sum(int(one[1].replace(",", "")) for one in brought if one) == 8_000
    assert len(stored(app)) == 8_000
