"""Attendees in the settings: who they are, what they may not be called, and which hosts they get."""

from fnmatch import fnmatchcase

import pytest

from settings import parts
from settings.loading import parse
from tests.settings.test_settings import problems
from tests.settings.test_settings_rules import READY


def test_a_number_of_attendees_gives_names_that_a_later_larger_number_keeps() -> None:
    few, many = (parts.attendees(parse({"attendees": {"count": count}})) for count in (2, 100))

    assert few == ["team-01", "team-02"]
    assert many[:2] == few
    assert many[-1] == "team-100"


def test_attendees_are_named_by_a_prefix_or_one_by_one() -> None:
    assert parts.attendees(parse({"attendees": {"count": 1, "prefix": "guest"}})) == ["guest-01"]
    assert parts.attendees(parse({"attendees": {"names": ["ada", "grace"]}})) == ["ada", "grace"]
    assert parts.attendees(parse({"attendees": {}})) == []


@pytest.mark.parametrize(
    ("attendees", "key", "sentence"),
    [
        ({"prefix": "x"}, "attendees", "neither count nor names is set / *"),
        ({"count": 2, "names": ["ada"]}, "attendees", "count and names are both set / *"),
        ({"count": 0}, "attendees.count", "the value is '0' / * from 1 to 100 / *"),
        ({"count": 101}, "attendees.count", "the value is '101' / *"),
        ({"count": True}, "attendees.count", "the value is 'True' / *"),
        ({"names": []}, "attendees.names", "* / * 1 to 100 names, * / *"),
        ({"names": ["ada", "Ada"]}, "attendees.names[1]", "the value is 'Ada' / * / *"),
        ({"names": ["a" * 21]}, "attendees.names[0]", "*"),
        ({"count": 1, "prefix": "-x"}, "attendees.prefix", "*"),
        ({"names": ["ada", "ada"]}, "attendees.names[1]", "'ada' is the name of another attendee / * / *"),
        ({"names": ["linkerd"]}, "attendees.names[0]", "'linkerd' is the name of another namespace / * / *"),
        ({"names": ["kube-x"]}, "attendees.names[0]", "*another namespace*"),
        ({"names": ["default"]}, "attendees.names[0]", "*another namespace*"),
    ],
)
def test_attendees_who_cannot_have_a_namespace_of_their_own_are_refused(
    attendees: dict[str, object], key: str, sentence: str
) -> None:
    found = problems({"attendees": attendees})

    assert [each.where for each in found] == [f"linkerd-workshop:{key}"]
    assert fnmatchcase(f"{found[0].found} / {found[0].rule} / {found[0].fix}", sentence)


def test_each_demo_with_a_public_host_has_one_for_each_attendee() -> None:
    settings = parse({**READY, "attendees": {"count": 2}})

    assert parts.attendee_hosts(settings) == {
        "team-01-books.dev.example.com": "team-01",
        "team-02-books.dev.example.com": "team-02",
    }
    assert parts.attendee_hosts(parse({**READY, "attendees": {"count": 2, "hosts": False}})) == {}


@pytest.mark.parametrize(
    ("demos", "count", "sentence"),
    [
        ({"booksapp": {"host": f"{'b' * 56}.dev.example.com"}}, 1, "the label '*' has 64 characters / * 63 / *"),
        (
            {"booksapp": {"host": "b.dev.example.com"}, "podinfo": {"host": "team-01-b.dev.example.com"}},
            1,
            "*demos.podinfo.host, too / *",
        ),
        ({"booksapp": {"host": "b.dev.example.com"}}, 100, "there are 101 hosts, * / * at most 100 target groups / *"),
    ],
)
def test_hosts_that_attendees_cannot_have_are_refused(demos: dict[str, object], count: int, sentence: str) -> None:
    found = problems({**READY, "demos": demos, "attendees": {"count": count}})

    assert [each.where for each in found] == ["linkerd-workshop:attendees.hosts"]
    assert fnmatchcase(f"{found[0].found} / {found[0].rule} / {found[0].fix}", sentence)


def test_as_many_hosts_as_the_load_balancer_has_rules_are_accepted() -> None:
    assert len(parts.attendee_hosts(parse({**READY, "attendees": {"count": 99}}))) == 99
