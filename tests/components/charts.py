"""The charts of the program, each installed by its component, and the objects that come out of their transforms."""

from collections.abc import Callable, Mapping
from functools import cache

from pulumi import CustomResource, ResourceOptions, ResourceTransformArgs, ResourceTransformResult
from pulumi_kubernetes.core.v1 import ConfigMap

from components.addons.aws_add_ons import AwsAddOns
from components.addons.gateway_api import GatewayApi
from components.delivery.argo_cd import ArgoCd, ArgoCdArgs
from components.delivery.argo_rollouts import ArgoRollouts, ArgoRolloutsArgs
from components.mesh.linkerd import Linkerd, LinkerdArgs
from components.mesh.trust import CertificatesArgs
from components.mesh.viz import NAMESPACE_METADATA, Viz
from components.resources.meshed_namespace import MESHED, Namespaces
from model.charts import ChartSource
from model.names import TrustPhase
from tests.deployment import Deployment, Registration
from tests.engine import deploy
from tests.iam.stack import arguments

ARCHIVE: ChartSource = {"chart": ".charts/chart.tgz"}
PUBLISHED: ChartSource = {"chart": "published", "version": "1.2.3", "repository": "https://charts.example.com"}
ARGO_CD: ArgoCdArgs = {"namespace": "argocd", "crds_chart": ARCHIVE, "chart": ARCHIVE, "image_registry": None}
ROLLOUTS: ArgoRolloutsArgs = {
    "namespace": "argo-rollouts",
    "crds_chart": ARCHIVE,
    "chart": ARCHIVE,
    "image_registry": None,
    "plugin": None,
    "high_availability": False,
    "pod_annotations": {},
}
CERTIFICATES: CertificatesArgs = {
    "anchor": 1,
    "phase": TrustPhase.STABLE,
    "anchor_days": 30,
    "issuer_days": 20,
    "renewal_days": 10,
}
LINKERD: LinkerdArgs = {
    "namespace": "linkerd",
    "crds_chart": ARCHIVE,
    "chart": ARCHIVE,
    "certificates": CERTIFICATES,
    "generation": 1,
    "gateway_api": None,
    "high_availability": False,
    "image_registry": None,
}


def _linkerd(chart: ChartSource) -> None:
    gateway_api = GatewayApi("gateway-api", {"chart": "gw.tgz"})
    Linkerd("linkerd", {**LINKERD, "crds_chart": chart, "chart": chart, "gateway_api": gateway_api})


def _viz(chart: ChartSource) -> None:
    wanted = {"linkerd-viz": NAMESPACE_METADATA, "booksapp": MESHED, "argo-rollouts": MESHED}
    namespaces = Namespaces("namespaces", {"owner": "test", "namespaces": wanted})
    Viz(
        "viz",
        {
            "namespace": namespaces.names["linkerd-viz"],
            "chart": chart,
            "mesh": ConfigMap("mesh"),
            "namespaces": namespaces,
            "renewal_days": 10,
            "pod_annotations": {},
            "high_availability": False,
            "image_registry": None,
            "dashboard_host": "viz.example.com",
        },
    )


def _aws(chart: ChartSource) -> None:
    args = arguments()
    controller, dns = args["load_balancer_controller"], args["external_dns"]
    assert controller
    assert dns
    controller["chart"], controller["crds_chart"], dns["chart"] = chart, chart, chart
    AwsAddOns("aws", args)


COMPONENTS: dict[str, Callable[[ChartSource], object]] = {
    "argo-cd": lambda chart: ArgoCd("argo-cd", {**ARGO_CD, "crds_chart": chart, "chart": chart}),
    "argo-rollouts": lambda chart: ArgoRollouts("argo-rollouts", {**ROLLOUTS, "crds_chart": chart, "chart": chart}),
    "linkerd": _linkerd,
    "viz": _viz,
    "aws": _aws,
}
CHARTS = {
    "argo-cd-chart": "argo-cd",
    "argo-rollouts-controller": "argo-rollouts",
    "linkerd-control-plane": "linkerd",
    "viz-chart": "viz",
    "aws-load-balancer-controller-chart": "aws",
    "aws-external-dns-chart": "aws",
}
"""The component that installs each chart."""


@cache
def installed(component: str, *, published: bool = False) -> Deployment:
    """Return the deployment of a component of COMPONENTS."""
    return deploy(lambda: COMPONENTS[component](PUBLISHED if published else ARCHIVE))


def chart(name: str) -> Registration:
    """Return one of CHARTS."""
    return installed(CHARTS[name]).named(name)


def transformed(name: str, type_: str, rendered: Mapping[str, object]) -> dict[str, object]:
    """Return the inputs that an object rendered by one of CHARTS has after the transforms of the chart."""
    return apply_transforms(chart(name), type_, rendered)


def apply_transforms(chart: Registration, type_: str, rendered: Mapping[str, object]) -> dict[str, object]:
    """Return the inputs that a rendered object has after the transforms of its chart."""

    def program() -> None:
        props, opts = dict(rendered), ResourceOptions()
        for transform in chart.transforms:
            result = transform(ResourceTransformArgs(True, type_, "rendered", props, opts))
            if isinstance(result, ResourceTransformResult):
                props, opts = dict(result.props), result.opts
        CustomResource(type_, "rendered", props, opts)

    return deploy(program).one(type_).inputs
