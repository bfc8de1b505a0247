"""The manifests of deploy/kubernetes against the schemas of Kubernetes, our settings and our commands."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import config
from tests.factories import SECRET
from tests.serving import BIN, ROOT, free_port, wait_until_healthy
from tests.timing import wait_until
from vorex_sessions import create_app

pytestmark = pytest.mark.external

FOLDER = ROOT / "deploy" / "kubernetes"
VALIDATE = ROOT / "tests/external/kubernetes/.venv/bin/kubernetes-validate"
VERSIONS = ("1.27.0", "1.37.0")  # the first with time zones of cron jobs, and the newest it has
MANIFESTS = sorted(set(FOLDER.glob("*.yaml")) - {FOLDER / "kustomization.yaml"})
USER = 10001  # as in the Dockerfile


def documents() -> Iterator[dict[str, Any]]:
    for path in MANIFESTS:
        yield from yaml.safe_load_all(path.read_text())


def pods() -> dict[str, dict[str, Any]]:
    """The pods by the names of what makes them."""
    found = {}
    for document in documents():
        spec = document.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec:
            found[document["metadata"]["name"]] = spec["template"]["spec"]
    return found


def commands() -> list[list[str]]:
    found = [
        pod["containers"][0].get("command", ["gunicorn", "wsgi:app"]) for pod in pods().values()
    ]
    # The schema is upgraded before.
    return sorted(found, key=lambda command: command != ["flask", "db", "upgrade"])


def validate(*arguments: object) -> subprocess.CompletedProcess:
    versions = [option for version in VERSIONS for option in ("-k", version)]
    command = [VALIDATE, "--strict", *versions, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_the_manifests_are_what_the_schemas_of_kubernetes_allow(tmp_path: Path) -> None:
    done = validate(*MANIFESTS)
    assert done.returncode == 0, done.stdout + done.stderr
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text((FOLDER / "service.yaml").read_text().replace("replicas:", "replica:"))
    assert validate(wrong).returncode != 0


def test_a_kustomization_names_all_that_is_not_secret() -> None:
    kustomization = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
    names = {path.name for path in MANIFESTS} - {"secret.example.yaml"}
    assert set(kustomization["resources"]) == names
    images = {pod["containers"][0]["image"] for pod in pods().values()}
    assert images == {kustomization["images"][0]["name"]}


def test_every_name_is_a_setting_and_every_value_is_usable() -> None:
    given = {}
    for document in documents():
        if document["kind"] in ("ConfigMap", "Secret"):
            given |= document.get("data", {}) | document.get("stringData", {})
    assert set(given) <= {setting.name for setting in config.SETTINGS}
    create_app(config.read(given))


def test_every_pod_is_without_rights_and_writes_nothing_but_memory() -> None:
    image = (ROOT / "Dockerfile").read_text()
    assert f"USER {USER}" in image
    for name, pod in pods().items():
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"], name
        assert pod["securityContext"]["runAsUser"] == USER, name
        assert not pod["automountServiceAccountToken"], name
        rights = container["securityContext"]
        assert rights["readOnlyRootFilesystem"], name
        assert not rights["allowPrivilegeEscalation"], name
        assert rights["capabilities"] == {"drop": ["ALL"]}, name
        assert container["resources"]["limits"]["memory"], name


def test_the_service_is_found_by_its_labels_and_ends_after_its_requests() -> None:
    by_kind = {document["kind"]: document for document in documents()}
    deployment = next(
        one
        for one in documents()
        if one["metadata"]["name"] == "vorex-sessions" and one["kind"] == "Deployment"
    )
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert by_kind["Service"]["spec"]["selector"] == labels
    assert by_kind["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    others = [
        one["spec"]["template"]["metadata"]["labels"]
        for one in documents()
        if one["kind"] in ("Deployment", "Job") and one != deployment
    ]
    assert labels not in others
    pod = pods()["vorex-sessions"]
    graceful = int(config.read({})["GRACEFUL_TIMEOUT"])
    assert pod["terminationGracePeriodSeconds"] > graceful + 5  # seconds of preStop


# Python runs this before the program: the root file system of a pod is read-only.
READ_ONLY = """
import errno, os, sys

ALLOWED = ("/dev/", "/proc/", os.environ["TMPDIR"])

def refuse(event, arguments):
    if event != "open" or not isinstance(arguments[0], str):
        return
    path, _, flags = arguments
    if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and not path.startswith(ALLOWED):
        raise OSError(errno.EROFS, "read-only", path)

sys.addaudithook(refuse)
"""


def test_every_command_runs_on_a_read_only_file_system(database_url: str, tmp_path: Path) -> None:
    """With the settings of the ConfigMap."""
    (tmp_path / "sitecustomize.py").write_text(READ_ONLY)
    environment = {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "PYTHONPATH": str(tmp_path),
        "TMPDIR": str(tmp_path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "FLASK_APP": "wsgi",
        **yaml.safe_load((FOLDER / "config.yaml").read_text())["data"],
        "DATABASE_URL": database_url,
        "SUPABASE_JWT_SECRET": SECRET,
        "PORT": str(free_port()),
    }
    writing = [BIN / "python", "-c", f"open({str(ROOT / 'written')!r}, 'w')"]
    assert subprocess.run(writing, env=environment, stderr=subprocess.DEVNULL).returncode != 0
    for command in commands():
        process = subprocess.Popen(
            [BIN / command[0], *command[1:]],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if command[0] == "gunicorn":
            wait_until_healthy(f"http://127.0.0.1:{environment['PORT']}", process)
        check_end(command, process)


def handles_sigterm(pid: int) -> bool:
    (caught,) = re.findall(
        r"^SigCgt:\s+(\w+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE
    )
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


def check_end(command: list[str], process: subprocess.Popen) -> None:
    """What goes on until it is stopped ends well then; the others end well by themselves."""
    if command[0] == "gunicorn" or command[-1] == "deliver":
        wait_until(lambda: handles_sigterm(process.pid), 60)
        process.terminate()
    output, _ = process.communicate(timeout=60)
    if command == ["flask", "insights", "refresh"]:
        assert "INSIGHTS_MODEL_URL" in output  # suspended until there is one
    else:
        assert process.returncode == 0, f"{command}: {output}"
