"""Creating and updating objects, for real or as the API server's dry run."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.providers.errors import ProviderError
from sandbox.providers.kubernetes.api import ApiError
from sandbox.providers.kubernetes.discovery import UnknownKindError
from sandbox.providers.kubernetes.manifests import annotation, changed, described, identifier, sequence, text
from sandbox.providers.kubernetes.normalizing import encoded, is_crd
from sandbox.providers.kubernetes.objects import FIELD_MANAGER, Cluster
from sandbox.providers.kubernetes.ownership import adopted_by_update, adoption, leaving_ignored

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sandbox.providers.kubernetes.configuration import Settings
    from sandbox.providers.property_values import Object

_BACKOFF_SECONDS = (0.5, 1, 2, 4, 8, 15, 30)  # a CustomResourceDefinition of the same run may need a minute
_EXISTS = (
    "{error}; {object} was not made by this stack: give the resource an alias if it was renamed in the program, import "
    "it ({id}), delete it from the cluster, or set `upsert_existing_objects` on the provider to take it over"
)


@dataclass(frozen=True)
class Applier:
    """Writes objects to a cluster as its provider's settings say."""

    cluster: Cluster
    settings: Settings

    def create(self, manifest: Object, sleep: Callable[[float], None] = time.sleep) -> Object:
        """Create the object, waiting up to a minute for a namespace or a kind that is on its way."""
        for pause in (*_BACKOFF_SECONDS, None):
            try:
                return self._create(manifest, dry_run=False)
            except (ApiError, UnknownKindError) as error:
                on_its_way = isinstance(error, UnknownKindError) or error.not_found
                if pause is None or not on_its_way:
                    raise _explained(error, manifest) from error
                sleep(pause)
        raise AssertionError

    def preview_create(self, manifest: Object) -> Object | None:
        """Ask the API server what it would make of the object; None where it cannot tell yet."""
        try:
            return self._create(manifest, dry_run=True)
        except ApiError as error:
            if error.not_found or error.already_exists or error.forbidden:
                return None  # its namespace is made by the same run, it is going to be replaced, or nobody may ask
            raise _explained(error, manifest) from error

    def _create(self, manifest: Object, *, dry_run: bool) -> Object:
        if self.settings.server_side_apply and self.settings.upsert:
            force = self._forced(manifest) or dry_run
            return self.cluster.apply(encoded(manifest), manager=manager_of(manifest), force=force, dry_run=dry_run)
        return self.cluster.create(manifest, dry_run=dry_run)

    def update(self, manifest: Object, ignored: Sequence[str], *, dry_run: bool) -> Object:
        """Update the live object by server-side apply; fields in `ignored` keep their values and owners."""
        live = self.cluster.get(manifest)
        if live is None:
            raise ProviderError(f"{described(manifest)} is gone from the cluster; run `pulumi refresh`, then try again")
        try:
            if is_crd(manifest):
                version = text(live, "metadata", "resourceVersion")
                newest = changed(manifest, ("metadata", "resourceVersion"), version)
                return self.cluster.replace(newest, dry_run=dry_run)
            return self._apply(manifest, live, ignored, dry_run=dry_run)
        except ApiError as error:
            raise _explained(error, manifest) from error

    def _apply(self, manifest: Object, live: Object, ignored: Sequence[str], *, dry_run: bool) -> Object:
        manager = manager_of(manifest)
        operations = adoption(live, manager)
        if operations and not dry_run:
            live = self.cluster.patch(manifest, operations)
        wanted = leaving_ignored(encoded(manifest), live, ignored, manager)
        unowned = not sequence(live, "metadata", "managedFields")
        force = self._forced(manifest) or unowned or (dry_run and adopted_by_update(live))
        return self.cluster.apply(wanted, manager=manager, force=force, dry_run=dry_run)

    def _forced(self, manifest: Object) -> bool:
        return self.settings.patch_force or annotation(manifest, "pulumi.com/patchForce").lower() == "true"


def manager_of(manifest: Object) -> str:
    """Give the name under which fields of this object are owned."""
    return annotation(manifest, "pulumi.com/patchFieldManager") or FIELD_MANAGER


def _explained(error: ApiError | UnknownKindError, manifest: Object) -> ProviderError:
    name = described(manifest)
    if isinstance(error, UnknownKindError):
        return ProviderError(f"{name}: {error}")
    if error.already_exists:
        return ProviderError(_EXISTS.format(error=error, object=name, id=identifier(manifest)))
    if error.conflict:
        return ProviderError(
            f"{name}: another field manager owns a field that the program changes: {error}; put the path into "
            '`ignore_changes`, or set the annotation `pulumi.com/patchForce: "true"` to take the field over'
        )
    return ProviderError(f"{name} was refused by the API server: {error}")
