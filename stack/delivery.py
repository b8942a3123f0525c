"""Arguments of what delivers new versions."""

from components.delivery.argo_cd import ArgoCdArgs
from components.delivery.argo_rollouts import ArgoRolloutsArgs, PluginSource
from components.mesh.linkerd import Linkerd
from components.resources.meshed_namespace import Namespaces
from model.charts import Part
from preflight.startup import Start
from settings import parts
from stack.mesh import pod_annotations


def argo_rollouts(start: Start, namespaces: Namespaces, linkerd: Linkerd) -> ArgoRolloutsArgs:
    """Return those of Argo Rollouts."""
    plugin = start.settings.delivery.argo_rollouts.plugin
    source: PluginSource | None = None
    if plugin.location:
        source = {"location": plugin.location, "sha256": plugin.sha256}
    return {
        "namespace": namespaces.names[parts.ARGO_ROLLOUTS],
        "crds_chart": start.charts[Part.ARGO_ROLLOUTS_CRDS],
        "chart": start.charts[Part.ARGO_ROLLOUTS],
        "plugin": source,
        "image_registry": start.settings.image_registry,
        "pod_annotations": pod_annotations(linkerd),
    }


def argo_cd(start: Start, namespaces: Namespaces) -> ArgoCdArgs:
    """Return those of Argo CD."""
    return {
        "namespace": namespaces.names[parts.ARGO_CD],
        "crds_chart": start.charts[Part.ARGO_CD_CRDS],
        "chart": start.charts[Part.ARGO_CD],
        "image_registry": start.settings.image_registry,
    }
