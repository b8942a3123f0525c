"""The double of AWS: an account as it is before the stack, and answers where moto alone would give others."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from sandbox.aws import process
from sandbox.aws.wanted import Account
from sandbox.paths import Home
from sandbox.processes import stop
from tests.sandbox.aws import AwsDouble, aws_double

pytestmark = pytest.mark.sandbox

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "pods.eks.amazonaws.com"},
                "Action": ["sts:AssumeRole", "sts:TagSession"],
            }
        ],
    }
)
READ = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
)
OPERATOR = "arn:aws:iam::123456789012:role/ops/deployer"


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsDouble]:
    account = Account("workshop", "eu-central-1", "example.com", OPERATOR)
    with aws_double(Home(tmp_path_factory.mktemp("double") / "home"), account) as made:
        yield made


def change(aws: AwsDouble, action: str, name: str, value: str, kind: str = "TXT") -> None:
    record = {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value}]}
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
    aws.client("route53").change_resource_record_sets(HostedZoneId=aws.zone_id, ChangeBatch=batch)


def role(aws: AwsDouble, name: str) -> str:
    return aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]


def test_the_account_has_a_cluster_with_a_network_an_agent_an_oidc_provider_and_a_zone(aws: AwsDouble) -> None:
    cluster = aws.client("eks").describe_cluster(name="workshop")["cluster"]
    assert cluster["status"] == "ACTIVE"
    network = cluster["resourcesVpcConfig"]
    subnets = aws.client("ec2").describe_subnets(SubnetIds=network["subnetIds"])["Subnets"]
    assert {subnet["VpcId"] for subnet in subnets} == {network["vpcId"]}
    assert len({subnet["AvailabilityZone"] for subnet in subnets}) == 3
    assert aws.client("eks").list_addons(clusterName="workshop")["addons"] == ["eks-pod-identity-agent"]
    issuer = cluster["identity"]["oidc"]["issuer"].removeprefix("https://")
    providers = aws.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]
    assert [provider["Arn"] for provider in providers] == [f"arn:aws:iam::123456789012:oidc-provider/{issuer}"]
    assert aws.zone_id


def test_a_second_start_of_the_same_stack_makes_nothing(aws: AwsDouble) -> None:
    before = aws.client("ec2").describe_vpcs()["Vpcs"]
    process.ensure(aws.home, aws.account)
    assert aws.client("ec2").describe_vpcs()["Vpcs"] == before
    assert len(aws.client("route53").list_hosted_zones()["HostedZones"]) == 1


def test_a_region_that_is_none_is_one_sentence(aws: AwsDouble) -> None:
    with pytest.raises(process.SandboxError, match=r"EKS is in no region eu-nowhere-1: correct `eks\.region`"):
        process.ensure(aws.home, Account("workshop", "eu-nowhere-1"))


def test_a_role_that_is_there_can_be_assumed_and_no_other(aws: AwsDouble) -> None:
    assert aws.client("sts").assume_role(RoleArn=OPERATOR, RoleSessionName="test")["Credentials"]
    with pytest.raises(ClientError, match=r"AccessDenied.*not authorized to perform: sts:AssumeRole on resource"):
        aws.client("sts").assume_role(RoleArn=f"{OPERATOR}2", RoleSessionName="test")


def test_a_service_account_has_one_association_until_it_is_deleted(aws: AwsDouble) -> None:
    arn = role(aws, "associated")
    wanted = {"clusterName": "workshop", "namespace": "kube-system", "serviceAccount": "dns"}
    made = aws.client("eks").create_pod_identity_association(**wanted, roleArn=arn, tags={"owner": "me"})["association"]
    with pytest.raises(ClientError, match=r"ResourceInUse.*already exists: a-"):
        aws.client("eks").create_pod_identity_association(**wanted, roleArn=arn)
    named = {"clusterName": "workshop", "associationId": made["associationId"]}
    other = role(aws, "associated-2")
    assert aws.client("eks").update_pod_identity_association(**named, roleArn=other)["association"]["roleArn"] == other
    aws.client("eks").tag_resource(resourceArn=made["associationArn"], tags={"stack": "dev"})
    aws.client("eks").untag_resource(resourceArn=made["associationArn"], tagKeys=["owner"])
    assert aws.client("eks").describe_pod_identity_association(**named)["association"]["tags"] == {"stack": "dev"}
    listed = aws.client("eks").list_pod_identity_associations(clusterName="workshop", namespace="kube-system")[
        "associations"
    ]
    assert [each["associationId"] for each in listed if "associationId" in each] == [made["associationId"]]
    aws.client("eks").delete_pod_identity_association(**named)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        aws.client("eks").describe_pod_identity_association(**named)


def test_an_association_needs_a_role_and_a_cluster_that_are_there(aws: AwsDouble) -> None:
    wanted = {"namespace": "kube-system", "serviceAccount": "none", "roleArn": "arn:aws:iam::123456789012:role/none"}
    with pytest.raises(ClientError, match="Role provided in the request does not exist"):
        aws.client("eks").create_pod_identity_association(clusterName="workshop", **wanted)
    with pytest.raises(ClientError, match="No cluster found for name: other"):
        aws.client("eks").create_pod_identity_association(clusterName="other", **wanted)


def test_an_addon_is_installed_once_and_in_a_version_that_is_known(aws: AwsDouble) -> None:
    version = aws.client("eks").describe_addon_versions(addonName="coredns")["addons"][0]["addonVersions"][0][
        "addonVersion"
    ]
    assert (
        aws.client("eks").create_addon(clusterName="workshop", addonName="coredns")["addon"]["addonVersion"] == version
    )
    with pytest.raises(ClientError, match="already exists"):
        aws.client("eks").create_addon(clusterName="workshop", addonName="coredns")
    with pytest.raises(ClientError, match="not supported"):
        aws.client("eks").create_addon(clusterName="workshop", addonName="vpc-cni", addonVersion="v0")
    aws.client("eks").delete_addon(clusterName="workshop", addonName="coredns")
    with pytest.raises(ClientError, match="ResourceNotFound"):
        aws.client("eks").describe_addon(clusterName="workshop", addonName="coredns")


def test_a_certificate_is_issued_exactly_when_the_records_of_all_its_names_are_in_a_zone(aws: AwsDouble) -> None:
    names = ["dev.example.com", "*.dev.example.com", "api.example.com"]
    arn = aws.client("acm").request_certificate(
        DomainName=names[0], SubjectAlternativeNames=names[1:], ValidationMethod="DNS"
    )["CertificateArn"]
    told = aws.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]
    records = {str(option["DomainName"]): option["ResourceRecord"] for option in told["DomainValidationOptions"]}
    assert set(records) == set(names)
    assert records[names[0]] == records[names[1]] != records[names[2]], "a wildcard shares the record of its domain"
    for name in (names[0], names[2]):
        assert (
            aws.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "PENDING_VALIDATION"
        )
        change(aws, "CREATE", records[name]["Name"], records[name]["Value"], "CNAME")
    assert aws.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "ISSUED"


def test_what_something_hangs_on_cannot_be_deleted(aws: AwsDouble) -> None:
    role(aws, "held")
    policy = aws.client("iam").create_policy(PolicyName="held", PolicyDocument=READ)["Policy"]["Arn"]
    aws.client("iam").attach_role_policy(RoleName="held", PolicyArn=policy)
    for refused in (
        lambda: aws.client("iam").delete_role(RoleName="held"),
        lambda: aws.client("iam").delete_policy(PolicyArn=policy),
    ):
        with pytest.raises(ClientError, match="DeleteConflict"):
            refused()
    network = aws.client("eks").describe_cluster(name="workshop")["cluster"]["resourcesVpcConfig"]
    group = aws.client("ec2").create_security_group(GroupName="alb", Description="alb", VpcId=network["vpcId"])[
        "GroupId"
    ]
    balancer = aws.client("elbv2").create_load_balancer(
        Name="alb", Subnets=network["subnetIds"][:2], SecurityGroups=[group]
    )
    arn = aws.client("acm").request_certificate(DomainName="used.example.com", ValidationMethod="DNS")["CertificateArn"]
    aws.client("elbv2").create_listener(
        LoadBalancerArn=balancer["LoadBalancers"][0]["LoadBalancerArn"],
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": arn}],
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )
    with pytest.raises(ClientError, match="DependencyViolation"):
        aws.client("ec2").delete_security_group(GroupId=group)
    with pytest.raises(ClientError, match=r"ResourceInUse.*is in use"):
        aws.client("acm").delete_certificate(CertificateArn=arn)


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
    aws: AwsDouble, action: str, name: str, value: str, words: str
) -> None:
    change(aws, "UPSERT", "taken.example.com.", '"mine"')
    with pytest.raises(ClientError, match=f"InvalidChangeBatch.*{words}"):
        change(aws, action, name, value)


def test_a_record_that_was_deleted_can_be_made_again(aws: AwsDouble) -> None:
    change(aws, "UPSERT", "zz.example.com", '"after it"')
    for action in ("CREATE", "DELETE", "CREATE", "DELETE"):
        change(aws, action, "again.example.com.", '"mine"')


def test_a_restart_leads_to_the_same_account_with_the_same_identifiers(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")

    def seen(aws: AwsDouble) -> object:
        cluster = aws.client("eks").describe_cluster(name="workshop")["cluster"]
        certificates = aws.client("acm").list_certificates()["CertificateSummaryList"]
        associations = aws.client("eks").list_pod_identity_associations(clusterName="workshop")["associations"]
        groups = sorted(group["GroupId"] for group in aws.client("ec2").describe_security_groups()["SecurityGroups"])
        arns = [each.get("CertificateArn") for each in certificates]
        return (
            cluster,
            aws.zone_id,
            arns,
            associations,
            groups,
            aws.client("iam").get_role(RoleName="kept")["Role"]["RoleId"],
        )

    with aws_double(home) as aws:
        aws.client("ec2").describe_vpcs()
        arn = role(aws, "kept")
        aws.client("acm").request_certificate(DomainName="a.example.com", ValidationMethod="DNS")
        aws.client("eks").create_pod_identity_association(
            clusterName="workshop", namespace="a", serviceAccount="b", roleArn=arn
        )
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
        journal.write_text(
            journal.read_text(encoding="utf-8") + journal.read_text(encoding="utf-8").splitlines()[-1] + "\n"
        )
        with pytest.raises(
            process.SandboxError, match=r"CreateRole cannot be repeated.*make sandbox-down.*make refresh"
        ):
            process.up(home)
