"""What a stack's hosts have in an account: found by tags and owner id, and removed in an order that AWS takes."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.doubles.aws_account import InProcess, account, another
from workshop.drain.account import Found, Kind, find_load_balancers
from workshop.drain.removal import find_everything, remove


@pytest.fixture(scope="module")
def whole() -> Iterator[list[InProcess]]:
    with pytest.MonkeyPatch.context() as patch:
        for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(key, "test")
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        with account() as made:
            yield [made]


@pytest.fixture
def aws(whole: list[InProcess]) -> InProcess:
    """A cluster and a zone for one test; making an account takes seconds."""
    whole.append(another(whole[-1]))
    return whole[-1]


def kinds(found: list[Found]) -> list[Kind]:
    return [each.kind for each in found]


def kept(aws: InProcess) -> list[Found]:
    """What another stack has, but for records."""
    return [each for each in find_everything(aws.account, aws.marks("workshop-other")) if each.kind is not Kind.RECORD]


def test_nothing_is_found_before_anything_is_served(aws: InProcess) -> None:
    assert find_everything(aws.account, aws.marks()) == []
    assert find_everything(aws.account, aws.marks(group=None)) == []


def test_what_the_controllers_made_for_the_stack_is_found_in_the_order_in_which_it_can_go(aws: InProcess) -> None:
    aws.serve("workshop-dev", "books", "podinfo")
    aws.own("books.example.com")

    found = find_everything(aws.account, aws.marks())

    assert kinds(found) == [
        Kind.RECORD,
        Kind.RECORD,
        Kind.LOAD_BALANCER,
        Kind.TARGET_GROUP,
        Kind.TARGET_GROUP,
        Kind.SECURITY_GROUP,
    ]
    assert [each.name for each in found[:2]] == [
        "books.example.com (CNAME)",
        "_external-dns-cname.books.example.com (TXT)",
    ], "the TXT record says whose the other is, so it goes last"


def test_what_is_another_stacks_or_another_clusters_is_not(aws: InProcess) -> None:
    aws.serve("workshop-other", "books")
    aws.serve("workshop-dev", "books", cluster="other")
    aws.own("books.example.com", owner="workshop-dev2")
    aws.own("shop.example.com", owner="other")

    assert find_everything(aws.account, aws.marks()) == []


def test_where_the_controller_is_the_stacks_own_all_of_the_cluster_is(aws: InProcess) -> None:
    aws.serve("workshop-other", "books")
    aws.serve("workshop-dev", "books", cluster="other")

    found = find_everything(aws.account, aws.marks(group=None))

    assert kinds(found) == [Kind.LOAD_BALANCER, Kind.TARGET_GROUP, Kind.SECURITY_GROUP, Kind.SECURITY_GROUP]
    assert found[-1].name == f"k8s-traffic-{aws.cluster}", "the one that all share goes last"


@pytest.mark.parametrize("prefix", ["", "owned-", "_external-dns-%{record_type}."])
def test_an_alias_is_known_by_the_txt_record_of_a_cname(aws: InProcess, prefix: str) -> None:
    told = '"heritage=external-dns,external-dns/owner=workshop-dev,external-dns/resource=ingress/apps/shop"'
    named = prefix.replace("%{record_type}", "cname") if "%" in prefix else f"{prefix}cname-"
    aws.record(f"{named}books.example.com", "TXT", told)
    aws.record("books.example.com", "A", "192.0.2.1")
    aws.record("more-books.example.com", "A", "192.0.2.1")

    marks = aws.marks()
    found = find_everything(aws.account, replace(marks, prefix=prefix))

    assert [each.name for each in found][:1] == ["books.example.com (A)"]
    assert len(found) == 2, "a name that only ends like it is somebody else's"


def test_a_stack_without_a_zone_has_no_records(aws: InProcess) -> None:
    aws.own("books.example.com")
    marks = aws.marks()

    assert find_everything(aws.account, replace(marks, zone=None)) == []


def test_a_load_balancer_that_vanishes_while_it_is_looked_at_is_no_error(aws: InProcess) -> None:
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
    remove(aws.account, [*others, *find_everything(aws.account, aws.marks())], aws.zone)
    assert find_everything(aws.account, aws.marks()) == []


def test_who_owns_a_load_balancer_is_asked_once(aws: InProcess) -> None:
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


def test_what_was_found_is_removed_and_nothing_else(aws: InProcess) -> None:
    aws.serve("workshop-dev", "books", "podinfo")
    aws.serve("workshop-other", "books")
    aws.own("books.example.com")
    aws.own("shop.example.com", owner="other")
    nodes = aws.aws.ec2.create_security_group(GroupName="nodes", Description="nodes", VpcId=aws.vpc)["GroupId"]
    own = next(each for each in find_everything(aws.account, aws.marks()) if each.kind is Kind.SECURITY_GROUP)
    aws.aws.ec2.authorize_security_group_ingress(
        GroupId=nodes, IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": own.id}]}]
    )
    others = kept(aws)

    remove(aws.account, find_everything(aws.account, aws.marks()), aws.zone)

    assert find_everything(aws.account, aws.marks()) == []
    assert kept(aws) == others
    names = [
        each["Name"] for each in aws.aws.route53.list_resource_record_sets(HostedZoneId=aws.zone)["ResourceRecordSets"]
    ]
    assert "shop.example.com." in names
    rules = aws.aws.ec2.describe_security_groups(GroupIds=[nodes])["SecurityGroups"][0].get("IpPermissions")
    assert rules == [], "the rule that let the load balancer in went with it"
