"""Argo CD: its custom resource definitions, Redis' password and the chart, with the tab that shows a Rollout."""

from collections.abc import Mapping
from hashlib import sha256
from typing import NotRequired, TypedDict

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_kubernetes.core.v1 import Secret
from pulumi_kubernetes.helm import v4
from pulumi_tls import PrivateKey

from components.delivery.argo_cd_values import LOCAL_PORT, REDIS_SECRET, values
from components.resources.certificates import base64
from components.resources.definitions_release import release_definitions
from components.resources.meshed_namespace import NamespaceMetadata
from components.resources.rendered import with_annotations
from components.resources.workload import SKIP_AWAIT
from model.charts import ChartSource
from model.images import with_registry
from model.names import ARGO_CD, ARGO_CD_RELEASE
from versions import ROLLOUT_EXTENSION

RELEASE = "argocd"
"""The chart's release name; objects are then named as in Argo CD's own manifests."""
NAMESPACE_METADATA: NamespaceMetadata = {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}
"""Every pod of the chart may run under the strictest rules."""

EXTENSION = f"https://github.com/argoproj-labs/rollout-extension/releases/download/v{ROLLOUT_EXTENSION}/extension.tar"


class Extension(TypedDict):
    """The source of the user interface's Rollout tab, which is downloaded at every start of the server."""

    url: str
    """A tar archive."""
    checksums: NotRequired[str]
    """The URL of a file in sha256sum's format; upstream publishes none, so a mirror should."""


class ArgoCdArgs(TypedDict):
    """Inputs of an ArgoCd."""

    namespace: Input[str]
    """The namespace `argocd`, with NAMESPACE_METADATA; not meshed, as Argo CD's network policies stop proxies."""
    crds_chart: ChartSource
    """A chart of the published definitions."""
    chart: ChartSource
    image_registry: NotRequired[str | None]
    """A registry that mirrors all images; they come from their own ones if left out."""
    extension: NotRequired[Extension]
    """The pinned release of upstream if left out."""


class ArgoCd(ComponentResource):
    """Argo CD for one cluster, reached by `kubectl port-forward` only."""

    url: Output[str]
    """The command that brings the user interface to this machine."""
    password: Output[str]
    """The command that shows the password of the user `admin`."""

    def __init__(self, name: str, args: ArgoCdArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:delivery:ArgoCd", name, {}, opts)
        namespace, chart = args["namespace"], args["chart"]
        child = ResourceOptions(parent=self)
        crds = release_definitions(f"{name}-crds", (namespace, ARGO_CD_RELEASE[1]), args["crds_chart"], child)
        v4.Chart(
            f"{name}-chart",
            name=RELEASE,
            namespace=ARGO_CD,
            chart=chart["chart"],
            version=chart.get("version"),
            repository_opts={"repo": chart["repository"]} if "repository" in chart else None,
            values=_values(args),
            opts=ResourceOptions(
                parent=self,
                # The server ends where Applications are unknown; a pod that starts before the Secret never learns the
                # password.
                depends_on=[crds, self._redis_password(name, namespace, child)],
                transforms=[with_annotations("kubernetes:core/v1:Service", SKIP_AWAIT)],
            ),
        )
        kubectl = f"kubectl -n {ARGO_CD}"
        self.url = Output.from_input(f"{kubectl} port-forward svc/{RELEASE}-server {LOCAL_PORT}:443")
        # The server creates it when it first starts; it is deleted with the namespace.
        self.password = Output.from_input(
            f"{kubectl} get secret argocd-initial-admin-secret -o jsonpath='{{.data.password}}' | base64 --decode"
        )
        self.register_outputs({"url": self.url, "password": self.password})

    def _redis_password(self, name: str, namespace: Input[str], child: ResourceOptions) -> Secret:
        """Create the Secret that the chart's hook, a job with role, binding and account, would create."""
        key = PrivateKey(f"{name}-redis-key", algorithm="ECDSA", ecdsa_curve="P256", opts=child)
        return Secret(
            f"{name}-redis-secret",
            metadata={"name": REDIS_SECRET, "namespace": namespace},
            # `data` and not `string_data`: the server moves that into `data`, and a refresh would report drift.
            data={"auth": key.private_key_pem.apply(password_from).apply(base64)},
            opts=child,
        )


def _values(args: ArgoCdArgs) -> Mapping[str, Input[object]]:
    """Return the chart's values. With a mirror of images the extension is left out: its archive is not in it."""
    registry, extension = args.get("image_registry"), args.get("extension", {"url": EXTENSION})
    wanted = None if registry and "extension" not in args else _installer(extension)
    return with_registry(values(wanted), "argo-cd", registry)


def password_from(key: str) -> str:
    """Return a password of 64 hexadecimal digits that only the holder of a private key (PEM) can make."""
    return sha256(f"redis password of Argo CD\n{key}".encode()).hexdigest()


def _installer(extension: Extension) -> dict[str, str]:
    variables = {"EXTENSION_URL": extension["url"]}
    return variables | ({"EXTENSION_CHECKSUM_URL": extension["checksums"]} if "checksums" in extension else {})
