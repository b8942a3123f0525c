"""Commands read a stack's settings with the real Pulumi CLI, and read what its program is handed."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from clients import limits
from clients.pulumi_cli import NoStackError, read_settings
from model.names import PROJECT
from model.problem import InputError
from sandbox import tools
from tests.sandbox.workshop import CHECKOUT, Workshop, link_checkout

pytestmark = pytest.mark.sandbox
HUNTER = "hunter2-is-no-password"


class Project:
    """A copy of the project with a backend, a passphrase and a stack of its own, which is on no sandbox."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.file, self.patch = folder / "project", folder / "project" / "Pulumi.dev.yaml", patch
        (folder / "state").mkdir()
        link_checkout(self.folder, self.file.name)
        for name in ("PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_STACK", "ON_SANDBOX"):
            patch.delenv(name, raising=False)
        own = {"BACKEND_URL": f"file://{folder / 'state'}", "CONFIG_PASSPHRASE": "right", "HOME": str(folder / "home")}
        for name, value in own.items():
            patch.setenv(f"PULUMI_{name}", value)
        patch.chdir(self.folder)
        self.write({})
        self.pulumi("stack", "init", "dev")

    def write(self, config: dict[str, object], **others: object) -> None:
        """Replace the stack's settings."""
        self.file.write_text(yaml.safe_dump({"config": config, **others}))

    def pulumi(self, *arguments: str) -> str:
        """Run the CLI, which has to succeed."""
        return subprocess.run(["pulumi", *arguments], check=True, capture_output=True, text=True).stdout

    def refusal(self, stack: str = "dev") -> str:
        """Return the one sentence why there are no settings."""
        with pytest.raises(InputError) as caught:
            read_settings(stack)
        (problem,) = caught.value.problems
        return str(problem)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    folder = tools.find(("pulumi",))["pulumi"].parent
    monkeypatch.setattr(limits, "SECONDS", 120)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return Project(tmp_path, monkeypatch)


def test_encrypted_values_numbers_days_and_project_defaults_are_read(project: Project) -> None:
    project.file.write_text(f"config:\n  {PROJECT}:workshopEnds: 2027-01-31\n")
    project.pulumi("config", "set", "--secret", f"{PROJECT}:context", HUNTER)
    project.pulumi("config", "set", "--path", f"{PROJECT}:demos.podinfo.headerValue", "123456789012")
    project.pulumi("config", "set", "--path", "--secret", f"{PROJECT}:demos.booksapp.faultPercent", "25")
    project.pulumi("config", "set", "--path", f"{PROJECT}:delivery.argoCd.application.revision", "0123")
    settings = read_settings("dev")

    assert settings.context == HUNTER
    assert settings.demos.podinfo.header_value == "123456789012"
    assert settings.demos.booksapp.fault_percent == 25
    assert settings.delivery.argo_cd.application.revision == "0123"
    assert str(settings.workshop_ends) == "2027-01-31"
    assert settings.ingress_class == "alb"
    assert settings == read_settings("organization/dev")


def test_a_projects_default_holds_where_the_stack_says_nothing(project: Project) -> None:
    content: dict[str, Any] = yaml.safe_load((CHECKOUT / "Pulumi.yaml").read_text())
    content["config"]["ingressClass"]["default"] = "nginx"
    (project.folder / "Pulumi.yaml").unlink()
    (project.folder / "Pulumi.yaml").write_text(yaml.safe_dump(content))
    assert read_settings("dev").ingress_class == "nginx"

    project.write({f"{PROJECT}:ingressClass": "traefik"})
    assert read_settings("dev").ingress_class == "traefik"


def test_what_pulumi_cannot_read_is_one_sentence(project: Project) -> None:
    project.write({}, environment=["workshop/dev"])
    assert "ESC environments" in project.refusal()
    for content in (
        "config: {",
        f"config: [{HUNTER}]",
        f"{HUNTER}",
        f"config: {{a: !!float {HUNTER}}}",
        f"a: {HUNTER}: b",
    ):
        project.file.write_text(content)
        told = project.refusal()
        assert "Pulumi.dev.yaml is no stack file that Pulumi can read" in told, content
        assert HUNTER not in told
    project.file.unlink()
    assert "there is no such file" in project.refusal()


def test_what_keeps_pulumi_from_reading_is_one_sentence(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.pulumi("config", "set", "--secret", f"{PROJECT}:context", HUNTER)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "wrong")
    assert "the passphrase is not the one" in project.refusal()
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    assert "no passphrase is given" in project.refusal()
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///nowhere/at/all")
    assert "unable to open state directory" in project.refusal()
    monkeypatch.delenv("PULUMI_BACKEND_URL")
    assert "nobody is logged in" in project.refusal()


def test_a_stack_that_was_never_created_is_known(project: Project) -> None:
    project.file.rename(project.folder / "Pulumi.later.yaml")
    with pytest.raises(NoStackError, match="make init STACK=later"):
        read_settings("later")


def test_the_program_and_a_command_refuse_the_same_settings_in_the_same_words(workshop: Workshop) -> None:
    workshop.choose("viz.enabled", value=False)
    workshop.choose("demos.progressiveDelivery.analysis", value=True)
    workshop.run("config", "set", "kubernetes:context", "kind-kind")
    program = workshop.run("preview")
    command = workshop.operation("check-cluster")

    assert program.returncode != 0
    assert command.returncode == 1
    problems = [line.strip() for line in command.stderr.splitlines() if line.strip()[:2] in ("1.", "2.")]
    assert (
        "kubernetes:context: it is set, but the program and its commands read linkerd-workshop:context" in problems[0]
    )
    assert "demos.progressiveDelivery.analysis: it is true while viz.enabled is false" in problems[1]
    for problem in problems:
        assert problem in " ".join((program.stdout + program.stderr).split())
