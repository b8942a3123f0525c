"""The objects that each setting of an EKS environment changes, as in `single_changes`."""

from tests.sandbox.single_changes import Row

INGRESSES = "update Ingress *-host-ingress"
CERTIFICATE = ("delete HostCertificate add-ons-certificate", "delete * add-ons-certificate-*")
CONTROLLER = "add-ons-load-balancer-controller"
ARGUMENTS = f"update Deployment {CONTROLLER}-chart:aws-load-balancer-controller/aws-load-balancer-controller"
RIGHTS = f"update RolePolicy {CONTROLLER}-identity-policy"
ARN = "arn:aws:acm:eu-central-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
OIDC = dict.fromkeys(
    ["issuer", "authorizationEndpoint", "tokenEndpoint", "userInfoEndpoint"], "https://login.example.com/"
)

ROWS = [
    Row({"publicHosts.scheme": "internal"}, (INGRESSES,)),
    Row({"publicHosts.inboundCidrs": ["198.51.100.0/24"]}, (INGRESSES,)),
    Row({"publicHosts.https": False}, (INGRESSES, *CERTIFICATE)),
    Row({"publicHosts.certificateArn": ARN}, (INGRESSES, *CERTIFICATE)),
    Row({"demos.booksapp.host": "shop.dev.example.com"}, ("update Ingress booksapp-host-ingress",)),
    Row(
        {"viz.dashboard": {"host": "viz.dev.example.com", "oidc": {**OIDC, "secretName": "oidc"}}},
        (
            "create ProtectedHost viz-dashboard",
            "create Ingress viz-dashboard-ingress",
            "create * add-ons-load-balancer-controller-oidc*",  # it has to read the login's Secret
            "update Deployment viz-chart:linkerd-viz/web",  # it admits the host
        ),
    ),
    Row({"eks.owner": "another-team"}, (ARGUMENTS, "update * add-ons-*", "update aws cluster-aws")),
    Row({"eks.loadBalancerController.waf": True}, (ARGUMENTS, RIGHTS)),
    Row({"eks.loadBalancerController.shield": True}, (ARGUMENTS, RIGHTS)),
    Row({"eks.loadBalancerController.cognito": True}, (RIGHTS,)),
    Row(
        {"eks.externalDns.enabled": False},
        ("delete * add-ons-external-dns*", "delete Namespace external-dns-namespace"),
    ),
    Row(
        {"eks.identity": "irsa"},
        (
            "delete PodIdentityAssociation add-ons-*-identity-association",
            "update Role add-ons-*-identity-role",
            "update ServiceAccount add-ons-*",
        ),
    ),
]

WITHOUT_ROW = {
    "eks.cluster": "another cluster is another stack",
    "eks.region": "as eks.cluster",
    "eks.profile": "who asks, not what for",
    "eks.roleArn": "as eks.profile",
    "eks.installPodIdentityAgent": "refused where the agent is there, and without it pods get no rights",
    "eks.loadBalancerController.enabled": "what it serves would be taken from under the hosts",
    "dns.zone": "another zone is another environment",
    "dns.zoneId": "as dns.zone",
    "dns.domain": "every host has to lie below it, so it never changes alone",
}
"""Settings without a row, and why."""
