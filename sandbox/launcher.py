"""`python -m sandbox pulumi` and `python -m sandbox run`: the Pulumi CLI, or a command beside it, on the sandbox.

`run` reads the stack's file, chooses the project's folder (with ON_SANDBOX=1 a mirror of it: `sandbox.trial`), starts
what the engine needs (`prepare_engine`), repairs what a killed run left behind (`prepare_stack`), and then replaces
this process by the CLI. `run_beside` does the same for any other command, without the repair.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sandbox import charts, control_plane, engine, paths, plugins, tools, trial
from sandbox.aws.environment import prepare_environment
from sandbox.aws.process import Account, start_controllers
from sandbox.console import SandboxError, say
from sandbox.definitions import LINKERD, LOAD_BALANCERS, Release, hold_definitions
from sandbox.interrupted import (
    remove_stale_locks,
    remove_torn_files,
    resolve_pending_operations,
    settle_releases,
)
from sandbox.project import PulumiCli, StackFile, ensure_stack

CHANGING = {"up", "update", "preview", "pre", "destroy", "down", "refresh", "watch", "import"}
"""Commands that fail, or warn, because of what a killed engine left behind."""
PREVIEWING = {"up", "update", "preview", "pre"}
POLICY_PACK = "--policy-pack"
WITHOUT_STACK = {"cancel", "init", "ls"}
"""Commands before which the launcher creates no stack: `init` creates it, `ls` and `cancel` must leave none behind."""
PASSPHRASE = "sandbox"  # noqa: S105 - protects nothing: the state of a cluster that exists only on this machine

PASSPHRASES = "PULUMI_CONFIG_PASSPHRASE"


@dataclass(frozen=True)
class EngineRun:
    """The engine with its folder and environment, and the line that describes them."""

    cli: PulumiCli
    description: str
    definitions: list[Release] = field(default_factory=list[Release])
    """Releases whose CRDs a built plugin needs in the cluster during a preview."""


def run(home: paths.Home, project: str, stack: str, arguments: list[str]) -> None:
    """Replace this process by the Pulumi CLI, so that signals and the exit status are its own.

    Raises SandboxError if the stack is not on the sandbox.
    """
    chosen = StackFile.read(Path(project).resolve(), stack)
    stack_file = trial.choose_project(home, chosen)
    trial.check_arguments(arguments, stack_file, chosen)
    if stack_file is chosen and not stack_file.on_sandbox(home):
        message = (
            f"stack {stack} is not on the sandbox ({chosen.path}): run `pulumi` itself for it, or set ON_SANDBOX=1."
        )
        raise SandboxError(message)
    if trial.edits_settings(arguments):
        engine_run = prepare_config_command(home, stack_file, arguments)
        folder = chosen.project  # a setting belongs into the user's own file, and not into the mirror's copy
    else:
        engine_run = prepare_engine(home, stack_file, arguments)
        prepare_stack(engine_run.cli, home, stack_file, arguments)
        folder = engine_run.cli.project
        say(engine_run.description)
    cli = replace(engine_run.cli, environment=trial.sandbox_environment(home, engine_run.cli.environment))
    os.chdir(folder)
    if engine_run.definitions and PREVIEWING.intersection(arguments) and "--skip-preview" not in arguments:
        mirror = Path(engine_run.cli.environment["CHART_MIRROR"])
        with hold_definitions(home, mirror, engine_run.definitions):
            sys.exit(cli.wait(arguments))  # this process stays, to remove the definitions afterwards
    os.execve(cli.program, ["pulumi", *arguments], cli.environment)  # noqa: S606


def run_beside(home: paths.Home, project: str, stack: str, command: list[str]) -> None:
    """Replace this process by a command that sees the same cluster, account and backend as the engine."""
    os.environ["ON_SANDBOX"] = "1"
    chosen = StackFile.read(Path(project).resolve(), stack)
    stack_file = trial.choose_project(home, chosen)
    cli = prepare_engine(home, stack_file).cli
    ensure_stack(cli, home, stack_file)  # the command reads the settings with it
    environment = trial.sandbox_environment(home, cli.environment)
    # If the command starts a launcher, that would use the plugins in this folder as the user's own.
    environment.pop("PULUMI_HOME", None)
    own = {key: value for key, value in os.environ.items() if key == "PULUMI_HOME"}
    os.chdir(chosen.project)
    os.execvpe(command[0], command, environment | own)  # noqa: S606


def prepare_config_command(home: paths.Home, stack_file: StackFile, arguments: list[str]) -> EngineRun:
    """Return the engine for `pulumi config`, which needs no cluster, no plugins and no charts."""
    found = tools.find(("pulumi",))
    environment = add_tools(found) | {"PULUMI_STACK": stack_file.stack, "PULUMI_HOME": str(home.plugins)}
    home.make()
    if stack_file.account is not None:
        environment = drop_real_backend(environment)
    add_own_backend(home, environment)
    cli = PulumiCli(found["pulumi"], stack_file.project, environment)
    if trial.command_words(arguments)[1:]:  # to read settings creates no stack
        ensure_stack(cli, home, stack_file)
    return EngineRun(cli, "settings alone")


def prepare_engine(home: paths.Home, stack_file: StackFile, arguments: Sequence[str] = ()) -> EngineRun:
    """Start the control plane and, on EKS, the double of AWS; lay out the plugins; return the engine for the stack.

    It has the sandbox's own backend, passphrase and plugin folder, unless the user has set others.
    """
    account = stack_file.account
    chosen = plugins.choice()
    found = tools.find((*(() if control_plane.healthy(home) else tools.CONTROL_PLANE), *list_tools(arguments)))
    selected = plugins.select(found["pulumi"], chosen, (*plugins.PACKAGES, *([plugins.AWS] if account else [])))
    control_plane.up(home, quiet=True)
    program, real_host = engine.lay_out_language_host(home.plugins / "bin", found["pulumi"], chosen)
    engine.lay_out_plugins(home.plugins, selected)
    engine.keep_no_logs(home.plugins)
    source = charts.choose(home)
    # Plugins on PATH are linked into the plugin folder; found on PATH by the engine, each costs a warning per command.
    environment = add_tools(found) | {"PULUMI_HOME": str(home.plugins), "PULUMI_IGNORE_AMBIENT_PLUGINS": "true"}
    if source.mirror is not None:
        environment["CHART_MIRROR"] = source.mirror
    if account is not None:
        environment = simulate_account(home, account, environment)
    add_own_backend(home, environment)
    cli = PulumiCli(program, stack_file.project, environment | {"PULUMI_STACK": stack_file.stack})
    used = ", ".join([*map(str, selected), f"python host {'of the engine' if real_host else 'of the SDK'}"])
    description = f"kubernetes {control_plane.version(home)} · plugins: {used} · charts: {source.description}"
    if any(plugin.from_module for plugin in selected) and "CHART_MIRROR" in environment:
        return EngineRun(cli, description, [LINKERD, LOAD_BALANCERS] if account else [LINKERD])
    return EngineRun(cli, description)


def prepare_stack(cli: PulumiCli, home: paths.Home, stack_file: StackFile, arguments: Sequence[str]) -> None:
    """Create the stack if the backend lacks it; before a change, repair what a killed run left behind."""
    if CHANGING.intersection(arguments):
        remove_stale_locks(home, stack_file)
        remove_torn_files(home)
        ensure_stack(cli, home, stack_file)
        resolve_pending_operations(cli, home, stack_file)
        settle_releases(home, stack_file)
    elif not WITHOUT_STACK.intersection(arguments):
        ensure_stack(cli, home, stack_file)


def list_tools(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return the tools that a command needs: a policy pack checks the objects of a release as helm renders them."""
    return ("pulumi", "helm") if POLICY_PACK in arguments else ("pulumi",)


def add_tools(found: dict[str, Path]) -> dict[str, str]:
    """Return the user's environment with the tools on PATH.

    Where Python is told to write no bytecode, it goes to the cache instead: without it every command imports for 7 s.
    """
    environment = dict(os.environ)
    folders = dict.fromkeys(str(path.parent) for path in found.values())
    environment["PATH"] = os.pathsep.join([*folders, environment.get("PATH", os.defpath)])
    environment["PULUMI_SKIP_UPDATE_CHECK"] = "true"
    environment.setdefault("GOGC", "400")  # a preview takes 13 % less processor time, and 870 MB instead of 610
    if environment.pop("PYTHONDONTWRITEBYTECODE", None):
        environment.setdefault("PYTHONPYCACHEPREFIX", str(paths.cache() / "bytecode"))
    return environment


def simulate_account(home: paths.Home, account: Account, environment: dict[str, str]) -> dict[str, str]:
    """Start the double of AWS and its controllers; return the environment without the real backend and account."""
    simulated = prepare_environment(home, account, drop_real_backend(environment))
    start_controllers(home, account)
    return simulated


def drop_real_backend(environment: dict[str, str]) -> dict[str, str]:
    """Return the environment without the backend and the passphrase of the real stack."""
    return {key: value for key, value in environment.items() if not key.startswith(("PULUMI_BACKEND_", PASSPHRASES))}


def add_own_backend(home: paths.Home, environment: dict[str, str]) -> None:
    """Add the sandbox's backend and passphrase, unless the user has set others."""
    environment.setdefault("PULUMI_BACKEND_URL", f"file://{home.state}")
    if "PULUMI_CONFIG_PASSPHRASE_FILE" not in environment:
        environment.setdefault("PULUMI_CONFIG_PASSPHRASE", PASSPHRASE)
