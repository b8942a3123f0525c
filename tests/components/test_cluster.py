"""The providers of a cluster, its namespaces, and what is installed before the mesh."""

import json
from functools import cache

import pytest
from pulumi import Output, ResourceOptions

from components.addons.aws_add_ons import PodIdentityAgent
from components.addons.gateway_api import GatewayApi
from components.cluster import AwsAccess, Cluster
from components.resources.meshed_namespace import MESHED, NamespaceMetadata, Namespaces
from model.names import GATEWAY_API_RELEASE
from tests.deployment import Deployment
from tests.engine import deploy
from tests.recorded_values import Secret

KUBERNETES, AWS = "pulumi:providers:kubernetes", "pulumi:providers:aws"
ROLE = "arn:aws:iam::123456789012:role/workshop"
ACCESS: AwsAccess = {
    "region": "eu-central-1",
    "account": "123456789012",
    "profile": None,
    "role_arn": None,
    "session_name": "linkerd-workshop",
    "tags": {"owner": "platform-team", "stack": "dev"},
}


@cache
def cluster() -> Deployment:
    return deploy(lambda: Cluster("cluster", {"identity": "uid", "kubeconfig": "~/.kube/config", "context": "kind"}))


@cache
def on_eks(*, as_role: bool = False) -> Deployment:
    access: AwsAccess = {**ACCESS, "profile": "dev", "role_arn": ROLE} if as_role else ACCESS
    return deploy(lambda: Cluster("cluster", {"identity": "arn@time", "kubeconfig": "{}", "aws": access}))


def test_the_provider_knows_the_cluster_by_its_identity_and_not_by_the_kubeconfig() -> None:
    provider = cluster().one(KUBERNETES)

    assert provider.at("clusterIdentifier") == "uid", "or a changed kubeconfig replaces every object"
    assert (provider.at("kubeconfig"), provider.at("context")) == ("~/.kube/config", "kind"), "the path, not the keys"
    assert cluster().of(AWS) == [], "a cluster outside AWS has no provider of AWS"


def test_a_renewed_certificate_updates_its_objects_in_place() -> None:
    for kind in ("Secret", "ConfigMap"):
        assert cluster().one(KUBERNETES).at(f"enable{kind}Mutable") == "true"


def test_without_kubeconfig_and_context_the_provider_takes_what_kubectl_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "one:another")
    provider = deploy(lambda: Cluster("cluster", {"identity": "uid"})).one(KUBERNETES)

    # The provider reads the variable itself, by the rules of client-go, if it is given an empty text.
    assert provider.at("kubeconfig") == ""
    assert "context" not in provider.inputs


@pytest.mark.parametrize("preview", [False, True])
def test_the_contents_of_a_kubeconfig_are_a_secret_input_that_is_known_in_a_preview(*, preview: bool) -> None:
    program = lambda: Cluster("cluster", {"identity": "uid", "kubeconfig": Output.secret('{"users": []}')})  # noqa: E731
    provider = deploy(program, preview=preview).one(KUBERNETES)

    assert provider.at("kubeconfig") == Secret('{"users": []}')


def test_credentials_of_another_account_can_change_nothing() -> None:
    provider = on_eks().one(AWS)

    assert provider.at("allowedAccountIds") == '["123456789012"]'
    assert provider.at("region") == "eu-central-1"
    assert not {"profile", "assumeRoles"} & set(provider.inputs)


def test_the_profile_of_the_settings_assumes_the_role() -> None:
    provider = on_eks(as_role=True).one(AWS)

    assert provider.at("profile") == "dev"
    assert json.loads(str(provider.at("assumeRoles"))) == [{"roleArn": ROLE, "sessionName": "linkerd-workshop"}]


def test_everything_in_the_account_carries_the_tags() -> None:
    assert json.loads(str(on_eks().one(AWS).at("defaultTags"))) == {"tags": {"owner": "platform-team", "stack": "dev"}}


def test_the_pod_identity_agent_uses_the_provider_of_the_cluster_and_takes_over_nobodys_agent() -> None:
    def program() -> None:
        cluster = Cluster("cluster", {"identity": "arn@time", "kubeconfig": "{}", "aws": ACCESS})
        PodIdentityAgent("agent", {"cluster": "workshop"}, ResourceOptions(providers=cluster.providers))

    deployment = deploy(program)
    addon = deployment.one("aws:eks/addon:Addon")

    assert addon.provider.startswith(f"{deployment.one(AWS).urn}::")
    assert (addon.at("clusterName"), addon.at("addonName")) == ("workshop", "eks-pod-identity-agent")
    assert addon.at("resolveConflictsOnCreate") == "NONE", "or a destroy would delete an agent of somebody else"


def test_the_gateway_api_is_one_release_by_the_name_that_the_preflight_knows() -> None:
    release = deploy(lambda: GatewayApi("gateway-api", {"chart": "gw.tgz"})).one("kubernetes:helm.sh/v3:Release")

    assert (release.at("namespace"), release.at("name")) == GATEWAY_API_RELEASE
    assert release.at("chart") == "gw.tgz"


STACK = {"linkerd-workshop/stack": "test"}


@cache
def namespaces() -> Deployment:
    labelled: NamespaceMetadata = {"labels": {"a": "b"}, "annotations": {"c": "d"}}
    wanted = {"linkerd": labelled, "booksapp": MESHED, "shop": NamespaceMetadata()}
    return deploy(lambda: Namespaces("namespaces", {"owner": "test", "namespaces": wanted}))


@pytest.mark.parametrize(
    ("name", "metadata"),
    [
        ("booksapp", {"annotations": {"linkerd.io/inject": "enabled", **STACK}}),
        ("linkerd", {"labels": {"a": "b"}, "annotations": {"c": "d", **STACK}}),
        ("shop", {"annotations": STACK}),
    ],
    ids=["meshed", "labelled", "plain"],
)
def test_a_namespace_names_its_stack_and_if_meshed_meshes_its_very_first_pod(
    name: str, metadata: dict[str, object]
) -> None:
    assert namespaces().named(f"{name}-namespace").at("metadata") == {"name": name, **metadata}
