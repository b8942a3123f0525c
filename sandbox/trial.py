"""Trying a stack of EKS on the sandbox: the same program and settings, in a folder and a backend of its own.

Pulumi writes into the stack's file, at the latest the salt of its passphrase. So that the user's file stays as it is,
the engine runs in a mirror of the project: links to everything in it, and a copy of the one file.
"""

import os
from dataclasses import replace
from pathlib import Path

import yaml

from sandbox.failure import SandboxError
from sandbox.json_values import is_list, is_mapping, mapping
from sandbox.paths import Home
from sandbox.project import StackFile, read_mapping

SALT = "v1:WTfs01rEGBA=:v1:UWZhmhL1pgbIM+m9:OyrvUGfe9MHZpVGBjos8IweU53HjbQ=="
"""That of the passphrase `sandbox`, as in Pulumi.local.yaml."""
OF_THE_REAL_STACK = ("encryptionsalt", "encryptedkey", "secretsprovider")
OWN = {".git", ".sandbox"}
TRUE, FALSE = ("1", "true", "yes"), ("", "0", "false", "no")


def wanted() -> bool:
    """Whether ON_SANDBOX asks for it; raises if it says neither yes nor no."""
    text = os.environ.get("ON_SANDBOX", "").lower()
    if text not in (*TRUE, *FALSE):
        message = f"ON_SANDBOX is {text!r}, but it takes 1 (try the stack on the sandbox) or 0."
        raise SandboxError(message)
    return text in TRUE


def mirrored(home: Home, stack_file: StackFile) -> StackFile:
    """The stack in a mirror of its project; raises if it has nothing to do with EKS, or secrets of its own."""
    if stack_file.account is None:
        message = (
            f"ON_SANDBOX=1 is for stacks with the setting `eks`, and {stack_file.path} has none: "
            "leave ON_SANDBOX away, or copy Pulumi.local.yaml for a stack on the sandbox."
        )
        raise SandboxError(message)
    folder = home.trials / stack_file.name / stack_file.stack
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    link_all(stack_file.project, folder, {*OWN, stack_file.path.name})
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
