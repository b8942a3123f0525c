"""The images of the stack, and their names in a registry that mirrors them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from model.json_values import Json, mapping
from versions import (
    ARGO_ROLLOUTS,
    BB_IMAGE,
    BOOKSAPP_IMAGE,
    BOOKSAPP_TRAFFIC_IMAGE,
    CANARY_REPOSITORY,
    CANARY_VERSIONS,
    CURL_IMAGE,
    LOAD_BALANCER_CONTROLLER,
    NGINX_IMAGE,
    PODINFO_IMAGE,
    ROLLOUTS_PLUGIN_IMAGE,
    SLOW_COOKER_IMAGE,
)

OWN_IMAGES = (
    *(BOOKSAPP_IMAGE, BOOKSAPP_TRAFFIC_IMAGE, NGINX_IMAGE, PODINFO_IMAGE, BB_IMAGE, SLOW_COOKER_IMAGE, CURL_IMAGE),
    *(f"{CANARY_REPOSITORY}:{version}" for version in CANARY_VERSIONS),
    ROLLOUTS_PLUGIN_IMAGE,
)
"""The images that the program names itself."""


@dataclass(frozen=True)
class ChartImage:
    """A value by which a chart finds one or more images."""

    value: str
    """Its path in the chart's values, such as `proxy.image.name`."""
    upstream: str
    """The chart's own value: a repository, or the common beginning of several."""
    tag: str
    """The path of the tag's value; empty where the program sets it."""
    default_tag: str = "v{version}"
    """The tag where that value is empty; `{version}` is the chart's appVersion."""
    names: tuple[str, ...] = ("",)
    """The rest of each image's repository."""


CHART_IMAGES: Mapping[str, tuple[ChartImage, ...]] = {
    "linkerd-control-plane": (
        ChartImage("controllerImage", "cr.l5d.io/linkerd/controller", "linkerdVersion"),
        ChartImage("proxy.image.name", "cr.l5d.io/linkerd/proxy", "linkerdVersion"),
        ChartImage("debugContainer.image.name", "cr.l5d.io/linkerd/debug", "linkerdVersion"),
    ),
    "linkerd-viz": (
        ChartImage("defaultRegistry", "cr.l5d.io/linkerd", "linkerdVersion", names=("/metrics-api", "/tap", "/web")),
        ChartImage("prometheus.image.registry", "prom", "prometheus.image.tag", names=("/prometheus",)),
    ),
    "argo-rollouts": (
        ChartImage("controller.image.registry", "quay.io", "", f"v{ARGO_ROLLOUTS}", ("/argoproj/argo-rollouts",)),
    ),
    "argo-cd": (
        ChartImage("global.image.repository", "quay.io/argoproj/argocd", "global.image.tag", "{version}"),
        ChartImage("redis.image.repository", "ecr-public.aws.com/docker/library/redis", "redis.image.tag"),
    ),
    "aws-load-balancer-controller": (
        ChartImage(
            "image.repository", "public.ecr.aws/eks/aws-load-balancer-controller", "", f"v{LOAD_BALANCER_CONTROLLER}"
        ),
    ),
    "external-dns": (ChartImage("image.repository", "registry.k8s.io/external-dns/external-dns", "image.tag"),),
}
"""The images of each chart, without the hooks that the program switches off and Argo CD's installer of extensions."""


def mirrored(image: str, registry: str | None) -> str:
    """Return an image's name in `registry`, which has it under the same path; its own name without a registry."""
    if registry is None:
        return image
    host, slash, path = image.partition("/")
    if "." not in host and ":" not in host:  # Docker Hub, whose name may be left out
        return f"{registry}/{image}"
    return f"{registry}/{path}" if slash else registry


def with_registry(values: Mapping[str, object], chart: str, registry: str | None) -> dict[str, object]:
    """Return a chart's values, with those by which it finds its images in `registry`."""
    merged = dict(values)
    for each in CHART_IMAGES[chart] if registry else ():
        merged = _put(merged, each.value.split("."), mirrored(each.upstream, registry))
    return merged


def _put(values: Json, path: Sequence[str], value: str) -> dict[str, object]:
    first, *rest = path
    return {**values, first: _put(mapping(values.get(first)), rest, value) if rest else value}
