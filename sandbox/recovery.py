"""Finishing what a killed engine left open, so that the next command converges.

Pulumi itself keeps an operation that was open as *pending* and only warns of it. What it was creating may exist in the
cluster without being in the state: the next `up` then fails because the object exists, a `destroy` leaves it behind.
Here such an object is put into the state before the command starts; an object that is not there is forgotten.
"""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sandbox import ports
from sandbox.api_client import ApiClient
from sandbox.cluster_objects import ClusterObjects, Reference, pulumi_manager
from sandbox.console import say
from sandbox.failure import SandboxError
from sandbox.helm_releases import end_release
from sandbox.json_values import Json, is_list, items, mapping
from sandbox.paths import Home
from sandbox.project import StackFile
from sandbox.pulumi_cli import PulumiCli

RELEASE = "kubernetes:helm.sh/v3:Release"


@dataclass(frozen=True)
class Recovered:
    """The state without open operations, and how many objects were taken into it."""

    adopted: int
    document: Json


def recover(cli: PulumiCli, home: Home, stack_file: StackFile) -> None:
    """Resolve the pending operations of a stack before a command that would meet them."""
    if not pending_in(stack_file.state(home)):
        return
    with tempfile.TemporaryDirectory(dir=home.run) as folder:
        file = Path(folder) / "state.json"
        checked(cli, ["stack", "export", "--file", str(file)])
        document: dict[str, object] = json.loads(file.read_text(encoding="utf-8"))
        recovered = resolve(cli, home, document)
        file.write_text(json.dumps(recovered.document), encoding="utf-8")
        checked(cli, ["stack", "import", "--file", str(file)])
    count = len(pending(document))
    say(
        f"the last run was interrupted with {count} open operation(s): "
        f"{recovered.adopted} object(s) that it had made are taken into the state, the rest is tried again"
    )


def pending_in(state: Path) -> bool:
    """Whether the backend's file of a stack has pending operations."""
    try:
        document: dict[str, object] = json.loads(state.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return False
    latest = mapping(mapping(document.get("checkpoint")).get("latest"))
    return bool(latest.get("pending_operations"))


def pending(document: Json) -> list[Json]:
    """The pending operations of an exported state."""
    return [*items(mapping(document.get("deployment")).get("pending_operations"))]


def resolve(cli: PulumiCli, home: Home, document: Json) -> Recovered:
    """The state without pending operations, with what they had created."""
    deployment = mapping(document.get("deployment"))
    resources = deployment.get("resources")
    present = list(resources) if is_list(resources) else []
    urns = {mapping(each).get("urn") for each in present}
    adopted: list[Json] = []
    for operation in pending(document):
        resource, creating = mapping(operation.get("resource")), operation.get("type") == "creating"
        if resource.get("type") == RELEASE:
            end_release(cli, home, mapping(resource.get("inputs")), creating=creating)
        elif creating and (made := adopt(home, resource)) is not None:
            # Beside its predecessor it is the unfinished half of a replacement, which the engine starts over.
            adopted.append({**made, "delete": True} if made.get("urn") in urns else made)
    content = {**deployment, "resources": [*present, *adopted], "pending_operations": []}
    return Recovered(len(adopted), {**document, "deployment": content})


def adopt(home: Home, resource: Json) -> Json | None:
    """The resource as it is once created, if Pulumi made the object that it describes.

    It carries an error of its start, by which the engine applies it again and waits until it is ready.
    """
    inputs = mapping(resource.get("inputs"))
    reference, chosen = Reference.of_inputs(inputs), ports.recorded(home)
    if reference is None or chosen is None or not str(resource.get("type")).startswith("kubernetes:"):
        return None
    found = ClusterObjects(ApiClient(chosen.api, home.certificates)).find(reference)
    manager = pulumi_manager(found[1]) if found else None
    if found is None or manager is None:
        return None
    outputs = {
        **inputs,
        # Nothing else is taken from the cluster: a Secret's data would enter the state in plain text.
        "metadata": {**mapping(inputs.get("metadata")), **identity(found[1])},
        "__inputs": inputs,
        "__initialApiVersion": reference.api_version,
        "__fieldManager": manager,
    }
    errors = ["the engine was killed before this was ready"]
    return {**resource, "id": found[0], "outputs": outputs, "initErrors": errors}


def identity(found: Json) -> Json:
    """By what the API server tells an object from an earlier one of the same name."""
    metadata = mapping(found.get("metadata"))
    return {key: metadata[key] for key in ("uid", "resourceVersion", "creationTimestamp") if key in metadata}


def checked(cli: PulumiCli, arguments: list[str]) -> None:
    """Run the CLI; raises with its last words and with the command that does the same by hand."""
    done = cli.call(arguments)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        message = (
            f"the last run was interrupted, and `pulumi {' '.join(arguments[:2])}` failed: {last} "
            "(by hand: pulumi refresh --yes --clear-pending-creates)."
        )
        raise SandboxError(message)
