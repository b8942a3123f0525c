"""Helm releases that a killed engine left half installed or half upgraded: Helm refuses to touch them as they are."""

import json
import shutil
import subprocess

from sandbox.console import say
from sandbox.json_values import Json, items
from sandbox.paths import Home
from sandbox.pulumi_cli import PulumiCli


def end_release(cli: PulumiCli, home: Home, inputs: Json, *, creating: bool) -> None:
    """Take a half installed release away, or bring one whose upgrade was cut off back to its last revision."""
    name, namespace = inputs.get("name"), inputs.get("namespace")
    if not isinstance(name, str):
        return
    place = [
        "--namespace",
        namespace if isinstance(namespace, str) else "default",
        "--kubeconfig",
        str(home.kubeconfig),
    ]
    if creating:
        helm(cli, ["uninstall", name, "--ignore-not-found", "--wait", *place])
    elif status(cli, name, place).startswith("pending"):
        helm(cli, ["rollback", name, *place])


def status(cli: PulumiCli, name: str, place: list[str]) -> str:
    """What Helm says of a release, such as `deployed` or `pending-upgrade`; empty if there is none."""
    answer: object = json.loads(
        helm(cli, ["list", "--all", "--filter", f"^{name}$", "--output", "json", *place]) or "[]"
    )
    return next((str(each.get("status")) for each in items(answer)), "")


def helm(cli: PulumiCli, arguments: list[str]) -> str:
    """Run Helm and return what it prints; a failure is said and left to the engine, which meets it again."""
    program = shutil.which("helm", path=cli.environment["PATH"]) or "helm"
    done = subprocess.run([program, *arguments], env=cli.environment, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        say(f"`helm {' '.join(arguments[:2])}` failed: {lines[-1]}")
    return done.stdout
