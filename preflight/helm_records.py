"""Helm's own records of the releases that hold definitions, and what a run that was cut off leaves in them."""

from collections.abc import Collection, Sequence

from clients.cluster_api import ClusterApi
from model.charts import Part
from model.json_values import text
from model.names import RELEASES
from model.problem import Problem
from preflight.owners import ADOPTED

SETTLED = {"deployed", "failed", "superseded"}
"""States from which Helm can continue; a failed release is replaced because the program's releases have `replace`."""


PATH = f"/api/v1/secrets?labelSelector=owner%3Dhelm,name%20in%20({','.join(name for _, name in RELEASES)})"


def records(api: ClusterApi) -> dict[tuple[str, str], list[object]]:
    """Return the metadata of Helm's records by release, one Secret per revision. Raises InputError on a refusal."""
    found = api.metadata(PATH)
    return {release: [each for each in found if _release(each) == release] for release in RELEASES}


def check(api: ClusterApi, parts: Collection[Part]) -> list[Problem]:
    """Return one problem for each release of `parts` with which neither Helm nor Pulumi can continue."""
    found = records(api)
    releases = [release for part, (release, _) in ADOPTED.items() if part in parts]
    return [problem for release in releases for problem in _cut_off(api, release, found[release])]


def _cut_off(api: ClusterApi, release: tuple[str, str], revisions: Sequence[object]) -> list[Problem]:
    newest = max(revisions, key=_number, default=None)
    status = text(newest, "metadata", "labels", "status")
    if newest is None or status in SETTLED:
        return []
    namespace, name = release
    found, rule = f"a run was cut off in the middle of it ({status})", "neither Helm nor Pulumi can continue from there"
    fix = (
        f"Unless another run is in progress, delete Helm's records of it with `kubectl --namespace {namespace} delete "
        f"secret --selector owner=helm,name={name}`, run `make refresh`, and try again: its definitions stay, and are "
        "adopted."
    )
    return [Problem(f"{api.address}, Helm release {namespace}/{name}", found, rule, fix)]


def _release(record: object) -> tuple[str, str]:
    return text(record, "metadata", "namespace"), text(record, "metadata", "labels", "name")


def _number(record: object) -> int:
    version = text(record, "metadata", "labels", "version")
    return int(version) if version.isdecimal() else 0
