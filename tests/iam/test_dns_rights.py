"""ExternalDNS' role: records below the stack's domain in the one zone, and nothing else."""

from collections.abc import Sequence

import pytest

from components.addons.external_dns import statements
from components.resources.iam_policy import policy_document
from model.eks import Zone
from model.names import Identity
from tests.iam.simulator import Request, wrongly
from tests.iam.stack import CLUSTER, rights

ZONE = "arn:aws:route53:::hostedzone/Z0123456789ABCDEFGHIJ"
OTHER_ZONE = "arn:aws:route53:::hostedzone/Z9999999999ABCDEFGHIJ"
OWNER = "_external-dns-cname."
HOSTED = Zone("Z0123456789ABCDEFGHIJ", "example.com")


def change(names: Sequence[str], types: Sequence[str] = ("A", "TXT"), zone: str = ZONE) -> Request:
    """Return a change of records, with the names as Route 53 normalizes them."""
    key = "route53:ChangeResourceRecordSets"
    context = {f"{key}NormalizedRecordNames": names, f"{key}RecordTypes": types, f"{key}Actions": ["UPSERT"]}
    return Request(key, zone, context)


ALLOWED = [
    Request("route53:ListHostedZones"),
    Request("route53:ListResourceRecordSets", ZONE),
    change(["books.dev.example.com", f"{OWNER}books.dev.example.com"]),
    change(["books.dev.example.com"], ["CNAME", "TXT"]),
    change(["dev.example.com", f"{OWNER}dev.example.com"]),
    change([r"\052.dev.example.com", rf"{OWNER}\052.dev.example.com"]),
]
UPSTREAM = dict.fromkeys(
    (f"route53:{each}" for each in ("ListHostedZones", "ListResourceRecordSets", "ChangeResourceRecordSets")),
    "provider/aws/aws.go",
)
"""Every call of AWS that ExternalDNS makes for the stack, by its source, v0.21.0."""
FORBIDDEN = [
    Request("route53:ListResourceRecordSets", OTHER_ZONE),
    change(["books.dev.example.com"], zone=OTHER_ZONE),
    change(["example.com"]),
    change(["www.example.com"]),
    change(["books.prod.example.com"]),
    change(["notdev.example.com"]),
    change(["books.notdev.example.com"]),
    change(["dev.example.com.evil.com"]),
    change([f"{OWNER}example.com"]),
    change(["books.dev.example.com", "www.example.com"]),
    change(["books.dev.example.com"], ["MX"]),
    change(["books.dev.example.com"], ["A", "NS"]),
    change(["dev.example.com"], ["NS"]),
    change(["books.dev.example.com"], ["AAAA"]),
    Request("route53:ChangeResourceRecordSets", ZONE),
    Request("route53:ChangeResourceRecordSets", ZONE, {"route53:ChangeResourceRecordSetsRecordTypes": ["A"]}),
    Request(
        "route53:ChangeResourceRecordSets",
        ZONE,
        {"route53:ChangeResourceRecordSetsNormalizedRecordNames": ["books.dev.example.com"]},
    ),
    Request("route53:DeleteHostedZone", ZONE),
    Request("route53:ChangeTagsForResource", ZONE),
    Request("route53:AssociateVPCWithHostedZone", ZONE),
    Request("route53:CreateHostedZone"),
    Request("elasticloadbalancing:DescribeLoadBalancers"),
    Request("ec2:CreateTags", "arn:aws:ec2:eu-central-1:123456789012:security-group/sg-1"),
    Request("iam:PassRole", "arn:aws:iam::123456789012:role/admin"),
    Request("sts:AssumeRole", "arn:aws:iam::123456789012:role/admin"),
]


@pytest.mark.parametrize("identity", Identity)
def test_the_records_of_the_stacks_hosts_are_allowed_with_those_that_say_whose_they_are(identity: Identity) -> None:
    assert wrongly(rights("external-dns", identity), ALLOWED, allows=True) == []


@pytest.mark.parametrize("identity", Identity)
def test_other_zones_other_names_and_other_types_are_refused(identity: Identity) -> None:
    assert wrongly(rights("external-dns", identity), FORBIDDEN, allows=False) == []


def test_without_a_domain_of_its_own_the_stack_has_the_whole_zone_and_no_other() -> None:
    document = policy_document(statements(CLUSTER, HOSTED, "example.com"))

    assert wrongly(document, [change(["www.example.com"]), change(["example.com"])], allows=True) == []
    refused = [change(["www.example.org"]), change(["notexample.com"]), change(["example.com"], zone=OTHER_ZONE)]
    assert wrongly(document, refused, allows=False) == []
