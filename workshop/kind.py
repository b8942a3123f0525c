"""The commands `kind` and `kind-down`: a cluster in Docker with the workshop on it, and its removal.

The folder `.kind` has the cluster's kubeconfig and the stack's state, so the operator's own kubeconfig and backend stay
as they are.
"""

import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from clients import limits
from clients.pulumi_cli import NoStackError, ask, read_settings
from model.names import OFF, ON_SANDBOX, PROJECT
from model.problem import InputError, Problem, on_one_line, report_outcome
from model.stack_names import stack_file
from versions import KIND, KIND_NODE_IMAGE
from workshop import outputs_summary
from workshop.drain.commands import destroy_stack
from workshop.terminal import print_text, run_pulumi

STACK, CLUSTER = "kind", PROJECT
FOLDER = Path(".kind")
KUBECONFIG = FOLDER / "kubeconfig"
VARIABLES = {"PULUMI_BACKEND_URL": f"file://{FOLDER}", "PULUMI_CONFIG_PASSPHRASE": "kind"}
"""The stack's backend, which the Makefile names for all other targets. Everybody knows the passphrase: the state has
keys of a cluster that only this machine reaches, in a folder that only its owner reads."""
FILE = f"""\
# Written by `make kind`, deleted by `make kind-down`.
config:
  {PROJECT}:kubeconfig: {KUBECONFIG}
  {PROJECT}:context: kind-{CLUSTER}
"""
MODULE = f"sigs.k8s.io/kind@v{KIND}"
_SANDBOX = "or use the sandbox, which needs no Docker: `make up`."
_IN_DOCKER = "the cluster runs in a container"
_INSTALL = f"Install kind {KIND} (https://kind.sigs.k8s.io/docs/user/quick-start/#installation)"
_NEXT = f"""
`kubectl` and `linkerd` reach the cluster after
  export KUBECONFIG=$PWD/{KUBECONFIG}
Your own kubeconfig is not changed. Next:
  make verify STACK={STACK}   # checks the mesh and what each demo does
  make demo STACK={STACK}     # lists the demos, each with a script
  make kind-down           # destroys the workshop and deletes its cluster"""


def create(console: Console) -> int:
    """Create the cluster and its stack where they are missing, and bring the stack up; return the exit status."""
    kind, file = _prepare(console), stack_file(STACK)
    if file.is_file() and not FOLDER.is_dir():
        found, rule = "this stack has another cluster", f"`make kind` creates a stack named {STACK}"
        rename = f"pulumi stack rename --stack {STACK} <name>"
        fix = f"Rename that stack with `{rename}`, or delete the file if there is no such stack."
        raise InputError([Problem(str(file), found, rule, fix)])
    exists = CLUSTER in _list_clusters(kind)
    _check_folder(kind, exists=exists)
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    if exists:
        _run(console, kind, "export", "kubeconfig")
    else:
        _run(console, kind, "create", "cluster", "--image", KIND_NODE_IMAGE, "--wait", "180s")
    if not file.is_file():
        file.write_text(FILE, encoding="utf-8")
    try:
        read_settings(STACK)
    except NoStackError:
        if status := run_pulumi(STACK, "stack", "init", "--no-select"):
            return status
    # Without a question: the cluster has nothing else.
    if status := run_pulumi(STACK, "up", "--yes", "--skip-preview"):
        return status
    outputs_summary.report(read_settings(STACK), STACK, console)
    print_text(console, _NEXT)
    return 0


def delete(console: Console) -> int:
    """Destroy the stack, remove it and delete its cluster; return the exit status."""
    kind = _prepare(console)
    exists, own = CLUSTER in _list_clusters(kind), FOLDER.is_dir()
    if not exists and not own:
        print_text(console, f"There is no kind cluster {CLUSTER} and no stack on it: nothing is deleted.")
        return 0
    _check_folder(kind, exists=exists)
    if own and (status := _remove_stack(console, kind, exists=exists)):
        return status
    if exists:
        _run(console, kind, "delete", "cluster")
    if own:
        stack_file(STACK).unlink(missing_ok=True)
        shutil.rmtree(FOLDER)
    return 0


def _check_folder(kind: Sequence[str], *, exists: bool) -> None:
    """Raise InputError if the cluster is that of another checkout, whose workshop would be changed or deleted."""
    if exists and not FOLDER.is_dir():
        command = shlex.join([*kind, "delete", "cluster", "--name", CLUSTER])
        found, rule = f"kind cluster {CLUSTER} exists, and this folder has no {FOLDER}", "another folder created it"
        raise InputError([Problem("kind", found, rule, f"Work there, or delete the cluster with `{command}`.")])


def _remove_stack(console: Console, kind: Sequence[str], *, exists: bool) -> int:
    """Destroy the stack if its cluster exists, and remove it; return 0 if nothing is left of it."""
    if not stack_file(STACK).is_file():
        return 0
    try:
        settings = read_settings(STACK)
    except NoStackError:  # a run that was creating it was killed
        return 0
    if not exists:
        return run_pulumi(STACK, "stack", "rm", "--yes", "--force")
    command = shlex.join([*kind, "delete", "cluster", "--name", CLUSTER])
    outcome = f"the cluster was kept, and `{command}`, then `make kind-down`, deletes it without a destroy"
    with report_outcome(outcome):
        status = destroy_stack(settings, STACK, console, yes=True)
    if status:
        print_text(console, f"The destroy failed; {outcome}.")
        return status
    return run_pulumi(STACK, "stack", "rm", "--yes")


def _prepare(console: Console) -> list[str]:
    """Return the command that runs kind, and have Pulumi use the stack's backend. Raises InputError without Docker."""
    if os.environ.get(ON_SANDBOX, "") not in OFF:
        fix = f"Unset {ON_SANDBOX}, or use the sandbox: `make up`."
        raise InputError([Problem("kind", f"{ON_SANDBOX} is set", "a cluster in Docker is not the sandbox", fix)])
    _check_docker()
    ask(["pulumi", "version"])  # raises InputError if there is none
    os.environ.update(VARIABLES)
    return _find_kind(console)


def _check_docker() -> None:
    """Raise InputError if no cluster can run in Docker."""
    answer = _ask("docker", "version", "--format", "{{.Server.Version}}")
    if answer is None:
        fix = f"Install it (https://docs.docker.com/get-started/get-docker/), {_SANDBOX}"
        raise InputError([Problem("docker", "there is no such program on PATH", _IN_DOCKER, fix)])
    if "permission denied" in answer.stderr.lower():
        fix = f'Join its group (`sudo usermod -aG docker "$USER"`, then log in again), {_SANDBOX}'
        raise InputError([Problem("docker", "you have no permission to use its daemon", _IN_DOCKER, fix)])
    if answer.returncode:
        said = on_one_line(answer.stderr.strip().rpartition("\n")[2]).rstrip(".") or "it says nothing"
        fix = f"Start it (`sudo systemctl start docker`, or Docker Desktop), {_SANDBOX}"
        raise InputError([Problem("docker", f"its daemon does not answer ({said})", _IN_DOCKER, fix)])
    groups = _ask("docker", "info", "--format", "{{.CgroupVersion}}")
    if groups and groups.stdout.strip() == "1":
        # https://kubernetes.io/blog/2025/12/17/kubernetes-v1-35-release/#removal-of-cgroup-v1-support
        rule, fix = "nodes from Kubernetes 1.35 on need version 2", f"Update the machine's Linux, {_SANDBOX}"
        raise InputError([Problem("docker", "it runs containers with cgroups version 1", rule, fix)])


def _find_kind(console: Console) -> list[str]:
    """Return the pinned kind: from PATH, or built by Go. Its images work with exactly the release they are made for."""
    answer = _ask("kind", "version")
    words = answer.stdout.split() if answer else []
    if f"v{KIND}" in words:
        return ["kind"]
    there = f"version {words[1].removeprefix('v')} is on PATH" if words[1:] else "it is not on PATH"
    rule, build = f"version {KIND} fits the pinned node image", ["go", "run", MODULE]
    if shutil.which("go") is None:
        found, fix = f"{there}, and there is no Go to build it", f"{_INSTALL} or Go (https://go.dev/doc/install)."
        raise InputError([Problem("kind", found, rule, fix)])
    print_text(console, f"kind {KIND}: {there}, so Go builds it, once")
    built = subprocess.run(  # noqa: S603  no shell
        [*build, "version"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace", check=False
    )
    if built.returncode:
        fix = f"{_INSTALL}, or see what Go says above."
        raise InputError([Problem("kind", f"{there}, and `{shlex.join(build)}` fails", rule, fix)])
    return build


def _list_clusters(kind: Sequence[str]) -> list[str]:
    listed = _ask(*kind, "get", "clusters")
    if listed is None or listed.returncode:
        said = on_one_line(listed.stderr.partition("\n")[0]) if listed else "there is no such program"
        found, fix = f"`kind get clusters` fails ({said})", "See what `docker ps --all` says."
        raise InputError([Problem("kind", found, "it lists the clusters that exist", fix)])
    return listed.stdout.split()


def _run(console: Console, kind: Sequence[str], verb: str, noun: str, *options: str) -> None:
    """Print and run a command of kind for the cluster. Raises InputError if it fails."""
    command = [*kind, verb, noun, "--name", CLUSTER, "--kubeconfig", str(KUBECONFIG), *options]
    print_text(console, shlex.join(command))
    if status := subprocess.run(command, check=False).returncode:  # noqa: S603  no shell
        found, rule = f"`kind {verb} {noun}` fails with exit status {status}", "the workshop runs on its cluster"
        fix = "See what it says above and https://kind.sigs.k8s.io/docs/user/known-issues/, and run `make kind-down`."
        raise InputError([Problem("kind", found, rule, fix)], "the command did not finish")


def _ask(*command: str) -> subprocess.CompletedProcess[str] | None:
    """Return the answer of a command that only reads, or None if there is no such program."""
    try:
        return subprocess.run(  # noqa: S603  no shell
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=limits.SECONDS,
        )
    except (FileNotFoundError, PermissionError):
        return None
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"no answer within {limits.SECONDS} s")
