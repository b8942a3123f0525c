"""`make kind` and `make kind-down`, with a docker, a kind, a Go and a Pulumi that write down what they are asked."""

import re

import pytest
import yaml

from tests.doubles.kind_machine import READING, Machine
from versions import KIND_NODE_IMAGE

CREATE = f"create cluster --name linkerd-workshop --kubeconfig .kind/kubeconfig --image {KIND_NODE_IMAGE} --wait 180s"
EXPORT = "export kubeconfig --name linkerd-workshop --kubeconfig .kind/kubeconfig"
DELETE = "delete cluster --name linkerd-workshop --kubeconfig .kind/kubeconfig"
INIT = "pulumi stack init --no-select --stack kind"
UP = "pulumi up --yes --skip-preview --stack kind"
DESTROY = "pulumi destroy --yes --stack kind"
REMOVE = "pulumi stack rm --yes --stack kind"


def test_one_command_creates_the_cluster_with_the_workshop_and_one_takes_all_of_it_away_again(machine: Machine) -> None:
    status, text = machine.make("kind")
    settings = yaml.safe_load((machine.folder / "Pulumi.kind.yaml").read_text())["config"]

    assert status == 0, text
    assert machine.changes == [f"kind {CREATE}", INIT, UP]
    assert re.fullmatch(r"kindest/node:v1\.\d+\.\d+@sha256:[0-9a-f]{64}", KIND_NODE_IMAGE), "a tag may be built again"
    assert settings == {
        "linkerd-workshop:kubeconfig": ".kind/kubeconfig",
        "linkerd-workshop:context": "kind-linkerd-workshop",
    }
    assert (machine.folder / ".kind").stat().st_mode & 0o777 == 0o700, "its passphrase is no secret"
    for said in (
        *("kubectl -n podinfo port-forward svc/frontend-podinfo 9898", "export KUBECONFIG=$PWD/.kind/kubeconfig"),
        *("make verify STACK=kind", "make demo STACK=kind", "make kind-down"),
    ):
        assert said in text

    status, text = machine.make("kind-down")
    assert status == 0, text
    assert machine.changes == [DESTROY, REMOVE, f"kind {DELETE}"]
    assert not (machine.folder / ".kind").exists()
    assert not (machine.folder / "Pulumi.kind.yaml").exists()


def test_the_users_kubeconfig_and_backend_stay_as_they_are(machine: Machine) -> None:
    own = machine.folder / "own"
    own.write_text("current-context: production")
    variables = {"KUBECONFIG": str(own), "PULUMI_BACKEND_URL": "s3://team", "PULUMI_CONFIG_PASSPHRASE": "secret"}
    for target in ("kind", "kind-down"):
        assert machine.make(target, **variables)[0] == 0
        assert own.read_text() == "current-context: production"
        changes = [call for call in machine.calls if not READING.match(call[0])]
        assert {tuple(backend) for line, *backend in changes if line.startswith("pulumi")} == {("file://.kind", "kind")}
        assert all("--kubeconfig .kind/kubeconfig" in line for line, *_ in changes if line.startswith("kind"))


def test_the_other_targets_find_the_stack_where_it_was_created(machine: Machine) -> None:
    machine.run("kind")
    for target in ("up", "outputs"):
        machine.make(target, "STACK=kind")
        assert {tuple(backend) for _, *backend in machine.calls} == {("file://.kind", "kind")}, target
    machine.make("up", "STACK=dev")
    assert machine.calls == [["pulumi up", None, None]], "another stack has the backend that the user has chosen"


def test_a_second_run_takes_what_is_there(machine: Machine) -> None:
    machine.run("kind")
    with (machine.folder / "Pulumi.kind.yaml").open("a") as file:
        file.write("  linkerd-workshop:ingressClass: other\n")
    status, text = machine.run("kind")

    assert status == 0, text
    assert machine.changes == [f"kind {EXPORT}", UP]
    assert "ingressClass" in (machine.folder / "Pulumi.kind.yaml").read_text(), "settings are the user's"


@pytest.mark.parametrize(
    ("command", "changes"), [("kind", [f"kind {EXPORT}", INIT, UP]), ("kind-down", [f"kind {DELETE}"])]
)
@pytest.mark.parametrize("left", ["cluster", "cluster and file"])
def test_what_a_killed_run_has_left_is_used_or_deleted(
    machine: Machine, left: str, command: str, changes: list[str]
) -> None:
    machine.run("kind")
    (machine.folder / ".kind/stack").unlink()
    if left == "cluster":
        (machine.folder / "Pulumi.kind.yaml").unlink()

    assert machine.run(command)[0] == 0
    assert machine.changes == changes
    assert (machine.folder / "Pulumi.kind.yaml").exists() is (command == "kind")


def test_without_a_cluster_nothing_is_deleted(machine: Machine) -> None:
    said = "There is no kind cluster linkerd-workshop and no stack on it: nothing is deleted.\n"

    assert machine.run("kind-down") == (0, said)
    assert machine.changes == []


def test_a_stack_whose_cluster_was_deleted_is_removed_without_a_destroy(machine: Machine) -> None:
    machine.run("kind")
    (machine.folder / "cluster").unlink()

    assert machine.run("kind-down")[0] == 0
    assert machine.changes == ["pulumi stack rm --yes --force --stack kind"]
    assert not (machine.folder / ".kind").exists()


@pytest.mark.parametrize(("port", "said"), [("", "The destroy failed;"), ("1", "problems found;")])
def test_a_failed_destroy_keeps_the_cluster_and_says_how_to_give_it_up(machine: Machine, port: str, said: str) -> None:
    machine.run("kind")
    machine.answers["pulumi destroy"] = (255, "error: cluster unreachable")
    file = machine.folder / ".kind/kubeconfig"
    file.write_text(re.sub(r"(?<=127.0.0.1:)\d+", lambda found: port or found[0], file.read_text()))
    status, text = machine.run("kind-down")

    assert status
    assert machine.changes == [DESTROY]
    assert f"{said} the cluster was kept" in text
    assert "`kind delete cluster --name linkerd-workshop`, then `make kind-down`, deletes it" in text
    assert (machine.folder / "Pulumi.kind.yaml").exists()


def test_a_list_of_clusters_that_fails_ends_it(machine: Machine) -> None:
    machine.answers["kind get clusters"] = (1, "ERROR: failed to list clusters")
    status, text = machine.run("kind-down")

    assert status
    assert "kind: `kind get clusters` fails (ERROR: failed to list clusters), but" in text
    assert machine.changes == []


@pytest.mark.parametrize("command", ["create cluster", "export kubeconfig"])
def test_a_cluster_that_cannot_be_created_gets_no_workshop(machine: Machine, command: str) -> None:
    if command.startswith("export"):
        (machine.folder / "cluster").touch()
        (machine.folder / ".kind").mkdir()
    machine.answers[f"kind {command}"] = (1, "ERROR: failed")
    status, text = machine.run("kind")

    assert status
    assert text.index("ERROR: failed") < text.index(f"kind: `kind {command}` fails with exit status 1, but")
    assert "make kind-down" in text
    assert len(machine.changes) == 1


@pytest.mark.parametrize("command", ["pulumi stack init", "pulumi up"])
def test_a_failed_command_of_pulumi_ends_it(machine: Machine, command: str) -> None:
    machine.answers[command] = (255, "error: it fails")
    status, text = machine.run("kind")

    assert status
    assert machine.changes[-1].startswith(command)
    assert "make verify" not in text


@pytest.mark.parametrize("target", ["kind", "kind-down"])
def test_the_cluster_of_another_checkout_is_left_alone(machine: Machine, target: str) -> None:
    machine.run("kind")
    (machine.folder / ".kind").rename(machine.folder / "elsewhere")
    (machine.folder / "Pulumi.kind.yaml").unlink()
    status, text = machine.run(target)

    assert status
    assert "kind cluster linkerd-workshop exists, and this folder has no .kind, but another folder created it." in text
    assert machine.changes == []


def test_the_users_own_stack_of_that_name_is_left_alone(machine: Machine) -> None:
    own = machine.folder / "Pulumi.kind.yaml"
    own.write_text("config:\n  linkerd-workshop:context: kind-kind\n")
    status, text = machine.run("kind")

    assert status
    assert "Pulumi.kind.yaml: this stack has another cluster, but `make kind` creates a stack named kind." in text
    assert machine.changes == []
    assert machine.run("kind-down")[0] == 0
    assert machine.changes == []
    assert own.read_text().endswith("kind-kind\n")


@pytest.mark.parametrize("target", ["kind", "kind-down"])
def test_whoever_asks_for_the_sandbox_gets_no_cluster(machine: Machine, target: str) -> None:
    status, text = machine.make(target, "ON_SANDBOX=1")

    assert status
    assert "kind: ON_SANDBOX is set, but a cluster in Docker is not the sandbox." in text
    assert machine.calls == []
