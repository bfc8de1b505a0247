"""The manifests of deploy/kubernetes: against the schemas of Kubernetes, and against our settings and commands."""

import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

import config
from tests.black_hole import BlackHole
from tests.factories import SECRET
from tests.serving import BIN, ROOT, free_port, wait_until_healthy
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


def test_the_manifests_are_what_the_schemas_of_kubernetes_allow(tmp_path: Any) -> None:
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


def test_every_command_runs_as_a_user_who_may_write_nowhere(database_url: str) -> None:
    """Against a database, with the settings of the ConfigMap."""
    settings = yaml.safe_load((FOLDER / "config.yaml").read_text())["data"]
    with BlackHole(database_url) as proxy:  # another user may not use the embedded server's socket
        environment = {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "FLASK_APP": "wsgi",
            "PYTHONDONTWRITEBYTECODE": "1",
            **settings,
            "DATABASE_URL": proxy.address,
            "SUPABASE_JWT_SECRET": SECRET,
            "PORT": str(free_port()),
        }
        for command in commands():
            process = subprocess.Popen(
                [BIN / command[0], *command[1:]],
                cwd=ROOT,
                env=environment,
                user=USER if os.geteuid() == 0 else None,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            if command[0] == "gunicorn":
                wait_until_healthy(f"http://127.0.0.1:{environment['PORT']}", process)
            check_end(command, process)


def check_end(command: list[str], process: subprocess.Popen) -> None:
    """What goes on until it is stopped ends well then; the others end well by themselves."""
    goes_on = command[0] == "gunicorn" or command[-1] == "deliver"
    try:
        output, _ = process.communicate(timeout=5 if goes_on else 60)
    except subprocess.TimeoutExpired:
        process.terminate()
        output, _ = process.communicate(timeout=60)
    if command == ["flask", "insights", "refresh"]:
        assert "INSIGHTS_MODEL_URL" in output  # suspended until there is one
    else:
        assert process.returncode == 0, f"{command}: {output}"
