"""Which hosted zone is the stack's, in an account that has others, too."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from clients.aws.api import AwsApi
from model.eks import Zone
from model.problem import InputError, Problem
from preflight.zones import check_proof, find_zone
from settings.eks import Dns
from tests.doubles.moto_server import moto

if TYPE_CHECKING:
    from mypy_boto3_acm.type_defs import TagTypeDef
    from mypy_boto3_route53.literals import RRTypeType
    from mypy_boto3_route53.type_defs import ResourceRecordSetTypeDef


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsApi]:
    with moto(tmp_path_factory.mktemp("aws")) as account:
        yield account


@pytest.fixture(autouse=True)
def _empty(api: AwsApi) -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]  pytest calls it
    yield
    for zone in api.route53.list_hosted_zones()["HostedZones"]:
        for record in api.route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]:
            if record["Name"] != zone["Name"]:
                api.route53.change_resource_record_sets(
                    HostedZoneId=zone["Id"],
                    ChangeBatch={"Changes": [{"Action": "DELETE", "ResourceRecordSet": record}]},
                )
        api.route53.delete_hosted_zone(Id=zone["Id"])


def write(api: AwsApi, zone_id: str, name: str, kind: "RRTypeType" = "CNAME") -> None:
    """Make a record."""
    record: ResourceRecordSetTypeDef = {"Name": name, "Type": kind, "TTL": 300, "ResourceRecords": [{"Value": "ns-1."}]}
    api.route53.change_resource_record_sets(
        HostedZoneId=zone_id, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    )


def zone(api: AwsApi, name: str, *, private: bool = False) -> str:
    """Make a zone and return its id."""
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


def only(api: AwsApi, wanted: Dns) -> Problem:
    with pytest.raises(InputError) as caught:
        find_zone(api, wanted)
    assert len(caught.value.problems) == 1
    return caught.value.problems[0]


def test_the_zone_is_found_by_its_name_among_its_neighbours(api: AwsApi) -> None:
    for name in ("dev.example.com", "example.co", "example.com.au", "a.example.com", "zexample.com"):
        zone(api, name)
    wanted = zone(api, "example.com")

    found = find_zone(api, dns("example.com", "test.example.com"))
    assert (found.id, found.name) == (wanted, "example.com")


def test_a_zone_that_is_not_there_is_told(api: AwsApi) -> None:
    zone(api, "other.com")
    problem = only(api, dns("example.com"))

    assert problem.where == "linkerd-workshop:dns.zone, AWS account 123456789012"
    assert problem.found == "there is no hosted zone 'example.com'"
    assert "aws route53 list-hosted-zones" in problem.fix


def test_the_zone_above_is_offered_where_there_is_one(api: AwsApi) -> None:
    zone(api, "example.com")
    problem = only(api, dns("dev.workshop.example.com"))

    assert "dns.zone' example.com`" in problem.fix
    assert "dns.domain' dev.workshop.example.com`" in problem.fix


def test_a_private_zone_is_not_one_that_the_world_asks(api: AwsApi) -> None:
    zone(api, "example.com", private=True)

    assert only(api, dns("example.com")).found == "zone example.com is private"


def test_a_private_zone_beside_the_public_one_is_let_alone(api: AwsApi) -> None:
    zone(api, "example.com", private=True)
    wanted = zone(api, "example.com")

    assert find_zone(api, dns("example.com")).id == wanted


def test_of_several_public_zones_one_has_to_be_chosen(api: AwsApi) -> None:
    ids = [zone(api, "example.com"), zone(api, "example.com")]
    problem = only(api, dns("example.com"))

    assert problem.found == f"2 public zones have the name example.com ({', '.join(sorted(ids))})"
    assert "linkerd-workshop:dns.zoneId" in problem.fix
    assert find_zone(api, dns("example.com", id_=ids[1])).id == ids[1]


def test_an_id_of_another_zone_is_told_with_the_right_ones(api: AwsApi) -> None:
    id_ = zone(api, "example.com")
    problem = only(api, dns("example.com", id_=zone(api, "other.com")))

    assert problem.where.startswith("linkerd-workshop:dns.zoneId")
    assert problem.rule == f"the known ones are {id_}"


@pytest.mark.parametrize("given", ["dev.example.com", "a.dev.example.com"])
def test_a_domain_that_the_zone_has_delegated_is_told_by_the_zone_that_has_it(api: AwsApi, given: str) -> None:
    id_ = zone(api, "example.com")
    write(api, id_, given, "NS")
    problem = only(api, dns("example.com", "a.dev.example.com"))

    assert problem.found == f"zone example.com delegates {given} (it has NS records of that name)"
    assert problem.fix == f"Set it with `pulumi config set --path 'linkerd-workshop:dns.zone' {given}`."
    assert find_zone(api, dns("example.com", "b.example.com")).id == id_
    assert find_zone(api, dns("example.com")).id == id_, "its own NS records are no gift"


PROOF = "_0123456789abcdef0123456789abcdef"


def test_a_record_that_validates_another_certificate_of_the_domain_is_not_taken_over(api: AwsApi) -> None:
    wanted = dns("example.com", "dev.example.com")
    found = Zone(zone(api, "example.com"), "example.com")
    for name in (f"{PROOF}.example.com", f"{PROOF}.books.dev.example.com", "_cname.dev.example.com"):
        write(api, found.id, name)
    check_proof(api, found, wanted, "dev")
    write(api, found.id, f"{PROOF}.dev.example.com")
    with pytest.raises(InputError) as caught:
        check_proof(api, found, wanted, "dev")

    assert f"record {PROOF}.dev.example.com validates a certificate" in str(caught.value)
    for stack in ("other", "dev"):
        tags: list[TagTypeDef] = [{"Key": "project", "Value": "linkerd-workshop"}, {"Key": "stack", "Value": stack}]
        api.acm.request_certificate(DomainName="*.dev.example.com", ValidationMethod="DNS", Tags=tags)
        if stack == "other":
            with pytest.raises(InputError):
                check_proof(api, found, wanted, "dev")
    check_proof(api, found, wanted, "dev")
