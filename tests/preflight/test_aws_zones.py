"""The hosted zone of the stack, in an account that has others, too."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import pytest
from moto import mock_aws

from clients.aws.api import AwsApi
from model.eks import Zone
from model.problem import InputError
from preflight.zones import check_proof, find_zone
from settings.eks import Dns
from tests.doubles.aws_server import login
from tests.fuzzing import catch_problem

if TYPE_CHECKING:
    from mypy_boto3_acm.type_defs import TagTypeDef
    from mypy_boto3_route53.literals import RRTypeType
    from mypy_boto3_route53.type_defs import ChangeTypeDef, ResourceRecordSetTypeDef


@pytest.fixture
def api() -> Iterator[AwsApi]:
    """Give an account without zones."""
    with mock_aws():
        yield AwsApi(login())


def write(api: AwsApi, zone_id: str, name: str, kind: "RRTypeType" = "CNAME") -> None:
    """Create a record."""
    record: ResourceRecordSetTypeDef = {"Name": name, "Type": kind, "TTL": 300, "ResourceRecords": [{"Value": "ns-1."}]}
    changes: list[ChangeTypeDef] = [{"Action": "CREATE", "ResourceRecordSet": record}]
    api.route53.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": changes})


def zone(api: AwsApi, name: str, *, private: bool = False) -> str:
    """Create a zone and return its id."""
    number = str(len(api.route53.list_hosted_zones()["HostedZones"]))
    made = (
        api.route53.create_hosted_zone(
            Name=name,
            CallerReference=number,
            HostedZoneConfig={"PrivateZone": True},
            VPC={"VPCRegion": "eu-central-1", "VPCId": "vpc-1"},
        )
        if private
        else api.route53.create_hosted_zone(Name=name, CallerReference=number)
    )
    return made["HostedZone"]["Id"].removeprefix("/hostedzone/")


def dns(name: str, domain: str | None = None, id_: str | None = None) -> Dns:
    return Dns.model_validate({"zone": name, "domain": domain, "zoneId": id_})


def refusal(api: AwsApi, wanted: Dns) -> str:
    return str(catch_problem(lambda: find_zone(api, wanted)))


def test_the_zone_is_found_by_its_name_among_its_neighbours(api: AwsApi) -> None:
    for name in ("dev.example.com", "example.co", "example.com.au", "a.example.com", "zexample.com"):
        zone(api, name)
    zone(api, "example.com", private=True)
    wanted = zone(api, "example.com")

    found = find_zone(api, dns("example.com", "test.example.com"))
    assert (found.id, found.name) == (wanted, "example.com")


MISSING = "linkerd-workshop:dns.zone, AWS account 123456789012: there is no hosted zone 'example.com', *"
ABOVE = "*dns.zone' example.com`*dns.domain' dev.workshop.example.com`*"


@pytest.mark.parametrize(
    ("existing", "private", "wanted", "expected"),
    [
        ("other.com", False, "example.com", f"{MISSING}aws route53 list-hosted-zones*"),
        ("example.com", False, "dev.workshop.example.com", ABOVE),
        ("example.com", True, "example.com", "*: zone example.com is private,*"),
    ],
    ids=["no zone", "the zone above", "a private zone"],
)
def test_a_missing_public_zone_is_reported(
    api: AwsApi, existing: str, wanted: str, expected: str, *, private: bool
) -> None:
    zone(api, existing, private=private)

    assert fnmatchcase(refusal(api, dns(wanted)), expected)


def test_of_several_public_zones_one_has_to_be_chosen_by_its_id(api: AwsApi) -> None:
    ids, other = [zone(api, "example.com"), zone(api, "example.com")], zone(api, "other.com")
    known = ", ".join(sorted(ids))
    several = f"*: 2 public zones have the name example.com ({known}), *linkerd-workshop:dns.zoneId*"

    assert fnmatchcase(refusal(api, dns("example.com")), several)
    assert find_zone(api, dns("example.com", id_=ids[1])).id == ids[1]
    unknown = refusal(api, dns("example.com", id_=other))
    assert fnmatchcase(unknown, f"linkerd-workshop:dns.zoneId*, but the known ones are {known}. *")


@pytest.mark.parametrize("delegated", ["dev.example.com", "a.dev.example.com"])
def test_a_delegated_domain_is_reported_with_its_zone(api: AwsApi, delegated: str) -> None:
    id_ = zone(api, "example.com")
    write(api, id_, delegated, "NS")
    found = f"zone example.com delegates {delegated} (it has NS records of that name)"
    fix = f"Set it with `pulumi config set --path 'linkerd-workshop:dns.zone' {delegated}`."

    assert fnmatchcase(refusal(api, dns("example.com", "a.dev.example.com")), f"*: {found}, *. {fix}")
    assert find_zone(api, dns("example.com", "b.example.com")).id == id_
    assert find_zone(api, dns("example.com")).id == id_, "its own NS records delegate nothing"


PROOF = "_0123456789abcdef0123456789abcdef"


def test_a_record_that_validates_another_certificate_of_the_domain_is_not_taken_over(api: AwsApi) -> None:
    wanted = dns("example.com", "dev.example.com")
    found = Zone(zone(api, "example.com"), "example.com")
    for name in (f"{PROOF}.example.com", f"{PROOF}.books.dev.example.com", "_cname.dev.example.com"):
        write(api, found.id, name)
    check_proof(api, found, wanted, "dev")
    write(api, found.id, f"{PROOF}.dev.example.com")
    with pytest.raises(InputError, match=f"record {PROOF}.dev.example.com validates a certificate"):
        check_proof(api, found, wanted, "dev")

    for stack in ("other", "dev"):
        tags: list[TagTypeDef] = [{"Key": "project", "Value": "linkerd-workshop"}, {"Key": "stack", "Value": stack}]
        api.acm.request_certificate(DomainName="*.dev.example.com", ValidationMethod="DNS", Tags=tags)
        if stack == "other":
            with pytest.raises(InputError):
                check_proof(api, found, wanted, "dev")
    check_proof(api, found, wanted, "dev")
