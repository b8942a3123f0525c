"""The double of AWS: an account as it is before the stack, and answers where moto alone would give others."""

import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from sandbox.aws import process
from sandbox.aws.process import Account
from sandbox.paths import Home
from sandbox.processes import stop
from tests.sandbox.aws import AwsDouble, aws_double
from tests.sandbox.aws_program import TRUST

pytestmark = pytest.mark.sandbox

CLUSTER = {"clusterName": "workshop"}


def change(double: AwsDouble, action: str, name: str, value: str, kind: str = "TXT") -> None:
    record = {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value}]}
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
    double.client("route53").change_resource_record_sets(HostedZoneId=double.zone_id, ChangeBatch=batch)


def role(double: AwsDouble, name: str) -> str:
    return double.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]


def test_a_second_start_of_the_same_stack_makes_nothing(double: AwsDouble) -> None:
    before = double.client("ec2").describe_vpcs()["Vpcs"]
    process.ensure(double.home, double.account)
    assert double.client("ec2").describe_vpcs()["Vpcs"] == before
    assert len(double.client("route53").list_hosted_zones()["HostedZones"]) == 1


def test_a_region_that_is_none_is_one_sentence(double: AwsDouble) -> None:
    with pytest.raises(process.SandboxError, match=r"EKS is in no region eu-nowhere-1: correct `eks\.region`"):
        process.ensure(double.home, Account("workshop", "eu-nowhere-1"))


def test_an_association_belongs_to_one_service_account_of_a_cluster_and_has_a_role(double: AwsDouble) -> None:
    eks, arn = double.client("eks"), role(double, "associated")
    wanted = {**CLUSTER, "namespace": "kube-system", "serviceAccount": "dns", "roleArn": arn}
    eks.create_pod_identity_association(**wanted)
    for wrong, words in (
        ({}, "ResourceInUse.*already exists: a-"),
        ({"roleArn": f"{arn}-2"}, "Role provided in the request does not exist"),
        ({"clusterName": "other"}, "No cluster found for name: other"),
    ):
        with pytest.raises(ClientError, match=words):
            eks.create_pod_identity_association(**wanted | wrong)


def test_an_addon_is_installed_once_and_in_a_version_that_is_known(double: AwsDouble) -> None:
    eks = double.client("eks")
    eks.create_addon(**CLUSTER, addonName="coredns")
    with pytest.raises(ClientError, match="already exists"):
        eks.create_addon(**CLUSTER, addonName="coredns")
    with pytest.raises(ClientError, match="not supported"):
        eks.create_addon(**CLUSTER, addonName="vpc-cni", addonVersion="v0")


def test_a_certificate_is_issued_exactly_when_the_records_of_all_its_names_are_in_a_zone(double: AwsDouble) -> None:
    first, *others = names = ["dev.example.com", "*.dev.example.com", "api.example.com"]
    acm = double.client("acm")
    wanted = {"DomainName": first, "SubjectAlternativeNames": others, "ValidationMethod": "DNS"}
    arn = acm.request_certificate(**wanted)["CertificateArn"]
    options = acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"]
    records = {option["DomainName"]: option["ResourceRecord"] for option in options}
    assert set(records) == set(names)
    assert records[names[0]] == records[names[1]] != records[names[2]], "a wildcard shares the record of its domain"
    for name in (names[0], names[2]):
        assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "PENDING_VALIDATION"
        change(double, "CREATE", records[name]["Name"], records[name]["Value"], "CNAME")
    assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "ISSUED"


def test_what_something_hangs_on_cannot_be_deleted(double: AwsDouble) -> None:
    ec2, elbv2, acm = (double.client(each) for each in ("ec2", "elbv2", "acm"))
    network = double.client("eks").describe_cluster(name="workshop")["cluster"]["resourcesVpcConfig"]
    group = ec2.create_security_group(GroupName="alb", Description="alb", VpcId=network["vpcId"])["GroupId"]
    subnets = network["subnetIds"][:2]
    (balancer,) = elbv2.create_load_balancer(Name="alb", Subnets=subnets, SecurityGroups=[group])["LoadBalancers"]
    arn = acm.request_certificate(DomainName="used.example.com", ValidationMethod="DNS")["CertificateArn"]
    elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": arn}],
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )
    with pytest.raises(ClientError, match="DependencyViolation"):
        ec2.delete_security_group(GroupId=group)
    with pytest.raises(ClientError, match=r"ResourceInUse.*is in use"):
        acm.delete_certificate(CertificateArn=arn)


@pytest.mark.parametrize(
    ("action", "name", "value", "words"),
    [
        ("CREATE", "taken.example.com", '"other"', "but it already exists"),
        ("DELETE", "taken.example.com", '"other"', "the values provided do not match the current values"),
        ("DELETE", "none.example.com", '"mine"', "but it was not found"),
        ("CREATE", "a.another-example.com", '"mine"', "is not permitted in zone example.com"),
    ],
)
def test_a_record_is_compared_with_what_is_there(
    double: AwsDouble, action: str, name: str, value: str, words: str
) -> None:
    change(double, "UPSERT", "taken.example.com.", '"mine"')
    with pytest.raises(ClientError, match=f"InvalidChangeBatch.*{words}"):
        change(double, action, name, value)


def test_a_restart_leads_to_the_same_account_with_the_same_identifiers(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")

    def seen(aws: AwsDouble) -> list[object]:
        return [
            aws.client("eks").describe_cluster(name="workshop")["cluster"],
            aws.client("eks").list_pod_identity_associations(**CLUSTER)["associations"],
            [each["CertificateArn"] for each in aws.client("acm").list_certificates()["CertificateSummaryList"]],
            sorted(each["GroupId"] for each in aws.client("ec2").describe_security_groups()["SecurityGroups"]),
            aws.client("iam").get_role(RoleName="kept")["Role"]["RoleId"],
            aws.zone_id,
        ]

    with aws_double(home) as aws:
        aws.client("ec2").describe_vpcs()
        arn = role(aws, "kept")
        aws.client("acm").request_certificate(DomainName="a.example.com", ValidationMethod="DNS")
        bound = {**CLUSTER, "namespace": "a", "serviceAccount": "b", "roleArn": arn}
        aws.client("eks").create_pod_identity_association(**bound)
        with pytest.raises(ClientError):
            role(aws, "kept")
        aws.client("ec2").create_security_group(GroupName="g", Description="d")
        before = seen(aws)
    with aws_double(home) as aws:
        assert seen(aws) == before


def test_what_cannot_be_taken_up_is_a_sentence_with_its_fix(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with aws_double(home) as aws:
        role(aws, "kept")
        stop(home, [process.NAME])
        journal = home.aws / "journal.jsonl"
        lines = journal.read_text(encoding="utf-8").splitlines(keepends=True)
        journal.write_text("".join([*lines, lines[-1]]))
        with pytest.raises(
            process.SandboxError, match=r"CreateRole cannot be repeated.*make sandbox-down.*make refresh"
        ):
            process.up(home)
