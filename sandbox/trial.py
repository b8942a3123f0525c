"""Tries a stack of EKS on the sandbox: the same program and settings, in a folder and a backend of its own.

Pulumi writes into the stack's file, at the latest the salt of its passphrase. So that the user's file stays as it is,
the engine runs in a mirror of the project: links to everything in it, and a copy of that file.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from model.json_values import is_list, is_mapping, mapping
from model.names import OFF, ON_SANDBOX, SANDBOX_REACHES
from sandbox import ports
from sandbox.console import SandboxError
from sandbox.paths import Home
from sandbox.project import StackFile, read_mapping

SALT = "v1:WTfs01rEGBA=:v1:UWZhmhL1pgbIM+m9:OyrvUGfe9MHZpVGBjos8IweU53HjbQ=="
"""The salt of the passphrase `sandbox`, as in Pulumi.local.yaml."""
OF_THE_REAL_STACK = ("encryptionsalt", "encryptedkey", "secretsprovider")
REAL_VARIABLES = ("AWS_", "PULUMI_ACCESS_TOKEN", "PULUMI_API", "PULUMI_BACKEND_", "PULUMI_CONFIG_PASSPHRASE")
"""Prefixes of the variables that lead to the account, the backend and the passphrase of a real stack."""
OWN = {".git", ".sandbox"}
TRUE = ("1", "true", "yes")
SWITCHES = {
    *("-e", "--emoji", "-h", "--help", "-j", "--json", "-Q", "--fully-qualify-stack-names", "--non-interactive"),
    *("--disable-integrity-checking", "--logflow", "--logtostderr", "--open", "--show-secrets", "--version"),
}
"""Options of `pulumi` and of `pulumi config` that take no value."""
SETTINGS_ONLY = {"env", "get", "set", "set-all", "delete", "remove", "rm", "delete-all", "remove-all", "rm-all"}
"""Subcommands of `pulumi config` that write nothing but settings into a stack's file."""
ELSEWHERE = "would leave the sandbox: run it with ON_SANDBOX=0"
KEPT_IN_COPY = "would set it in a copy of the stack's file: `pulumi config set` changes the file itself"
REFUSED = {
    **dict.fromkeys(("login", "logout", "migrate", "change-secrets-provider", "--secrets-provider"), ELSEWHERE),
    **dict.fromkeys(("-C", "--cwd", "--config-file"), ELSEWHERE),
    **dict.fromkeys(("-c", "--config"), KEPT_IN_COPY),
}
"""Commands and options of `pulumi` that make no sense on the sandbox, and why."""


def is_requested() -> bool:
    """Return whether ON_SANDBOX asks for the sandbox. Raises SandboxError if it says neither yes nor no."""
    text = os.environ.get(ON_SANDBOX, "")
    if text not in (*TRUE, *OFF):
        raise SandboxError(f"ON_SANDBOX is {text!r}, but it takes 1 (try the stack on the sandbox) or 0.")
    return text in TRUE


def choose_project(home: Home, stack_file: StackFile) -> StackFile:
    """Return the stack with the folder to run it in: with ON_SANDBOX a mirror, unless the stack is on the sandbox.

    With ON_SANDBOX this process drops the variables of the real stack's account, backend and passphrase.
    """
    if not is_requested():
        return stack_file
    for name in [name for name in os.environ if name.startswith(REAL_VARIABLES)]:
        del os.environ[name]
    if not stack_file.on_sandbox(home):
        return mirror_project(home, stack_file)
    if read_mapping(stack_file.path).get("secretsprovider") not in (None, "default", "passphrase"):
        raise SandboxError(
            f"{stack_file.path} names a secretsprovider, which ON_SANDBOX=1 does not ask: take it out of the file."
        )
    return stack_file


def sandbox_environment(home: Home, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a command on the sandbox, with a list of what it may reach, and kubectl's cluster."""
    chosen = ports.recorded(home)
    reaches = [str(home.kubeconfig), *([f"https://{ports.LOOPBACK}:{chosen.api}"] if chosen else [])]
    if is_requested() and "AWS_ENDPOINT_URL" in environment:
        reaches.append(environment["AWS_ENDPOINT_URL"])
    own = {"SANDBOX_HOME": str(home.folder), "KUBECONFIG": str(home.kubeconfig), SANDBOX_REACHES: "\n".join(reaches)}
    return {**environment, **own}


def mirror_project(home: Home, stack_file: StackFile) -> StackFile:
    """Return the stack in a mirror of its project. Raises SandboxError if it is not on EKS, or has secrets."""
    if stack_file.account is None:
        raise SandboxError(
            f"ON_SANDBOX=1 is for stacks with the setting `eks`, and {stack_file.path} has none and is not on "
            f"{home.kubeconfig}: set ON_SANDBOX=0, or copy Pulumi.local.yaml for a stack on the sandbox."
        )
    folder = home.trials / stack_file.name / stack_file.stack
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # What Pulumi writes into another stack's file would go through a link into the user's own.
    link_all(stack_file.project, folder, OWN | {path.name for path in stack_file.project.glob("Pulumi.?*.*")})
    document = {key: value for key, value in read_mapping(stack_file.path).items() if key not in OF_THE_REAL_STACK}
    refuse_secrets(stack_file, document.get("config"))
    text = yaml.safe_dump({"encryptionsalt": SALT, **document}, sort_keys=False)
    copy = folder / stack_file.path.name
    if not copy.is_file() or copy.read_text(encoding="utf-8") != text:
        copy.write_text(text, encoding="utf-8")
    return replace(stack_file, project=folder)


def link_all(project: Path, mirror: Path, left_out: set[str]) -> None:
    """Link to everything in the project, and remove links to what no longer exists."""
    (project / ".charts").mkdir(exist_ok=True)  # what the program fetches stays for the next run, wherever that is
    names = {entry.name for entry in project.iterdir()} - left_out
    for present in mirror.iterdir():
        if present.is_symlink() and present.name not in names:
            present.unlink()
    for name in names:
        if not (mirror / name).is_symlink():
            (mirror / name).symlink_to(project / name)


def refuse_secrets(stack_file: StackFile, config: object) -> None:
    """Raise if a setting is encrypted: only the real stack's secrets provider can read it."""
    for key, value in mapping(config).items():
        if has_secret(value):
            raise SandboxError(
                f"{key} in {stack_file.path} is encrypted with the stack's own secrets provider, which the sandbox "
                "does not ask: try the stack with a copy of the file that has another value there."
            )


def has_secret(value: object) -> bool:
    """Return whether a setting is encrypted, or holds something that is."""
    if is_mapping(value):
        return "secure" in value or any(has_secret(each) for each in value.values())
    return is_list(value) and any(has_secret(each) for each in value)


def edits_settings(arguments: Sequence[str]) -> bool:
    """Return whether Pulumi's arguments concern settings, which belong in the user's own file."""
    return command_words(arguments)[:1] == ["config"]


def command_words(arguments: Sequence[str]) -> list[str]:
    """Return the arguments without options and their values, found as the Pulumi CLI finds its commands."""
    found, rest = list[str](), iter(arguments)
    for each in rest:
        if not each.startswith("-"):
            found.append(each)
        elif each == "--":
            break
        elif each not in SWITCHES and "=" not in each and (each.startswith("--") or len(each) == len("-s")):
            next(rest, None)
    return found


def check_arguments(arguments: Sequence[str], stack_file: StackFile, chosen: StackFile) -> None:
    """Raise if ON_SANDBOX is set, and the arguments leave the sandbox or would put its salt into a real file."""
    options = {each.partition("=")[0] if each.startswith("--") else each[:2] for each in arguments if each[:1] == "-"}
    command = command_words(arguments)[:2]
    salts = "--secret" in options or not SETTINGS_ONLY.issuperset(command[1:])
    if stack_file is not chosen and edits_settings(arguments) and salts:
        raise SandboxError(
            f"`pulumi {' '.join(command)}` for {chosen.path} with ON_SANDBOX=1 would encrypt with the sandbox's "
            "passphrase, which everybody knows, and write its salt into a real stack's file: run it with ON_SANDBOX=0."
        )
    named = {*options, *(arguments if command[:1] == ["stack"] else command)}
    if is_requested() and (refused := sorted(named & REFUSED.keys())):
        raise SandboxError(f"`pulumi … {refused[0]}` with ON_SANDBOX=1 {REFUSED[refused[0]]}.")
