"""What a stack's hosts have in an account: found by tags and owner id, and removed in an order that AWS takes."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.doubles.aws_account import InProcess, account, another
from workshop.drain.account import Found, Kind, find_load_balancers
from workshop.drain.removal import find_everything, remove


@pytest.fixture(scope="module")
def accounts() -> Iterator[list[InProcess]]:
    with pytest.MonkeyPatch.context() as patch:
        for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(key, "test")
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        with account() as found:
            yield [found]


@pytest.fixture
def aws(accounts: list[InProcess]) -> InProcess:
    """Return a cluster and a zone for one test, in one account, because an account takes seconds to create."""
    accounts.append(another(accounts[-1]))
    return accounts[-1]


def kinds(found: list[Found]) -> list[Kind]:
    return [each.kind for each in found]


def find(aws: InProcess, **marks: str | None) -> list[Found]:
    return find_everything(aws.account, aws.marks(**marks))


def list_of_others(aws: InProcess) -> list[Found]:
    """Return the resources of another stack, except its records."""
    return [each for each in find(aws, group="workshop-other") if each.kind is not Kind.RECORD]


def test_everything_of_the_stack_and_nothing_else_is_found_in_the_order_in_which_it_can_be_deleted(
    aws: InProcess,
) -> None:
    assert find(aws, group=None) == []
    aws.serve("workshop-other", "books")
    aws.serve("workshop-dev", "books", cluster="other")
    aws.own("more.example.com", owner="workshop-dev2")
    aws.own("shop.example.com", owner="other")
    assert find(aws) == []
    aws.serve("workshop-dev", "books", "podinfo")
    aws.own("books.example.com")

    found = find(aws)

    records = [Kind.RECORD] * 2
    assert kinds(found) == [*records, Kind.LOAD_BALANCER, Kind.TARGET_GROUP, Kind.TARGET_GROUP, Kind.SECURITY_GROUP]
    names = ["books.example.com (CNAME)", "_external-dns-cname.books.example.com (TXT)"]
    assert [each.name for each in found[:2]] == names, "the TXT record names the owner of the other, so it is last"


def test_everything_of_the_cluster_is_found_if_the_stack_owns_the_controller(aws: InProcess) -> None:
    aws.serve("workshop-other", "books")
    aws.serve("workshop-dev", "books", cluster="other")

    found = find(aws, group=None)

    assert kinds(found) == [Kind.LOAD_BALANCER, Kind.TARGET_GROUP, Kind.SECURITY_GROUP, Kind.SECURITY_GROUP]
    assert found[-1].name == f"k8s-traffic-{aws.cluster}", "the one that all share is last"


@pytest.mark.parametrize("prefix", ["", "owned-", "_external-dns-%{record_type}."])
def test_an_alias_is_known_by_the_txt_record_of_a_cname(aws: InProcess, prefix: str) -> None:
    owner = '"heritage=external-dns,external-dns/owner=workshop-dev,external-dns/resource=ingress/apps/shop"'
    named = prefix.replace("%{record_type}", "cname") if "%" in prefix else f"{prefix}cname-"
    aws.record(f"{named}books.example.com", "TXT", owner)
    aws.record("books.example.com", "A", "192.0.2.1")
    aws.record("more-books.example.com", "A", "192.0.2.1")

    marks = aws.marks()
    found = find_everything(aws.account, replace(marks, prefix=prefix))

    assert [each.name for each in found][:1] == ["books.example.com (A)"]
    assert len(found) == 2, "a name that only ends like it belongs to somebody else"


def test_a_stack_without_a_zone_has_no_records(aws: InProcess) -> None:
    aws.own("books.example.com")
    marks = aws.marks()

    assert find_everything(aws.account, replace(marks, zone=None)) == []


def test_a_load_balancer_that_is_deleted_meanwhile_is_no_error(aws: InProcess) -> None:
    aws.serve("workshop-dev", "books")
    aws.serve("workshop-other", "books")
    others = find_load_balancers(aws.account, aws.marks("workshop-other"))
    events: Any = aws.aws.elbv2.meta.events
    event = "before-call.elastic-load-balancing-v2.DescribeTags"

    def vanish(**_: object) -> None:
        events.unregister(event, vanish)
        aws.aws.elbv2.delete_load_balancer(LoadBalancerArn=others[0].id)

    events.register(event, vanish)
    found = find_load_balancers(aws.account, aws.marks())

    assert [each.kind for each in found] == [Kind.LOAD_BALANCER], "the stack's own is still there"
    remove(aws.account, [*others, *find(aws)], aws.zone)
    assert find(aws) == []


def test_the_owner_of_a_load_balancer_is_asked_for_once(aws: InProcess) -> None:
    aws.serve("workshop-dev", "books", "podinfo")
    events: Any = aws.aws.elbv2.meta.events
    asked, account, event = list[str](), aws.account, "before-call.elastic-load-balancing-v2.DescribeTags"

    def note(**_: object) -> None:
        asked.append("tags")

    events.register(event, note)
    before = [find_everything(account, aws.marks()) for _ in range(5)]
    events.unregister(event, note)

    assert len(asked) == 2, "for the load balancers and for the target groups, and not in each of five looks"
    assert before == [before[0]] * 5
    aws.aws.elbv2.delete_load_balancer(
        LoadBalancerArn=next(each.id for each in before[0] if "loadbalancer/" in each.id)
    )
    assert Kind.LOAD_BALANCER not in kinds(find_everything(account, aws.marks()))


def test_everything_that_was_found_is_removed_and_nothing_else(aws: InProcess) -> None:
    aws.serve("workshop-dev", "books", "podinfo")
    aws.serve("workshop-other", "books")
    aws.own("books.example.com")
    aws.own("shop.example.com", owner="other")
    nodes = aws.aws.ec2.create_security_group(GroupName="nodes", Description="nodes", VpcId=aws.vpc)["GroupId"]
    own = next(each for each in find(aws) if each.kind is Kind.SECURITY_GROUP)
    aws.aws.ec2.authorize_security_group_ingress(
        GroupId=nodes, IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": own.id}]}]
    )
    others = list_of_others(aws)

    remove(aws.account, find(aws), aws.zone)

    assert find(aws) == []
    assert list_of_others(aws) == others
    names = [
        each["Name"] for each in aws.aws.route53.list_resource_record_sets(HostedZoneId=aws.zone)["ResourceRecordSets"]
    ]
    assert "shop.example.com." in names
    rules = aws.aws.ec2.describe_security_groups(GroupIds=[nodes])["SecurityGroups"][0].get("IpPermissions")
    assert rules == [], "the rule that let the load balancer in went with it"


def test_a_load_balancer_with_more_hosts_than_one_request_names_is_found_and_removed(aws: InProcess) -> None:
    hosts = [f"host-{number}" for number in range(30)]
    aws.serve("workshop-dev", *hosts[5:])
    aws.serve("workshop-dev", *hosts[:-1])

    found = find(aws)

    assert kinds(found).count(Kind.TARGET_GROUP) == 29, "one each; tags are asked for 20 at a time"
    balancer = next(each.id for each in found if each.kind is Kind.LOAD_BALANCER)
    listener = aws.aws.elbv2.describe_listeners(LoadBalancerArn=balancer)["Listeners"][0].get("ListenerArn", "")
    assert len(aws.aws.elbv2.describe_rules(ListenerArn=listener)["Rules"]) == 30, "one each, and the default"
    remove(aws.account, found, aws.zone)
    assert find(aws) == []
