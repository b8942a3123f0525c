"""`python -m sandbox pulumi`: one line that says what is used, then Pulumi as everywhere."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from sandbox import tools
from sandbox.console import SandboxError
from sandbox.engine import lay_out_language_host
from sandbox.paths import Home
from sandbox.plugins import Choice
from sandbox.project import read_mapping
from tests.sandbox.program import PROVIDER, Project, read_until
from tests.sandbox.workshop import Workshop

pytestmark = pytest.mark.sandbox


def lines_of_sandbox(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("sandbox: kubernetes")]


def test_a_new_stack_is_made_without_a_question_and_one_line_says_what_is_in_use(project: Project) -> None:
    project.write("import pulumi\npulumi.export('answer', 42)\n")
    done = project.succeed("up", "--yes", "--skip-preview", PULUMI_PLUGINS="built", CHART_MIRROR="/none")
    described = lines_of_sandbox(done.stderr)
    assert len(described) == 1, done.stderr
    dated = r"\d{4}-\d\d-\d\d from its module"
    assert re.search(f"plugins: kubernetes {dated}, tls {dated}, python host of the SDK", described[0]), described[0]
    assert described[0].endswith("charts: mirror /none")
    assert "warning" not in (done.stdout + done.stderr).lower(), "nor of a plugin's version"
    output = project.run("stack", "output", "answer")
    assert output.stdout == "42\n", "standard output is Pulumi's alone, for pipes"


def test_the_work_tree_stays_as_it_is_once_the_stack_file_has_its_salt(project: Project) -> None:
    project.write("")
    project.succeed("up", "--yes")
    before = {path: path.read_bytes() for path in project.folder.iterdir() if path.is_file()}
    project.succeed("preview")
    assert {path: path.read_bytes() for path in project.folder.iterdir() if path.is_file()} == before


@pytest.mark.parametrize(
    ("program", "shown", "hidden"),
    [
        ("import pulumi\nraise pulumi.RunError('one clear sentence')\n", "error: one clear sentence", "Traceback"),
        ("def inner():\n    raise ValueError('boom')\ninner()\n", "in inner\n", "sandbox/language_host.py"),
        ("import sys\nsys.exit(3)\n", "Program exited with non-zero exit code: 3", "Traceback"),
        ("import nothing_here\n", "No module named 'nothing_here'", "sandbox/language_host.py"),
    ],
)
def test_errors_of_the_program_are_shown_as_the_real_host_shows_them(
    project: Project, program: str, shown: str, hidden: str
) -> None:
    project.write(program)
    done = project.run("preview")
    assert done.returncode != 0, "the exit status is Pulumi's"
    assert shown in done.stdout
    assert hidden not in done.stdout + done.stderr


def test_a_chart_that_fails_is_shown_alone(project: Project) -> None:
    (project.folder / "broken.tgz").write_text("not an archive", encoding="utf-8")
    project.write(
        PROVIDER
        + """
chart = kubernetes.helm.v4.Chart("chart", chart="./broken.tgz", opts=here)
after = pulumi.ResourceOptions(provider=provider, depends_on=[chart])
pulumi.export("name", kubernetes.core.v1.ConfigMap("after", opts=after).metadata["name"])
"""
    )
    done = project.run("preview")
    assert done.returncode != 0
    assert "broken.tgz" in done.stdout
    assert "resource monitor shut down" not in done.stdout + done.stderr, "that follows from it and tells nothing"
    assert "Traceback" not in done.stdout + done.stderr


def test_the_program_sees_its_folder_its_configuration_and_its_stack(project: Project) -> None:
    (project.folder / "beside.py").write_text("NAME = 'beside'\n", encoding="utf-8")
    project.write(
        "import os, beside, pulumi\n"
        "pulumi.export('seen', [os.getcwd(), beside.NAME, pulumi.get_stack(), pulumi.get_organization(),\n"
        "  pulumi.Config().require('greeting')])\n"
        "pulumi.export('hidden', pulumi.Config().require_secret('password'))\n"
    )
    project.succeed("config", "set", "greeting", "hello")
    project.succeed("config", "set", "--secret", "password", "swordfish")
    done = project.succeed("up", "--yes", "--skip-preview")
    seen = project.run("stack", "output", "--json").stdout
    for expected in (str(project.folder), "beside", project.stack, "organization", "hello"):
        assert f'"{expected}"' in seen
    assert "swordfish" not in done.stdout + done.stderr + seen, "secrets stay secret"


def test_an_interrupt_reaches_the_engine_once_and_it_ends_by_itself(project: Project) -> None:
    project.write("import time\nprint('sleeping', flush=True)\ntime.sleep(600)\n")
    process = project.start("up", "--yes", "--skip-preview")
    read_until(process, "sleeping")
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    rest, _ = process.communicate(timeout=300)
    assert process.returncode != 0
    assert rest.count("^C received") == 1, "a second one would end it at once and leave the stack locked"
    assert "Traceback" not in rest


def test_a_stack_without_a_file_gives_one_sentence(project: Project) -> None:
    done = Project(project.folder, Home(project.home), "nowhere").run("preview")
    assert done.returncode == 1
    assert "Pulumi.nowhere.yaml does not exist" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["mine", "organization/linkerd-workshop/mine"])
def test_a_stack_for_another_cluster_is_made_and_set_from_nothing(
    sandbox_home: Home, tmp_path: Path, name: str
) -> None:
    checkout, backend = Workshop(tmp_path / "checkout", sandbox_home.folder).folder, tmp_path / "backend"
    backend.mkdir()
    mine = {"PULUMI_BACKEND_URL": f"file://{backend}", "PULUMI_CONFIG_PASSPHRASE": "mine", "STACK": name}
    pulumi, _ = lay_out_language_host(tmp_path / "bin", tools.find(("pulumi",))["pulumi"], Choice.AUTO)
    mine |= {"KUBECONFIG": str(sandbox_home.kubeconfig), "PATH": f"{pulumi.parent}:{os.environ['PATH']}"}

    for command in (["init"], ["set", "KEY=context", "VALUE=nowhere"], ["preview"]):
        done = subprocess.run(
            ["make", *command], cwd=checkout, env=os.environ | mine, capture_output=True, text=True, check=False
        )
        assert (done.returncode == 0) == (command != ["preview"]), done.stdout + done.stderr

    assert (backend / ".pulumi/stacks/linkerd-workshop/mine.json").exists()
    assert "linkerd-workshop:context: nowhere" in (checkout / "Pulumi.mine.yaml").read_text(encoding="utf-8")
    assert "there is no such context" in done.stderr, "the preview reads what was set"


@pytest.mark.parametrize("content", ["a: [canary\n", "a: !!bool canary\n", "a: !!timestamp canary\n"])
def test_a_stack_file_that_is_no_yaml_is_named_and_not_quoted(tmp_path: Path, content: str) -> None:
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SandboxError, match=r"Pulumi\.dev\.yaml is not YAML") as refused:
        read_mapping(path)
    assert "canary" not in str(refused.value)


def test_a_stack_on_another_cluster_is_not_for_the_launcher(project: Project) -> None:
    (project.folder / f"Pulumi.{project.stack}.yaml").write_text("config: {}\n", encoding="utf-8")
    project.write("")
    refused = project.run("preview")
    assert refused.returncode == 1
    assert f"stack {project.stack} is not on the sandbox" in refused.stderr
    assert "run `pulumi` itself" in refused.stderr
