"""Argo Rollouts: its definitions, and its controller with the plugin that speaks the Gateway API."""

from collections.abc import Mapping
from typing import TypedDict

from pulumi import ComponentResource, Input, ResourceOptions

from components.resources.charts import ChartWithDefinitionsArgs, release_definitions, render_chart
from components.resources.workload import spread
from model.images import mirrored, with_registry
from model.names import ARGO_ROLLOUTS_RELEASE
from versions import ARGO_ROLLOUTS, ROLLOUTS_PLUGIN_IMAGE

SERVICE_ACCOUNT = "argo-rollouts"
"""The controller's ServiceAccount, by which it asks Prometheus for a canary's success rate."""

PLUGIN = "argoproj-labs/gatewayAPI"
"""The name by which a Rollout asks for the plugin; `gatewayAPI` alone is taken, and does nothing."""
PLUGIN_FILE = "rollouts-plugin-trafficrouter-gatewayapi"
PLUGIN_FOLDER = "/plugins"

PROVIDERS = (
    *("istio", "smi", "ambassador", "awsLoadBalancerController", "awsAppMesh"),
    *("traefik", "apisix", "contour", "glooPlatform", "gatewayAPI"),
)
"""Traffic routers that the chart knows, and grants permissions for by default."""

PLUGIN_RULES = [{"apiGroups": ["gateway.networking.k8s.io"], "resources": ["httproutes"], "verbs": ["get", "update"]}]
"""The plugin's permissions on the route that a Rollout names; it lists only for Rollouts that select by label."""


HIGH_AVAILABILITY: Mapping[str, object] = {
    "replicas": 2,  # the chart's own default; one of them leads
    "pdb": {"enabled": True, "maxUnavailable": 1},
    "topologySpreadConstraints": spread({"app.kubernetes.io/component": "rollouts-controller"}),
}
"""The values of the controller, for which the chart has no file of its own."""


class PluginSource(TypedDict):
    """A plugin that is not the one of the pinned image."""

    location: str
    """A `file://` URL of the controller's container, or a `https://` one that the controller reads at its start."""
    sha256: str | None
    """Hexadecimal; not checked if None."""


class ArgoRolloutsArgs(ChartWithDefinitionsArgs):
    """Inputs of an ArgoRollouts."""

    plugin: PluginSource | None
    """The file of the pinned image if None."""
    high_availability: bool
    """Whether a second controller takes over when the first one is lost."""
    pod_annotations: Mapping[str, Input[str]]
    """Annotations of the controller's pods; a changed one restarts them."""


class ArgoRollouts(ComponentResource):
    """The controller that moves traffic to a new version step by step."""

    def __init__(self, name: str, args: ArgoRolloutsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:delivery:ArgoRollouts", name, {}, opts)
        namespace, release = ARGO_ROLLOUTS_RELEASE
        child = ResourceOptions(parent=self)
        crds = release_definitions(f"{name}-crds", (args["namespace"], release), args["crds_chart"], child)
        render_chart(
            f"{name}-controller",
            (namespace, "argo-rollouts"),
            args["chart"],
            values(args),
            # Without its definitions the controller does nothing, and looks for them after ever longer pauses.
            ResourceOptions(parent=self, depends_on=[crds]),
        )
        self.register_outputs({})


def values(args: ArgoRolloutsArgs) -> Mapping[str, Input[object]]:
    """Return the chart's values."""
    plugin, registry = args["plugin"], args["image_registry"]
    controller = {
        **(HIGH_AVAILABILITY if args["high_availability"] else {"replicas": 1}),
        "image": {"tag": f"v{ARGO_ROLLOUTS}"},
        "podAnnotations": dict(args["pod_annotations"]),
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "512Mi"}},
        # The chart's 15 s are what an `up` would wait for; the port answers only when the plugin is in place.
        "readinessProbe": {"initialDelaySeconds": 1},
        # The chart restarts the controller when this changes, which it otherwise reads only once.
        "trafficRouterPlugins": [{"name": PLUGIN, **_source(plugin)}],
    }
    chosen = {
        # A release of their own holds them: as parts of this chart they would outlive a destroy.
        "installCRDs": False,
        "controller": controller if plugin else {**controller, **_from_image(registry)},
        "podSecurityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "providerRBAC": {"providers": dict.fromkeys(PROVIDERS, False), "additionalRules": PLUGIN_RULES},
    }
    return with_registry(chosen, "argo-rollouts", registry)


def _source(plugin: PluginSource | None) -> dict[str, str]:
    if plugin is None:
        return {"location": f"file://{PLUGIN_FOLDER}/{PLUGIN_FILE}"}
    return {"location": plugin["location"], **({"sha256": plugin["sha256"]} if plugin["sha256"] else {})}


def _from_image(registry: str | None) -> dict[str, object]:
    """Return the values that copy the plugin's file from its image: no download, and the architecture always fits."""
    mount = {"name": "gateway-api-plugin", "mountPath": PLUGIN_FOLDER}
    container = {
        "name": "gateway-api-plugin",
        "image": mirrored(ROLLOUTS_PLUGIN_IMAGE, registry),
        "command": ["cp", f"/bin/{PLUGIN_FILE}", PLUGIN_FOLDER],
        "volumeMounts": [mount],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
    }
    return {
        "initContainers": [container],
        "volumes": [{"name": "gateway-api-plugin", "emptyDir": {}}],
        "volumeMounts": [{**mount, "readOnly": True}],
    }
