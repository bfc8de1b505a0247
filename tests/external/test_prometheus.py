"""Dashboard and alert rules against promtool, and against a real Prometheus that scrapes the service."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import yaml
from flask import Flask

from tests.factories import Learner, content, token
from tests.key_server import Key, key_server
from tests.serving import ROOT, free_port, gunicorn

pytestmark = pytest.mark.external

ALERTS = ROOT / "docs" / "operating" / "alerts.yml"
# Events are kept and measured where somebody wants them.
RECEIVER = {"WEBHOOK_URL": "http://127.0.0.1:9/", "WEBHOOK_SECRETS": "whsec_" + "A" * 44}
METRICS_TOKEN = "a-token-of-the-tests/+=="
DASHBOARD = ROOT / "docs" / "operating" / "grafana-dashboard.json"


def promtool(*arguments: str | Path, stdin: str | None = None) -> str:
    finished = subprocess.run(
        ["promtool", *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=60
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def dashboard_expressions() -> list[str]:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


def alert_expressions() -> list[str]:
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return [rule["expr"] for group in groups for rule in group["rules"]]


def test_the_alert_rules_are_valid_and_fire_when_they_should(tmp_path: Path) -> None:
    promtool("check", "rules", ALERTS)
    shutil.copy(ALERTS, tmp_path)
    shutil.copy(Path(__file__).with_name("alerts_test.yml"), tmp_path)
    assert "SUCCESS" in promtool("test", "rules", tmp_path / "alerts_test.yml")


def test_every_alert_is_explained() -> None:
    page = (ROOT / "docs" / "operating.md").read_text()
    for group in yaml.safe_load(ALERTS.read_text())["groups"]:
        for rule in group["rules"]:
            assert f"| `{rule['alert']}` |" in page


@contextmanager
def prometheus(target: str, folder: Path) -> Iterator[str]:
    port = free_port()
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(ALERTS)],
        "scrape_configs": [
            {
                "job_name": "vorex-sessions",
                "authorization": {"credentials": METRICS_TOKEN},  # as docs/operating.md says
                "static_configs": [{"targets": [target]}],
            }
        ],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    process = subprocess.Popen(
        [
            "prometheus",
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def ask(server: str, expression: str) -> list:
    answer = requests.get(f"{server}/api/v1/query", params={"query": expression}, timeout=10).json()
    assert answer["status"] == "success", answer
    return answer["data"]["result"]


def test_a_real_prometheus_finds_what_dashboard_and_alerts_ask_for(
    app: Flask, database_url: str, tmp_path: Path
) -> None:
    learner = Learner(app)
    with key_server() as keys:
        keys.keys = [Key()]
        issuer = f"{keys.address}/auth/v1"
        settings = {"RATELIMIT_WRITES": "60", "METRICS_TOKEN": METRICS_TOKEN, **RECEIVER}
        settings["DATABASE_READ_URL"] = database_url  # no standby: that is counted, too
        with (
            gunicorn(database_url, SUPABASE_URL=keys.address, **settings) as (address, _),
            prometheus(address.removeprefix("http://"), tmp_path) as server,
        ):
            deadline = time.monotonic() + 60
            while not scraped_often(server):
                assert time.monotonic() < deadline
                practise(address, learner, keys.keys[0].token(learner.id, iss=issuer))
            headers = {"Authorization": f"Bearer {METRICS_TOKEN}"}
            text = requests.get(f"{address}/metrics", headers=headers, timeout=5).text
            assert learner.id not in text
            promtool("check", "metrics", stdin=text)
            for expression in dashboard_expressions():
                assert ask(server, expression), expression
            for expression in alert_expressions():
                ask(server, expression)
            names = set(re.findall(r"vorex_\w+", text))
            for expression in dashboard_expressions() + alert_expressions():
                assert set(re.findall(r"vorex_\w+", expression)) <= names, expression
            groups = requests.get(f"{server}/api/v1/rules", timeout=5).json()["data"]["groups"]
            rules = [rule for group in groups for rule in group["rules"]]
            assert len(rules) == len(alert_expressions())
            assert {rule["health"] for rule in rules} == {"ok"}


def scraped_often(server: str) -> bool:
    try:
        (result,) = ask(server, 'count_over_time(up{job="vorex-sessions"}[1m])')
    except (requests.RequestException, ValueError):
        return False  # it has only just started
    return float(result["value"][1]) >= 4


def practise(address: str, learner: Learner, access_token: str) -> None:
    """Send saves, replays, rejections, reads, an export, refusals: data for every panel."""
    headers = {"Authorization": f"Bearer {access_token}"}
    session = content(session_result_id="5f0c9f6e-7a41-4c54-9f0b-2f6d5f3f7f10")
    for body in (content(), session, {**session, "words_spoken": 9}):
        requests.post(f"{address}/api/sessions/save", json=body, headers=headers, timeout=5)
    for path in ("stats", "stats?period=year", "history", "warmup", "export", "nothing"):
        requests.get(f"{address}/api/sessions/{path}", headers=headers, timeout=5)
    other = {"Authorization": f"Bearer {token()}"}
    requests.get(f"{address}/api/sessions/stats", headers=other, timeout=5)
    time.sleep(0.05)
