"""Repairs what a killed engine left behind, so that the next command converges.

`sandbox.launcher` calls, in this order:

1. `remove_stale_locks`: it removes locks whose engine has ended, and ends the plugins that still work for it;
2. `remove_torn_files`: it removes files that the engine had begun to write beside the state;
3. `resolve_pending_operations`: an operation that was open is *pending* in the state, and Pulumi warns of it on every
   command. What it was creating may exist without being in the state. An `up` would create that a second time: an
   object gets a second field manager, so what the program no longer sets stays, and what it changes is a conflict; a
   Helm release is refused. A `destroy` would leave both behind. So the objects are put into the state, and such a
   release is uninstalled;
4. `settle_releases`: it completes or uninstalls releases that Helm itself records as begun. An API server that failed
   in the middle of a run leaves one without a pending operation.
"""

import datetime as dt
import json
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import psutil

from model.json_values import Json, is_mapping, mapping, mappings
from model.names import RELEASES
from sandbox import tools
from sandbox.api_client import Reference, connect, find_object, pulumi_manager
from sandbox.console import SandboxError, say
from sandbox.paths import Home
from sandbox.processes import runs
from sandbox.project import PulumiCli, StackFile

CLOCK_TOLERANCE_SECONDS = 5.0
RELEASE = "kubernetes:helm.sh/v3:Release"
UNSETTLED = quote("owner=helm,status in (pending-install,pending-upgrade,pending-rollback,uninstalling,uninstalled)")
"""Label selector of the Secrets in which Helm records an operation that has not ended."""


def remove_stale_locks(home: Home, stack_file: StackFile) -> None:
    """Remove the stack's locks whose engine has ended. Raises SandboxError if an engine that runs holds one."""
    for lock in sorted(stack_file.locks(home).glob("*.json")):
        holder = find_holder(lock)
        if holder is not None:
            raise SandboxError(
                f"stack {stack_file.stack} is being changed by {holder}: wait for it to end. If it is not a Pulumi run "
                "any more, `make unlock` (pulumi cancel --yes) removes the lock."
            )
        end_orphans(home)
        lock.unlink(missing_ok=True)
        say(f"the last run on stack {stack_file.stack} was killed, its stale lock is removed")


def find_holder(lock: Path) -> str | None:
    """Return who holds a lock, in words; None if it was a process of this machine that has ended."""
    try:
        content: object = json.loads(lock.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    if not is_mapping(content):
        return None
    pid, host, stamp = content.get("pid"), content.get("hostname"), str(content.get("timestamp"))
    if host != socket.gethostname():
        return f"pid {pid} on {host}, since {stamp}"
    taken = dt.datetime.fromisoformat(stamp).timestamp()
    return f"pid {pid}, since {stamp}" if isinstance(pid, int) and is_engine(pid, taken) else None


def is_engine(pid: int, taken: float) -> bool:
    """Return whether the process that took a lock still runs; a process that started later only reuses its pid."""
    try:
        process = psutil.Process(pid)
        return runs(process) and process.create_time() <= taken + CLOCK_TOLERANCE_SECONDS
    except psutil.NoSuchProcess:
        return False


def end_orphans(home: Home) -> None:
    """End the plugins of an engine that has ended: they check for it only every five minutes, and keep working."""
    for process in psutil.process_iter(["cmdline"]):
        command: list[str] = process.info["cmdline"] or []
        try:
            parent = process.parent()
            if (
                command
                and Path(command[0]).is_relative_to(home.plugins / "plugins")
                and (not parent or parent.name() != "pulumi")
            ):
                process.kill()
        except psutil.NoSuchProcess:
            continue


def remove_torn_files(home: Home) -> None:
    """Remove empty files next to the state: with one of them the backend reports a good state as "EOF"."""
    for side_file in home.state.rglob("*.attrs"):
        if side_file.stat().st_size == 0:
            side_file.unlink()
            say(f"the last run was killed while it wrote {side_file.stem}, its torn side file is removed")


def resolve_pending_operations(cli: PulumiCli, home: Home, stack_file: StackFile) -> None:
    """Clear the stack's pending operations, and put into the state what they had created without recording it."""
    if not read_checkpoint(stack_file.state(home)).get("pending_operations"):
        return
    with tempfile.TemporaryDirectory(dir=home.run) as folder:
        file = Path(folder) / "state.json"
        run_pulumi(cli, ["stack", "export", "--file", str(file)])
        document: dict[str, object] = json.loads(file.read_text(encoding="utf-8"))
        deployment = mapping(document["deployment"])
        operations = mappings(deployment.get("pending_operations"))
        known = [*mappings(deployment.get("resources"))]
        adopted = adopt_unrecorded(home, operations, {str(each.get("urn")) for each in known})
        content = {**deployment, "resources": [*known, *adopted], "pending_operations": []}
        file.write_text(json.dumps({**document, "deployment": content}), encoding="utf-8")
        run_pulumi(cli, ["stack", "import", "--file", str(file)])
    say(
        f"the last run was interrupted with {len(operations)} open operation(s): "
        f"{len(adopted)} object(s) that it had created are taken into the state, the rest is tried again"
    )


def read_checkpoint(state: Path) -> Json:
    """Return the deployment in the backend's file of a stack; nothing if there is no file, or no complete one."""
    try:
        document: dict[str, object] = json.loads(state.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return mapping(mapping(document.get("checkpoint")).get("latest"))


def run_pulumi(cli: PulumiCli, arguments: list[str]) -> None:
    """Run the CLI. Raises SandboxError with its last words, and with the command that does the same by hand."""
    done = cli.call(arguments)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise SandboxError(
            f"the last run was interrupted, and `pulumi {' '.join(arguments[:2])}` failed: {last} "
            "(by hand: pulumi refresh --yes --clear-pending-creates)."
        )


def adopt_unrecorded(home: Home, operations: Sequence[Json], known: set[str]) -> list[Json]:
    """Return the objects that pending creations had created, as resources of the state; uninstall their releases."""
    adopted: dict[str, Json] = {}
    for operation in operations:
        resource = mapping(operation.get("resource"))
        urn = str(resource.get("urn"))
        if operation.get("type") != "creating":
            continue
        if resource.get("type") == RELEASE:
            inputs = mapping(resource.get("inputs"))
            uninstall(home, str(inputs.get("namespace") or "default"), str(inputs.get("name")))
        elif urn not in adopted and (created := adopt(home, resource)) is not None:
            # If the state has the old object, too, this is the unfinished half of a replacement, which the engine
            # repeats.
            adopted[urn] = {**created, "delete": True} if urn in known else created
    return [*adopted.values()]


def adopt(home: Home, resource: Json) -> Json | None:
    """Return a resource as the state has it after its creation; None unless Pulumi created its object.

    Its `initErrors` make the engine apply it again and wait until it is ready.
    """
    inputs = mapping(resource.get("inputs"))
    reference = Reference.of_inputs(inputs)
    if reference is None or not str(resource.get("type")).startswith("kubernetes:"):
        return None
    found = find_object(connect(home), reference)
    manager = pulumi_manager(found[1]) if found else None
    if found is None or manager is None:
        return None
    live = mapping(found[1].get("metadata"))
    identity = {key: live[key] for key in ("uid", "resourceVersion", "creationTimestamp") if key in live}
    outputs = {
        **inputs,
        # Nothing else is copied from the cluster: a Secret's data would be in the state in plain text.
        "metadata": {**mapping(inputs.get("metadata")), **identity},
        "__inputs": inputs,
        "__initialApiVersion": reference.api_version,
        "__fieldManager": manager,
    }
    errors = ["the engine was killed before this was ready"]
    return {**resource, "id": found[0], "outputs": outputs, "initErrors": errors}


def settle_releases(home: Home, stack_file: StackFile) -> None:
    """Settle releases that Helm recorded as begun and therefore refuses.

    It says "cannot re-use a name that is still in use" or "another operation is in progress". A release that the state
    knows is completed; another one of the program's is uninstalled.
    """
    known = list_releases(stack_file.state(home))
    if any((home.state / ".pulumi" / "locks").rglob("*.json")):  # another stack's run is at work
        return
    api = connect(home)
    for record in mappings(mapping(api.get(f"/api/v1/secrets?labelSelector={UNSETTLED}")).get("items")):
        metadata = mapping(record.get("metadata"))
        labels, namespace = mapping(metadata.get("labels")), str(metadata.get("namespace"))
        name, status = str(labels.get("name")), labels.get("status")
        if f"{namespace}/{name}" in known:
            run_helm(home, namespace, "rollback", name, str(labels.get("version")))
            # Helm does not change the old record, so the next command would find it again.
            api.request("DELETE", f"/api/v1/namespaces/{namespace}/secrets/{metadata.get('name')}")
            say(f"Helm release {name} was {status}, it is completed")
        elif (namespace, name) in RELEASES:
            uninstall(home, namespace, name)
            say(f"Helm release {name} was {status} and not in the state, it is uninstalled")


def list_releases(state: Path) -> set[str]:
    """Return namespace and name of each Helm release in the backend's file of a stack."""
    found = mappings(read_checkpoint(state).get("resources"))
    return {str(each.get("id")) for each in found if each.get("type") == RELEASE}


def uninstall(home: Home, namespace: str, name: str) -> None:
    """Uninstall a release, in every state that it may be in."""
    run_helm(home, namespace, "uninstall", name, "--ignore-not-found", "--wait")


def run_helm(home: Home, namespace: str, *arguments: str) -> None:
    """Run Helm; a failure is printed and left to the engine, which meets it again."""
    command = [tools.find(("helm",))["helm"], *arguments, "--namespace", namespace, "--kubeconfig", home.kubeconfig]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        say(f"`helm {' '.join(arguments[:2])}` failed: {lines[-1]}")
