"""The cluster's provider and the Gateway API's release."""

from functools import cache

from components.addons.gateway_api import GatewayApi
from components.cluster import Cluster
from conventions import GATEWAY_API_RELEASE
from tests.deployment import Deployment
from tests.engine import deploy


@cache
def cluster(*, preview: bool = False) -> Deployment:
    return deploy(
        lambda: Cluster("cluster", {"identity": "uid", "kubeconfig": "~/.kube/config", "context": "kind"}),
        preview=preview,
    )


def test_the_provider_is_known_by_the_cluster_and_not_by_the_kubeconfig() -> None:
    provider = cluster().one("pulumi:providers:kubernetes")

    assert provider.at("clusterIdentifier") == "uid", "or a changed kubeconfig replaces every object"


def test_a_renewed_certificate_updates_its_objects_in_place() -> None:
    provider = cluster().one("pulumi:providers:kubernetes")

    assert provider.at("enableSecretMutable") == "true"
    assert provider.at("enableConfigMapMutable") == "true"


def test_the_state_holds_the_kubeconfigs_path_and_not_its_keys() -> None:
    provider = cluster().one("pulumi:providers:kubernetes")

    assert provider.at("kubeconfig") == "~/.kube/config"
    assert provider.at("context") == "kind"


def test_the_provider_is_wholly_known_in_a_preview() -> None:
    provider = "pulumi:providers:kubernetes"

    assert cluster(preview=True).one(provider).inputs == cluster().one(provider).inputs


def test_without_kubeconfig_and_context_the_provider_takes_what_kubectl_would() -> None:
    provider = deploy(lambda: Cluster("cluster", {"identity": "uid"})).one("pulumi:providers:kubernetes")

    assert not {"kubeconfig", "context"} & set(provider.inputs)


def test_the_gateway_api_is_one_release_by_the_name_that_the_preflight_knows() -> None:
    release = deploy(lambda: GatewayApi("gateway-api", {"chart": "gw.tgz"})).one("kubernetes:helm.sh/v3:Release")

    assert (release.at("namespace"), release.at("name")) == GATEWAY_API_RELEASE
    assert release.at("chart") == "gw.tgz"
