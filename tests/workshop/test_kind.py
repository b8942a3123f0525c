"""`make kind` and `make kind-down`, with a docker, a kind, a Go and a Pulumi that write down what they are asked."""

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from clients import limits
from tests.doubles.api_server import Cluster, serving
from tests.program import ROOT
from versions import KIND, KIND_NODE_IMAGE
from workshop import cli
from workshop.kind import VARIABLES

PROGRAM = f"""#!{sys.executable}
import json, os, sys
from pathlib import Path
words = [Path(sys.argv[0]).name, *sys.argv[1:]]
line, cluster, stack, file = " ".join(words), Path("cluster"), Path(".kind/stack"), Path("Pulumi.kind.yaml")
with open(os.environ["CALLS"], "a") as log:
    names = ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE")
    log.write(json.dumps([line, *(os.environ.get(name) for name in names)]) + "\\n")
for part, (status, said) in json.loads(os.environ["ANSWERS"]).items():
    if part in line:
        print(said, file=sys.stderr if status else sys.stdout)
        sys.exit(status)
if "run" in words[:2]:
    line = line.replace(" ".join(words[:3]), "kind")
if line.startswith("kind create cluster") or line.startswith("kind export kubeconfig"):
    cluster.touch()
    Path(words[words.index("--kubeconfig") + 1]).write_text(os.environ["SERVED"])
elif line.startswith("kind delete cluster"):
    cluster.unlink()
elif line.startswith("kind get clusters") and cluster.exists():
    print("linkerd-workshop")
elif line.startswith("pulumi stack init"):
    stack.touch()
elif line.startswith("pulumi stack rm"):
    stack.unlink(), file.unlink()
elif line.startswith("pulumi config") and not stack.exists():
    sys.exit("error: no stack named 'kind' found")
elif line.startswith("pulumi config"):
    import yaml
    values = yaml.safe_load(file.read_text())["config"]
    print(json.dumps({{key: {{"value": value, "secret": False}} for key, value in values.items()}}))
elif line.startswith("pulumi stack output"):
    print('{{"demos": {{"podinfo": "kubectl -n podinfo port-forward svc/frontend-podinfo 9898"}}}}')
"""
WORKING = {"kind version": (0, f"kind v{KIND} go1.26.8 linux/amd64"), "docker info": (0, "2")}
CREATE = f"create cluster --name linkerd-workshop --kubeconfig .kind/kubeconfig --image {KIND_NODE_IMAGE} --wait 180s"
EXPORT = "export kubeconfig --name linkerd-workshop --kubeconfig .kind/kubeconfig"
DELETE = "delete cluster --name linkerd-workshop --kubeconfig .kind/kubeconfig"
INIT = "pulumi stack init --no-select --stack kind"
UP = "pulumi up --yes --skip-preview --stack kind"
DESTROY = "pulumi destroy --yes --stack kind"
REMOVE = "pulumi stack rm --yes --stack kind"
READING = re.compile(r"docker|kind (version|get)|go run \S+ (version|get)|pulumi (version|config|stack output)")
DAEMON = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
DENIED = "permission denied while trying to connect to the docker API at unix:///var/run/docker.sock"


@dataclass
class Machine:
    """A checkout on a machine whose PATH has these programs only."""

    folder: Path
    patch: pytest.MonkeyPatch
    output: pytest.CaptureFixture[str]
    variables: Mapping[str, str]
    answers: dict[str, tuple[int, str]] = field(default_factory=lambda: {**WORKING})
    """What a command prints, by a part of it, with its exit status."""

    def run(self, command: str) -> tuple[int, str]:
        """Run a command of `python -m workshop`; return its exit status and all that is printed."""
        self.output.readouterr()
        self._log.unlink(missing_ok=True)
        with self.patch.context() as patch:
            patch.chdir(self.folder)
            for name, value in self._environment({**dict.fromkeys(VARIABLES, ""), "ON_SANDBOX": ""}).items():
                patch.setenv(name, value)
            status = cli.main([command])
        return status, "".join(self.output.readouterr())

    def make(self, *arguments: str, **variables: str) -> tuple[int, str]:
        """Make a target in the same way."""
        self._log.unlink(missing_ok=True)
        make = shutil.which("make")
        assert make
        done = subprocess.run(
            [make, "--no-print-directory", *arguments],
            cwd=self.folder,
            env=self._environment(variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.returncode, done.stdout + done.stderr

    def remove(self, program: str) -> None:
        """Remove a program."""
        (self.folder / "programs" / program).unlink()

    @property
    def calls(self) -> list[list[str]]:
        """Each command with the backend and the passphrase that it was given."""
        return [json.loads(line) for line in self._log.read_text().splitlines()] if self._log.exists() else []

    @property
    def changes(self) -> list[str]:
        """The commands that change something."""
        return [line for line, *_ in self.calls if not READING.match(line)]

    @property
    def _log(self) -> Path:
        return self.folder / "calls"

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        return {**self.variables, "ANSWERS": json.dumps(self.answers), "CALLS": str(self._log), **more}


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Machine]:
    folder = tmp_path / "checkout"
    for each in (folder / "programs", folder / ".venv/bin"):
        each.mkdir(parents=True)
    for entry in ROOT.iterdir():
        if entry.name[:1] != "." and not re.fullmatch(r"Pulumi\..+\.yaml", entry.name):
            (folder / entry.name).symlink_to(entry)
    for name in ("docker", "kind", "go", "pulumi"):
        executable(folder / "programs" / name, PROGRAM)
    executable(folder / ".venv/bin/python", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (folder / ".venv/installed").touch()
    with serving(Cluster(), tmp_path) as kubeconfig:
        served = kubeconfig.read_text().replace("there", "kind-linkerd-workshop")
        variables = {"PATH": str(folder / "programs"), "HOME": str(tmp_path), "COLUMNS": "500", "SERVED": served}
        yield Machine(folder, monkeypatch, capfd, variables)


def executable(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def test_one_command_creates_the_cluster_and_brings_the_workshop_up(machine: Machine) -> None:
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


def test_it_prints_where_each_demo_answers_and_how_to_go_on(machine: Machine) -> None:
    text = machine.run("kind")[1]

    assert "kubectl -n podinfo port-forward svc/frontend-podinfo 9898" in text
    assert "export KUBECONFIG=$PWD/.kind/kubeconfig" in text
    for target in ("make verify STACK=kind", "make demo STACK=kind", "make kind-down"):
        assert target in text


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


@pytest.mark.parametrize("left", ["cluster", "cluster and file"])
def test_a_run_after_a_killed_one_goes_on(machine: Machine, left: str) -> None:
    machine.run("kind")
    (machine.folder / ".kind/stack").unlink()
    if left == "cluster":
        (machine.folder / "Pulumi.kind.yaml").unlink()

    assert machine.run("kind")[0] == 0
    assert machine.changes == [f"kind {EXPORT}", INIT, UP]


def test_one_command_takes_all_of_it_away_again(machine: Machine) -> None:
    machine.run("kind")
    status, text = machine.make("kind-down")

    assert status == 0, text
    assert machine.changes == [DESTROY, REMOVE, f"kind {DELETE}"]
    assert not (machine.folder / ".kind").exists()
    assert not (machine.folder / "Pulumi.kind.yaml").exists()


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


@pytest.mark.parametrize("left", ["cluster", "cluster and file"])
def test_what_a_killed_run_has_left_is_deleted(machine: Machine, left: str) -> None:
    machine.run("kind")
    (machine.folder / ".kind/stack").unlink()
    if left == "cluster":
        (machine.folder / "Pulumi.kind.yaml").unlink()

    assert machine.run("kind-down")[0] == 0
    assert machine.changes == [f"kind {DELETE}"]
    assert not (machine.folder / "Pulumi.kind.yaml").exists()


def test_a_failed_destroy_keeps_the_cluster_and_says_how_to_give_it_up(machine: Machine) -> None:
    machine.run("kind")
    machine.answers["pulumi destroy"] = (255, "error: update failed")
    status, text = machine.run("kind-down")

    assert status
    assert machine.changes == [DESTROY]
    assert "`kind delete cluster --name linkerd-workshop`, then `make kind-down`, deletes it" in text
    assert (machine.folder / "Pulumi.kind.yaml").exists()


def test_a_cluster_that_does_not_answer_is_kept_and_so_is_its_stack(machine: Machine) -> None:
    machine.run("kind")
    machine.answers["pulumi destroy"] = (255, "error: cluster unreachable")
    file = machine.folder / ".kind/kubeconfig"
    file.write_text(re.sub(r"127.0.0.1:\d+", "127.0.0.1:1", file.read_text()))
    status, text = machine.run("kind-down")

    assert status
    assert machine.changes == [DESTROY]
    assert "found; the cluster was kept" in text


DOCKER: Mapping[str, tuple[dict[str, tuple[int, str]], str]] = {
    "stopped": (
        {"docker version": (1, DAEMON)},
        rf"docker: its daemon does not answer \({re.escape(DAEMON)}\), but .*Start it \(`sudo systemctl start docker`",
    ),
    "silent": ({"docker version": (1, "")}, r"docker: its daemon does not answer \(it says nothing\), but"),
    "refused": (
        {"docker version": (1, DENIED)},
        r"docker: you have no permission to use its daemon, but .*Join its group \(`sudo usermod -aG docker",
    ),
    "old": ({"docker info": (0, "1")}, r"docker: it runs containers with cgroups version 1, but .*1\.35 .*version 2\."),
}


@pytest.mark.parametrize("target", ["kind", "kind-down"])
@pytest.mark.parametrize("state", [*DOCKER, "absent"])
def test_without_a_working_docker_one_sentence_says_so_before_anything_is_created(
    machine: Machine, state: str, target: str
) -> None:
    answers, sentence = DOCKER.get(
        state, ({}, r"docker: there is no such program on PATH, but .*Install it \(https://")
    )
    machine.answers |= answers
    if state == "absent":
        machine.remove("docker")
    status, text = machine.run(target)

    assert status
    assert re.search(rf"1 problem found; nothing was changed:\n  1\. {sentence}", text), text
    assert "use the sandbox, which needs no Docker: `make up`." in text
    assert [line for line, *_ in machine.calls if not line.startswith("docker")] == []
    assert not (machine.folder / ".kind").exists()


def test_a_docker_that_hangs_is_not_waited_for(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SECONDS", 1)
    executable(machine.folder / "programs/docker", f"#!{sys.executable}\nimport time\ntime.sleep(30)\n")
    started = time.monotonic()
    status, text = machine.run("kind")

    assert status
    assert "docker: its daemon does not answer (no answer within 1 s), but" in text
    assert time.monotonic() - started < 20


def test_without_pulumi_no_cluster_is_created(machine: Machine) -> None:
    machine.remove("pulumi")
    status, text = machine.run("kind")

    assert status
    assert "pulumi: there is no such program on PATH" in text
    assert machine.changes == []


@pytest.mark.parametrize(("there", "said"), [("v0.30.0", "version 0.30.0 is on PATH"), ("", "it is not on PATH")])
def test_another_kind_is_not_used_and_the_pinned_one_is_built(machine: Machine, there: str, said: str) -> None:
    machine.answers["kind version"] = (0, f"kind {there} go1.24.0 linux/amd64")
    machine.answers[f"go run sigs.k8s.io/kind@v{KIND} version"] = (0, "")
    if not there:
        machine.remove("kind")
    status, text = machine.run("kind")

    assert status == 0, text
    assert f"kind {KIND}: {said}, so Go builds it" in text
    assert machine.changes == [f"go run sigs.k8s.io/kind@v{KIND} {CREATE}", INIT, UP]
    machine.run("kind-down")
    assert machine.changes[-1] == f"go run sigs.k8s.io/kind@v{KIND} {DELETE}"


def test_without_kind_and_go_both_are_named(machine: Machine) -> None:
    machine.remove("kind")
    machine.remove("go")
    status, text = machine.run("kind")

    assert status
    assert f"kind: it is not on PATH, and there is no Go to build it, but version {KIND} fits" in text
    assert "Install kind" in text
    assert machine.changes == []


def test_a_build_that_fails_is_a_sentence_below_what_go_says(machine: Machine) -> None:
    machine.remove("kind")
    machine.answers["go run"] = (1, "go: proxy.example.com: i/o timeout")
    status, text = machine.run("kind")

    assert status
    assert text.index("i/o timeout") < text.index(
        f"kind: it is not on PATH, and `go run sigs.k8s.io/kind@v{KIND}` fails"
    )
    assert machine.changes == []


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
