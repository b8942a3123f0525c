"""Progressive delivery: Argo Rollouts and Argo CD."""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import Output

from components.delivery.argo_cd import ArgoCd, ArgoCdArgs
from components.delivery.argo_rollouts import ArgoRollouts, ArgoRolloutsArgs
from model.charts import Part
from settings import parts
from stack.cluster import Base
from stack.mesh import Mesh


@dataclass(frozen=True)
class Delivery:
    """The controllers that the stack has."""

    argo_rollouts: ArgoRollouts | None
    argo_cd: ArgoCd | None

    @property
    def outputs(self) -> Mapping[str, Output[str]]:
        """The commands that open Argo CD's user interface and show its password."""
        return {"argoCd": self.argo_cd.url, "argoCdPassword": self.argo_cd.password} if self.argo_cd else {}


def install_delivery(base: Base, mesh: Mesh) -> Delivery:
    """Install the controllers that the settings ask for."""
    wanted, rollouts, argo_cd = base.settings.delivery, None, None
    if wanted.argo_rollouts.enabled:
        # A pod that starts before the injectors answer runs unmeshed, or cannot be tapped, without an error.
        rollouts = ArgoRollouts("argo-rollouts", argo_rollouts_args(base, mesh), base.after(mesh.linkerd, mesh.viz))
    if wanted.argo_cd.enabled:
        args: ArgoCdArgs = {
            "namespace": base.namespaces.names[parts.ARGO_CD],
            "crds_chart": base.start.charts[Part.ARGO_CD_CRDS],
            "chart": base.start.charts[Part.ARGO_CD],
            "image_registry": base.settings.image_registry,
        }
        argo_cd = ArgoCd("argo-cd", args, base.after())
    return Delivery(rollouts, argo_cd)


def argo_rollouts_args(base: Base, mesh: Mesh) -> ArgoRolloutsArgs:
    """Return the arguments of Argo Rollouts."""
    plugin, charts = base.settings.delivery.argo_rollouts.plugin, base.start.charts
    return {
        "namespace": base.namespaces.names[parts.ARGO_ROLLOUTS],
        "crds_chart": charts[Part.ARGO_ROLLOUTS_CRDS],
        "chart": charts[Part.ARGO_ROLLOUTS],
        "plugin": {"location": plugin.location, "sha256": plugin.sha256} if plugin.location else None,
        "high_availability": base.settings.high_availability,
        "image_registry": base.settings.image_registry,
        "pod_annotations": mesh.linkerd.pod_annotations,
    }
