"""`make kind` on a machine that lacks a program that it needs, or has one that does not work."""

import re
import sys
import time
from collections.abc import Mapping

import pytest

from clients import limits
from tests.doubles.kind_machine import Machine, executable
from tests.workshop.test_kind import CREATE, DELETE, INIT, UP
from versions import KIND

DAEMON = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
DENIED = "permission denied while trying to connect to the docker API at unix:///var/run/docker.sock"
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
    executable(machine.folder / "programs/docker", f"#!{sys.executable}\nimport time\ntime.sleep(120)\n")
    started = time.monotonic()
    status, text = machine.run("kind")

    assert status
    assert "docker: its daemon does not answer (no answer within 1 s), but" in text
    assert time.monotonic() - started < 60


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


NO_KIND = "kind: it is not on PATH, and"


@pytest.mark.parametrize(
    ("removed", "answers", "said"),
    [
        ("pulumi", {}, ["pulumi: there is no such program on PATH"]),
        ("kind go", {}, [f"{NO_KIND} there is no Go to build it, but version {KIND} fits", "Install kind"]),
        ("kind", {"go run": (1, "i/o timeout")}, ["i/o timeout", f"{NO_KIND} `go run sigs.k8s.io/kind@v{KIND}` fails"]),
    ],
    ids=["Pulumi", "kind and Go", "kind, which cannot be built"],
)
def test_without_a_program_no_cluster_is_created(
    machine: Machine, removed: str, answers: dict[str, tuple[int, str]], said: list[str]
) -> None:
    machine.answers |= answers
    for program in removed.split():
        machine.remove(program)
    status, text = machine.run("kind")

    assert status
    places = [text.index(each) for each in said]
    assert places == sorted(places), text
    assert machine.changes == []
