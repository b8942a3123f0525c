"""`python -m sandbox pulumi`: the Pulumi CLI with the engine parts, the backend and the charts that it needs here."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sandbox import charts, control_plane, engine, paths, plugins, tools, trial
from sandbox.aws.environment import prepared
from sandbox.aws.wanted import Account
from sandbox.console import SandboxError, say
from sandbox.controllers import starting as controllers
from sandbox.definitions import LINKERD, LOAD_BALANCERS, Release, held
from sandbox.interrupted import clear_stale_locks, clear_up, remove_torn_files, settle_releases
from sandbox.project import PulumiCli, StackFile, ensure_stack

CHANGING = {"up", "update", "preview", "pre", "destroy", "down", "refresh", "watch", "import"}
"""Commands that meet what a killed engine left behind."""
PREVIEWING = {"up", "update", "preview", "pre"}
POLICY_PACK = "--policy-pack"
WITHOUT_STACK = {"cancel", "init", "ls"}
"""Commands that make no stack where there is none, or make it themselves: asking which there are leaves none behind."""
PASSPHRASE = "sandbox"  # noqa: S105 - protects nothing: the state of a cluster that exists only on this machine

PASSPHRASES = "PULUMI_CONFIG_PASSPHRASE"


@dataclass(frozen=True)
class Setting:
    """What one run of the engine uses, and the line that says so."""

    cli: PulumiCli
    description: str
    definitions: list[Release] = field(default_factory=list[Release])
    """What the plugin does not find by itself in a preview on a cluster that has none."""


def run(home: paths.Home, project: str, stack: str, arguments: list[str]) -> None:
    """Replace this process by the Pulumi CLI, so that signals and the exit status are its own.

    Raises SandboxError if the stack is not on the sandbox.
    """
    chosen = StackFile.read(Path(project).resolve(), stack)
    stack_file = trial.tried(home, chosen)
    trial.check_arguments(arguments, stack_file, chosen)
    if stack_file is chosen and not stack_file.on_sandbox(home):
        message = (
            f"stack {stack} is not on the sandbox ({chosen.path}): run `pulumi` itself for it, or set ON_SANDBOX=1."
        )
        raise SandboxError(message)
    if trial.edits_settings(arguments):
        # A setting is the stack's, wherever it is tried: it goes into the user's own file.
        setting, folder = settings_only(home, stack_file, arguments), chosen.project
    else:
        setting = ready_setting(home, stack_file, arguments)
        folder = setting.cli.project
        say(setting.description)
    environment = trial.within(home, setting.cli.environment)
    os.chdir(folder)
    if setting.definitions and PREVIEWING.intersection(arguments) and "--skip-preview" not in arguments:
        with held(home, Path(setting.cli.environment["CHART_MIRROR"]), setting.definitions):
            sys.exit(replace(setting.cli, environment=environment).wait(arguments))
    os.execve(setting.cli.program, ["pulumi", *arguments], environment)  # noqa: S606


def ready_setting(home: paths.Home, stack_file: StackFile, arguments: list[str]) -> Setting:
    """The engine against the sandbox, with a stack that no killed run holds up."""
    setting = sandbox_setting(home, stack_file, arguments)
    if CHANGING.intersection(arguments):
        clear_stale_locks(home, stack_file)
        remove_torn_files(home)
        ensure_stack(setting.cli, home, stack_file)
        clear_up(setting.cli, home, stack_file)
        settle_releases(home, stack_file)
    elif not WITHOUT_STACK.intersection(arguments):
        ensure_stack(setting.cli, home, stack_file)
    return setting


def run_beside(home: paths.Home, project: str, stack: str, command: list[str]) -> None:
    """Replace this process by a command that sees the same cluster, account and backend as the engine."""
    os.environ["ON_SANDBOX"] = "1"
    chosen = StackFile.read(Path(project).resolve(), stack)
    stack_file = trial.tried(home, chosen)
    cli = sandbox_setting(home, stack_file).cli
    ensure_stack(cli, home, stack_file)  # the command reads the settings with it
    environment = trial.within(home, cli.environment)
    # A launcher that the command starts would take the plugins in there for the user's own.
    environment.pop("PULUMI_HOME", None)
    own = {key: value for key, value in os.environ.items() if key == "PULUMI_HOME"}
    os.chdir(chosen.project)
    os.execvpe(command[0], command, environment | own)  # noqa: S606


def sandbox_setting(home: paths.Home, stack_file: StackFile, arguments: Sequence[str] = ()) -> Setting:
    """Return the engine against the sandbox: its own backend, passphrase and plugin folder unless the user set them."""
    chosen = plugins.choice()
    found = tools.find((*(() if control_plane.healthy(home) else tools.CONTROL_PLANE), *programs(arguments)))
    account = stack_file.account
    selected = plugins.select(found["pulumi"], chosen, (*plugins.PACKAGES, *([plugins.AWS] if account else [])))
    control_plane.up(home, quiet=True)
    program, real_host = engine.lay_out_language_host(home.plugins / "bin", found["pulumi"], chosen)
    engine.lay_out_plugins(home.plugins, selected)
    engine.keep_no_logs(home.plugins)
    source = charts.choose(home)
    # What is on PATH is linked where it is wanted; found there by the engine it costs a warning on every command.
    own = {"PULUMI_HOME": str(home.plugins), "PULUMI_IGNORE_AMBIENT_PLUGINS": "true"}
    environment = with_tools(found) | own
    if source.mirror is not None:
        environment["CHART_MIRROR"] = source.mirror
    if account is not None:
        environment = away_from_the_real_stack(home, account, environment)
    use_own_backend(home, environment)
    cluster = f"kubernetes {control_plane.version(home)}"
    used = ", ".join([*map(str, selected), f"python host {'of the engine' if real_host else 'of the SDK'}"])
    description = f"{cluster} · plugins: {used} · charts: {source.description}"
    cli = PulumiCli(program, stack_file.project, environment | {"PULUMI_STACK": stack_file.stack})
    if any(plugin.from_module for plugin in selected) and "CHART_MIRROR" in environment:
        return Setting(cli, description, [LINKERD, LOAD_BALANCERS] if account else [LINKERD])
    return Setting(cli, description)


def settings_only(home: paths.Home, stack_file: StackFile, arguments: list[str]) -> Setting:
    """The engine for `pulumi config`, which needs no cluster, no plugins and no charts."""
    program = tools.find(("pulumi",))
    environment = with_tools(program) | {"PULUMI_STACK": stack_file.stack, "PULUMI_HOME": str(home.plugins)}
    home.make()
    if stack_file.account is not None:
        environment = without_real_backend(environment)
    use_own_backend(home, environment)
    cli = PulumiCli(program["pulumi"], stack_file.project, environment)
    if trial.command_words(arguments)[1:]:  # to read settings creates no stack
        ensure_stack(cli, home, stack_file)
    return Setting(cli, "settings alone")


def use_own_backend(home: paths.Home, environment: dict[str, str]) -> None:
    """Add the sandbox's backend and passphrase, unless the user has set others."""
    environment.setdefault("PULUMI_BACKEND_URL", f"file://{home.state}")
    if "PULUMI_CONFIG_PASSPHRASE_FILE" not in environment:
        environment.setdefault("PULUMI_CONFIG_PASSPHRASE", PASSPHRASE)


def without_real_backend(environment: dict[str, str]) -> dict[str, str]:
    """The environment without the backend and the passphrase that the real stack has."""
    return {key: value for key, value in environment.items() if not key.startswith(("PULUMI_BACKEND_", PASSPHRASES))}


def away_from_the_real_stack(home: paths.Home, account: Account, environment: dict[str, str]) -> dict[str, str]:
    """The environment without the backend, the passphrase and the account that the real stack has."""
    prepared_environment = prepared(home, account, without_real_backend(environment))
    controllers.up(home, account)
    return prepared_environment


def programs(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return the tools that a command needs: a policy pack judges the objects of a release as helm renders them."""
    return ("pulumi", "helm") if POLICY_PACK in arguments else ("pulumi",)


def with_tools(found: dict[str, Path]) -> dict[str, str]:
    """The user's environment with the tools on PATH.

    Where Python is told to write no bytecode, it goes to the cache instead: without it every command imports for 7 s.
    """
    environment = dict(os.environ)
    folders = dict.fromkeys(str(path.parent) for path in found.values())
    environment["PATH"] = os.pathsep.join([*folders, environment.get("PATH", os.defpath)])
    environment["PULUMI_SKIP_UPDATE_CHECK"] = "true"
    if environment.pop("PYTHONDONTWRITEBYTECODE", None):
        environment.setdefault("PYTHONPYCACHEPREFIX", str(paths.cache() / "bytecode"))
    return environment
