"""The cluster's providers, the Gateway API's release and the agent of EKS Pod Identity."""

import json
from functools import cache

import pytest
from pulumi import Output, ResourceOptions

from components.addons.gateway_api import GatewayApi
from components.addons.pod_identity_agent import PodIdentityAgent
from components.cluster import AwsAccess, Cluster
from model.names import GATEWAY_API_RELEASE
from tests.deployment import Deployment
from tests.engine import deploy
from tests.recorded_values import Secret


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


def test_without_kubeconfig_and_context_the_provider_takes_what_kubectl_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "one:another")
    provider = deploy(lambda: Cluster("cluster", {"identity": "uid"})).one("pulumi:providers:kubernetes")

    # The provider reads the variable itself, by the rules of client-go, if it is given an empty text.
    assert provider.at("kubeconfig") == ""
    assert "context" not in provider.inputs


def test_the_contents_of_a_kubeconfig_are_a_secret_input_that_is_known_in_a_preview() -> None:
    def program() -> None:
        Cluster("cluster", {"identity": "uid", "kubeconfig": Output.secret('{"users": []}')})

    for preview in (False, True):
        provider = deploy(program, preview=preview).one("pulumi:providers:kubernetes")
        assert provider.at("kubeconfig") == Secret('{"users": []}')


def test_the_gateway_api_is_one_release_by_the_name_that_the_preflight_knows() -> None:
    release = deploy(lambda: GatewayApi("gateway-api", {"chart": "gw.tgz"})).one("kubernetes:helm.sh/v3:Release")

    assert (release.at("namespace"), release.at("name")) == GATEWAY_API_RELEASE
    assert release.at("chart") == "gw.tgz"


AWS = "pulumi:providers:aws"
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
def on_eks(*, as_role: bool = False, preview: bool = False) -> Deployment:
    access: AwsAccess = {**ACCESS, "profile": "dev", "role_arn": ROLE} if as_role else ACCESS
    return deploy(
        lambda: Cluster("cluster", {"identity": "arn@time", "kubeconfig": "{}", "aws": access}), preview=preview
    )


def test_elsewhere_than_on_eks_there_is_no_provider_of_aws() -> None:
    assert cluster().of(AWS) == []


def test_credentials_of_another_account_make_nothing() -> None:
    provider = on_eks().one(AWS)

    assert provider.at("allowedAccountIds") == '["123456789012"]'
    assert provider.at("region") == "eu-central-1"
    assert not {"profile", "assumeRoles"} & set(provider.inputs)


def test_a_role_is_assumed_by_the_profile_of_the_settings() -> None:
    provider = on_eks(as_role=True).one(AWS)

    assert provider.at("profile") == "dev"
    assert json.loads(str(provider.at("assumeRoles"))) == [{"roleArn": ROLE, "sessionName": "linkerd-workshop"}]


def test_everything_in_the_account_carries_the_tags() -> None:
    tags = json.loads(str(on_eks().one(AWS).at("defaultTags")))

    assert tags == {"tags": {"owner": "platform-team", "stack": "dev"}}


def test_both_providers_are_wholly_known_in_a_preview() -> None:
    for type_ in (AWS, "pulumi:providers:kubernetes"):
        assert on_eks(preview=True).one(type_).inputs == on_eks().one(type_).inputs


def test_a_component_is_made_by_both_providers() -> None:
    def program() -> None:
        cluster = Cluster("cluster", {"identity": "arn@time", "kubeconfig": "{}", "aws": ACCESS})
        opts = ResourceOptions(providers=cluster.providers)
        PodIdentityAgent("agent", {"cluster": "workshop"}, opts)

    deployment = deploy(program)
    addon = deployment.one("aws:eks/addon:Addon")

    assert addon.provider.startswith(f"{deployment.one(AWS).urn}::")
    assert (addon.at("clusterName"), addon.at("addonName")) == ("workshop", "eks-pod-identity-agent")
    assert addon.at("resolveConflictsOnCreate") == "NONE", "or somebody else's agent would go with the stack"
