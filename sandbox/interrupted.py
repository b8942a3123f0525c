"""Clears up after a killed engine, so that the next command converges: locks, plugins, torn files, open operations.

Pulumi keeps an operation that was open as *pending* and warns of it on every command. What it was creating may exist
without being in the state. An `up` then creates it again: the object gets a second field manager, so what the program
no longer sets stays, and what it changes is a conflict; a Helm release is refused; a `destroy` leaves both behind. So
such an object is put into the state before the command starts, and a release that is half installed is uninstalled.
An API server that failed in the middle of a run leaves such a release without a pending operation.
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
from sandbox.api_client import ClusterObjects, Reference, connect, pulumi_manager
from sandbox.console import SandboxError, say
from sandbox.paths import Home
from sandbox.processes import runs
from sandbox.project import PulumiCli, StackFile

CLOCK_TOLERANCE_SECONDS = 5.0
RELEASE = "kubernetes:helm.sh/v3:Release"
BEGUN = quote("owner=helm,status in (pending-install,pending-upgrade,pending-rollback,uninstalling,uninstalled)")
"""Label selector of Helm's records of what was begun and not ended."""


def clear_up(cli: PulumiCli, home: Home, stack_file: StackFile) -> None:
    """Resolve the open operations of a stack before a command that would meet them."""
    if not pending_in(stack_file.state(home)):
        return
    with tempfile.TemporaryDirectory(dir=home.run) as folder:
        file = Path(folder) / "state.json"
        checked(cli, ["stack", "export", "--file", str(file)])
        document: dict[str, object] = json.loads(file.read_text(encoding="utf-8"))
        deployment = mapping(document["deployment"])
        operations = mappings(deployment.get("pending_operations"))
        known = [*mappings(deployment.get("resources"))]
        found = unrecorded(home, operations, {str(each.get("urn")) for each in known})
        content = {**deployment, "resources": [*known, *found], "pending_operations": []}
        file.write_text(json.dumps({**document, "deployment": content}), encoding="utf-8")
        checked(cli, ["stack", "import", "--file", str(file)])
    say(
        f"the last run was interrupted with {len(operations)} open operation(s): "
        f"{len(found)} object(s) that it had created are taken into the state, the rest is tried again"
    )


def pending_in(state: Path) -> bool:
    """Return whether the backend's file of a stack has pending operations."""
    return bool(latest(state).get("pending_operations"))


def latest(state: Path) -> Json:
    """Return what the backend's file of a stack holds; nothing if there is none, or no whole one."""
    try:
        document: dict[str, object] = json.loads(state.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return mapping(mapping(document.get("checkpoint")).get("latest"))


def unrecorded(home: Home, operations: Sequence[Json], known: set[str]) -> list[Json]:
    """Return what was created without being recorded, as the state has it; end what was left of Helm's releases."""
    found: dict[str, Json] = {}
    for operation in operations:
        resource, creating = mapping(operation.get("resource")), operation.get("type") == "creating"
        urn = str(resource.get("urn"))
        if creating and resource.get("type") == RELEASE:
            inputs = mapping(resource.get("inputs"))
            uninstall(home, str(inputs.get("namespace") or "default"), str(inputs.get("name")))
        elif creating and urn not in found and (created := adopt(home, resource)) is not None:
            # Beside its predecessor it is the unfinished half of a replacement, which the engine starts over.
            found[urn] = {**created, "delete": True} if urn in known else created
    return [*found.values()]


def adopt(home: Home, resource: Json) -> Json | None:
    """Return the resource as it is once created, if Pulumi created the object that it describes.

    It carries an error of its start, by which the engine applies it again and waits until it is ready.
    """
    inputs = mapping(resource.get("inputs"))
    reference = Reference.of_inputs(inputs)
    if reference is None or not str(resource.get("type")).startswith("kubernetes:"):
        return None
    found = ClusterObjects(connect(home)).find(reference)
    manager = pulumi_manager(found[1]) if found else None
    if found is None or manager is None:
        return None
    live = mapping(found[1].get("metadata"))
    identity = {key: live[key] for key in ("uid", "resourceVersion", "creationTimestamp") if key in live}
    outputs = {
        **inputs,
        # Nothing else is taken from the cluster: a Secret's data would enter the state in plain text.
        "metadata": {**mapping(inputs.get("metadata")), **identity},
        "__inputs": inputs,
        "__initialApiVersion": reference.api_version,
        "__fieldManager": manager,
    }
    errors = ["the engine was killed before this was ready"]
    return {**resource, "id": found[0], "outputs": outputs, "initErrors": errors}


def settle_releases(home: Home, stack_file: StackFile) -> None:
    """End what Helm has recorded as begun: "cannot re-use a name", "another operation is in progress" it says of it.

    A release that the state knows is completed, another one of the program's is uninstalled.
    """
    known = releases_in(stack_file.state(home))
    if any((home.state / ".pulumi" / "locks").rglob("*.json")):  # another stack's run is at work
        return
    api = connect(home)
    for record in mappings(mapping(api.get(f"/api/v1/secrets?labelSelector={BEGUN}")).get("items")):
        metadata = mapping(record.get("metadata"))
        labels, namespace = mapping(metadata.get("labels")), str(metadata.get("namespace"))
        name, status = str(labels.get("name")), labels.get("status")
        if f"{namespace}/{name}" in known:
            helm(home, namespace, "rollback", name, str(labels.get("version")))
            # Helm leaves the record as it is, and the next command would meet it again.
            api.request("DELETE", f"/api/v1/namespaces/{namespace}/secrets/{metadata.get('name')}")
            say(f"Helm release {name} was {status}, it is completed")
        elif (namespace, name) in RELEASES:
            uninstall(home, namespace, name)
            say(f"Helm release {name} was {status} and not in the state, it is uninstalled")


def releases_in(state: Path) -> set[str]:
    """Return namespace and name of each Helm release in the backend's file of a stack."""
    found = mappings(latest(state).get("resources"))
    return {str(each.get("id")) for each in found if each.get("type") == RELEASE}


def uninstall(home: Home, namespace: str, name: str) -> None:
    """Uninstall a release, whatever state it is in."""
    helm(home, namespace, "uninstall", name, "--ignore-not-found", "--wait")


def helm(home: Home, namespace: str, *arguments: str) -> str:
    """Run Helm and return what it prints; a failure is printed and left to the engine, which meets it again."""
    command = [tools.find(("helm",))["helm"], *arguments, "--namespace", namespace, "--kubeconfig", home.kubeconfig]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        say(f"`helm {' '.join(arguments[:2])}` failed: {lines[-1]}")
    return done.stdout


def checked(cli: PulumiCli, arguments: list[str]) -> None:
    """Run the CLI; raises with its last words and with the command that does the same by hand."""
    done = cli.call(arguments)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise SandboxError(
            f"the last run was interrupted, and `pulumi {' '.join(arguments[:2])}` failed: {last} "
            "(by hand: pulumi refresh --yes --clear-pending-creates)."
        )


def clear_stale_locks(home: Home, stack_file: StackFile) -> None:
    """Remove locks whose engine is gone from this machine; raises if one is held by an engine that runs."""
    for lock in sorted(stack_file.locks(home).glob("*.json")):
        holder = live_holder(lock)
        if holder is not None:
            raise SandboxError(
                f"stack {stack_file.stack} is being changed by {holder}: wait for it to end. If it is not a Pulumi run "
                "any more, `make unlock` (pulumi cancel --yes) removes the lock."
            )
        end_orphans(home)
        lock.unlink(missing_ok=True)
        say(f"the last run on stack {stack_file.stack} was killed, its stale lock is removed")


def end_orphans(home: Home) -> None:
    """End plugins that a killed engine left behind: they ask for it every five minutes and work on."""
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
    """Remove the side files that a killed engine left empty: with one the backend says only "EOF" of a good state."""
    for side_file in home.state.rglob("*.attrs"):
        if side_file.stat().st_size == 0:
            side_file.unlink()
            say(f"the last run was killed while it wrote {side_file.stem}, its torn side file is removed")


def live_holder(lock: Path) -> str | None:
    """Who holds a lock, in words; None if it was a process of this machine that is gone."""
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
    """Return whether the process that took a lock still runs; a younger process only has its pid."""
    try:
        process = psutil.Process(pid)
        return runs(process) and process.create_time() <= taken + CLOCK_TOLERANCE_SECONDS
    except psutil.NoSuchProcess:
        return False
