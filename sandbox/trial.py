"""Trying a stack of EKS on the sandbox: the same program and settings, in a folder and a backend of its own.

Pulumi writes into the stack's file, at the latest the salt of its passphrase. So that the user's file stays as it is,
the engine runs in a mirror of the project: links to everything in it, and a copy of the one file.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import yaml

from model.json_values import is_list, is_mapping, mapping
from model.names import OFF, ON_SANDBOX, SANDBOX_REACHES
from sandbox import ports
from sandbox.failure import SandboxError
from sandbox.paths import Home
from sandbox.project import StackFile, read_mapping

SALT = "v1:WTfs01rEGBA=:v1:UWZhmhL1pgbIM+m9:OyrvUGfe9MHZpVGBjos8IweU53HjbQ=="
"""That of the passphrase `sandbox`, as in Pulumi.local.yaml."""
OF_THE_REAL_STACK = ("encryptionsalt", "encryptedkey", "secretsprovider")
REAL_VARIABLES = ("AWS_", "PULUMI_ACCESS_TOKEN", "PULUMI_API", "PULUMI_BACKEND_", "PULUMI_CONFIG_PASSPHRASE")
"""How variables begin that lead to the account, the backend and the passphrase of a real stack."""
OWN = {".git", ".sandbox"}
TRUE = ("1", "true", "yes")


def wanted() -> bool:
    """Whether ON_SANDBOX asks for it; raises if it says neither yes nor no."""
    text = os.environ.get(ON_SANDBOX, "")
    if text not in (*TRUE, *OFF):
        message = f"ON_SANDBOX is {text!r}, but it takes 1 (try the stack on the sandbox) or 0."
        raise SandboxError(message)
    return text in TRUE


def tried(home: Home, stack_file: StackFile) -> StackFile:
    """The stack where ON_SANDBOX wants it: in a mirror of its project, or where it is.

    With ON_SANDBOX this process forgets the real stack's account, backend and passphrase.
    """
    if not wanted():
        return stack_file
    for name in [name for name in os.environ if name.startswith(REAL_VARIABLES)]:
        del os.environ[name]
    if not stack_file.on_sandbox(home):
        return mirrored(home, stack_file)
    if read_mapping(stack_file.path).get("secretsprovider") not in (None, "default", "passphrase"):
        message = (
            f"{stack_file.path} names a secretsprovider, which ON_SANDBOX=1 does not ask: take it out of the file."
        )
        raise SandboxError(message)
    return stack_file


def within(home: Home, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a command on the sandbox, with all that it may reach; kubectl finds no other cluster."""
    chosen = ports.recorded(home)
    reaches = [str(home.kubeconfig), *([f"https://{ports.LOOPBACK}:{chosen.api}"] if chosen else [])]
    if wanted() and "AWS_ENDPOINT_URL" in environment:
        reaches.append(environment["AWS_ENDPOINT_URL"])
    own = {"SANDBOX_HOME": str(home.folder), "KUBECONFIG": str(home.kubeconfig), SANDBOX_REACHES: "\n".join(reaches)}
    return {**environment, **own}


def mirrored(home: Home, stack_file: StackFile) -> StackFile:
    """The stack in a mirror of its project; raises if it has nothing to do with EKS, or secrets of its own."""
    if stack_file.account is None:
        message = (
            f"ON_SANDBOX=1 is for stacks with the setting `eks`, and {stack_file.path} has none and is not on "
            f"{home.kubeconfig}: set ON_SANDBOX=0, or copy Pulumi.local.yaml for a stack on the sandbox."
        )
        raise SandboxError(message)
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
    """Have a link to everything in the project, and to nothing that is not there any more."""
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
            message = (
                f"{key} in {stack_file.path} is encrypted with the stack's own secrets provider, which the sandbox "
                "does not ask: try the stack with a copy of the file that has another value there."
            )
            raise SandboxError(message)


def has_secret(value: object) -> bool:
    """Whether a setting is encrypted, or holds something that is."""
    if is_mapping(value):
        return "secure" in value or any(has_secret(each) for each in value.values())
    return is_list(value) and any(has_secret(each) for each in value)
