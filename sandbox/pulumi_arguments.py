"""Decides by Pulumi's arguments where a command runs: in the mirror, in the user's own folder, or not at all."""

from collections.abc import Sequence

from sandbox import trial
from sandbox.failure import SandboxError
from sandbox.project import StackFile

SWITCHES = {
    *("-e", "--emoji", "-h", "--help", "-j", "--json", "-Q", "--fully-qualify-stack-names", "--non-interactive"),
    *("--disable-integrity-checking", "--logflow", "--logtostderr", "--open", "--show-secrets", "--version"),
}
"""Options of `pulumi` and of `pulumi config` that take no value."""
SETTINGS_ONLY = {"env", "get", "set", "set-all", "delete", "remove", "rm", "delete-all", "remove-all", "rm-all"}
"""What `pulumi config` has that writes nothing but settings into a stack's file."""
ELSEWHERE = "would leave the sandbox: run it with ON_SANDBOX=0"
KEPT_IN_COPY = "would set it in a copy of the stack's file: `pulumi config set` changes the file itself"
REFUSED = {
    **dict.fromkeys(("login", "logout", "migrate", "change-secrets-provider", "--secrets-provider"), ELSEWHERE),
    **dict.fromkeys(("-C", "--cwd", "--config-file"), ELSEWHERE),
    **dict.fromkeys(("-c", "--config"), KEPT_IN_COPY),
}
"""Commands and options of `pulumi` that make no sense on the sandbox, and why."""


def edits_settings(arguments: Sequence[str]) -> bool:
    """True if Pulumi's arguments concern settings, which belong in the user's own file."""
    return words(arguments)[:1] == ["config"]


def words(arguments: Sequence[str]) -> list[str]:
    """Arguments without options and their values, found as the Pulumi CLI finds its commands."""
    found, rest = list[str](), iter(arguments)
    for each in rest:
        if not each.startswith("-"):
            found.append(each)
        elif each == "--":
            break
        elif each not in SWITCHES and "=" not in each and (each.startswith("--") or len(each) == len("-s")):
            next(rest, None)
    return found


def check(arguments: Sequence[str], stack_file: StackFile, chosen: StackFile) -> None:
    """Raise if ON_SANDBOX is set, and the arguments leave the sandbox or would put its salt into a real file."""
    options = {each.partition("=")[0] if each.startswith("--") else each[:2] for each in arguments if each[:1] == "-"}
    command = words(arguments)[:2]
    salts = "--secret" in options or not SETTINGS_ONLY.issuperset(command[1:])
    if stack_file is not chosen and edits_settings(arguments) and salts:
        message = (
            f"`pulumi {' '.join(command)}` for {chosen.path} with ON_SANDBOX=1 would encrypt with the sandbox's "
            "passphrase, which everybody knows, and write its salt into a real stack's file: run it with ON_SANDBOX=0."
        )
        raise SandboxError(message)
    named = {*options, *(arguments if command[:1] == ["stack"] else command)}
    if trial.wanted() and (refused := sorted(named & REFUSED.keys())):
        raise SandboxError(f"`pulumi … {refused[0]}` with ON_SANDBOX=1 {REFUSED[refused[0]]}.")
