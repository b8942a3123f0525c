"""Settings of a stack on EKS: the cluster, its add-ons and its public host names."""

from ipaddress import IPv4Network
from typing import Annotated

from pydantic import AfterValidator, Field

from model.names import Identity, Scheme
from settings.values import Enabled, Hostname, OptionalHostname, Section, Text, section, switch


def _network(value: str) -> str:
    return str(IPv4Network(value))


Cidr = Annotated[str, AfterValidator(_network)]
"""An IPv4 network without host bits, for example `203.0.113.0/24`."""

RoleArn = Annotated[Text, Field(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$")]
CertificateArn = Annotated[Text, Field(pattern=r"^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/[0-9a-f-]+$")]


class LoadBalancerController(Section):
    """The AWS Load Balancer Controller; what it may do grows with what is switched on."""

    enabled: Enabled = True
    """Whether the stack installs the AWS Load Balancer Controller."""
    waf: bool = switch("true (it may attach web ACLs) or false")
    """Whether it may attach web ACLs to load balancers."""
    shield: bool = switch("true (it may switch Shield on) or false")
    """Whether it may switch Shield on."""
    cognito: bool = switch("true (it may read user pools of Cognito) or false")
    """Whether it may read Cognito's user pools, for a login."""


class ExternalDns(Section):
    """ExternalDNS, which keeps the records of the stack's hosts."""

    enabled: Enabled = True
    """Whether the stack installs ExternalDNS."""


class Eks(Section):
    """An existing EKS cluster, how it is reached, and the add-ons that the stack installs there."""

    cluster: Text = Field(
        description="an EKS cluster's name: letters, digits, - and _, at most 100",
        examples=["workshop"],
        pattern=r"^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$",
    )
    """The name of the cluster, which replaces kubeconfig and context."""
    region: Text = Field(
        description="an AWS region", examples=["eu-central-1"], pattern=r"^[a-z]{2,4}(-[a-z]+)+-\d$", max_length=30
    )
    """The cluster's region."""
    owner: Text = Field(
        description="the contact for its costs (letters, digits, spaces, ./=+@-_): the tag `owner` of everything",
        examples=["platform-team"],
        pattern=r"^[\w ./=+@-]{1,200}$",
    )
    """The tag `owner` of everything that the stack has in the account."""
    profile: Text | None = Field(default=None, description="a profile of ~/.aws/config", examples=["workshop-dev"])
    """The AWS profile; the AWS CLI's usual order (variables, the machine's role) if it is not set."""
    role_arn: RoleArn | None = Field(
        default=None,
        description="the ARN of an IAM role that is assumed for everything",
        examples=["arn:aws:iam::123456789012:role/workshop-dev"],
    )
    """A role that is assumed for everything."""
    identity: Identity = Field(
        default=Identity.POD_IDENTITY,
        description="pod-identity (EKS Pod Identity) or irsa (IAM roles for service accounts)",
        examples=["pod-identity"],
    )
    """How the add-ons' pods get the rights of their IAM roles."""
    install_pod_identity_agent: bool = switch(
        "true (this stack installs the add-on eks-pod-identity-agent) or false (it is there already)"
    )
    """Whether the stack installs the EKS add-on that Pod Identity needs."""
    load_balancer_controller: LoadBalancerController = section(LoadBalancerController())
    external_dns: ExternalDns = section(ExternalDns())


class Dns(Section):
    """The DNS zone of the stack's hosts."""

    zone: Hostname = Field(examples=["example.com"])
    """The name of a public Route 53 hosted zone."""
    zone_id: Text | None = Field(
        default=None,
        description="a hosted zone's id, such as Z0123456789ABCDEFGHIJ",
        examples=["Z0123456789ABCDEFGHIJ"],
        pattern=r"^[0-9A-Z]{1,32}$",
    )
    """The zone's id, if the account has several public zones of that name."""
    domain: OptionalHostname = Field(default=None, examples=["dev.example.com"])
    """The domain that all hosts lie below; the zone if it is not set."""

    @property
    def base_domain(self) -> str:
        """The name that all hosts of the stack end with."""
        return self.domain or self.zone


class PublicHosts(Section):
    """The exposure of the stack's public hosts."""

    scheme: Scheme = Field(
        default=Scheme.INTERNET_FACING, description="internet-facing or internal", examples=["internal"]
    )
    """Whether the load balancer has public addresses."""
    inbound_cidrs: list[Cidr] | None = Field(
        default=None,
        description="IPv4 networks that may connect, such as 203.0.113.0/24; 0.0.0.0/0 is the whole internet",
        examples=[["203.0.113.0/24"]],
        min_length=1,
        max_length=50,
    )
    """Which networks may connect; required on EKS if the hosts face the internet."""
    https: bool = switch("true (HTTPS, to which HTTP redirects) or false (plain HTTP only)", default=True)
    """Whether hosts are served over HTTPS."""
    certificate_arn: CertificateArn | None = Field(
        default=None,
        description="the ARN of a certificate in the cluster's region; the stack creates one if it is not set",
        examples=["arn:aws:acm:eu-central-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"],
    )
    """A certificate of your own for the hosts."""
