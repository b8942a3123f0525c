"""Settings that go together: what is refused is told with the key that fixes it, and what fits is taken."""

from collections.abc import Mapping
from fnmatch import fnmatchcase

import pytest

from settings import parts
from settings.demos import Demos
from settings.loading import parse
from tests.settings.test_settings import only, problems

OFF = {"enabled": False}
EKS: Mapping[str, object] = {"cluster": "workshop", "region": "eu-central-1", "owner": "platform-team"}
WITHOUT_DNS = {**EKS, "externalDns": OFF}
DNS = {"zone": "example.com", "domain": "dev.example.com"}
HOST = {"booksapp": {"host": "books.dev.example.com"}}
DEEP = {"booksapp": {"host": "books.team.dev.example.com"}}
OPEN = {"inboundCidrs": ["203.0.113.0/24"]}
CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
CERTIFIED, PLAIN = {**OPEN, "certificateArn": CERTIFICATE}, {**OPEN, "https": False}
ENDPOINTS = ("issuer", "authorizationEndpoint", "tokenEndpoint", "userInfoEndpoint")
OIDC = {**dict.fromkeys(ENDPOINTS, "https://login.example.com/"), "secretName": "oidc"}
READY: Mapping[str, object] = {"eks": EKS, "dns": DNS, "demos": HOST, "publicHosts": OPEN}
BY_HAND = {**READY, "eks": WITHOUT_DNS, "dns": {}}
PUBLIC_VIZ = {"dashboard": {"host": "viz.dev.example.com", "oidc": OIDC}}
REPOSITORY = {"repository": "https://git.example.com/workshop.git"}
WITHOUT_ROLLOUTS = {"argoRollouts": OFF}
SHARED = {"host": "workshop.example.com"}
CHECKSUM = {"sha256": "0123456789abcdef" * 4}
OWNED = {"argoCd": {"enabled": True, "application": REPOSITORY}}


def canary(**settings: object) -> dict[str, object]:
    return {"progressiveDelivery": settings}


def attended(demos: Mapping[str, object], count: int = 1) -> dict[str, object]:
    return {**READY, "demos": demos, "attendees": {"count": count}}


LONGEST = f"{'d' * 50}.example.com"
"""The longest domain that ACM takes behind `*.`, which makes 64 characters."""


def named(domain: str, **hosts: object) -> dict[str, object]:
    demos = {"booksapp": {"host": f"books.{domain}"}}
    return {**READY, "dns": {**DNS, "domain": domain}, "demos": demos, "publicHosts": {**OPEN, **hosts}}


LIVES = [("renewalDays", 365), ("renewalDays", 400), ("issuerDays", 90), ("issuerDays", 4000), ("anchorDays", 300)]
DEMO, ARGO_CD, PLUGIN = "demos.progressiveDelivery", "delivery.argoCd", "delivery.argoRollouts.plugin"
ROLLOUTS = "delivery.argoRollouts.enabled"
SWITCH_ON = f"`pulumi config set --path 'linkerd-workshop:{ROLLOUTS}' true`"
REFUSED: list[tuple[Mapping[str, object], str, str]] = [
    *(
        ({"trust": {key: days}}, "trust", f"*{key} {days}* / renewalDays has to be below issuerDays, and issuerDays *")
        for key, days in LIVES
    ),
    (
        {"workshopDays": "7", "workshopEnds": "2027-01-31"},
        "workshopDays",
        "it is 7, and workshopEnds is 2027-01-31 / * / *config rm*",
    ),
    # What is switched on without what it needs.
    ({"delivery": WITHOUT_ROLLOUTS}, f"{DEMO}.enabled", f"it is true while {ROLLOUTS} is false / * / *{SWITCH_ON}*"),
    ({"demos": canary(analysis=True), "viz": OFF}, f"{DEMO}.analysis", "* / *Prometheus* / *"),
    ({"demos": canary(owner="argo-cd")}, f"{DEMO}.owner", "*"),
    (
        {"demos": canary(owner="argo-cd"), "delivery": {"argoCd": {"enabled": True}}},
        f"{ARGO_CD}.application.repository",
        "*",
    ),
    ({"demos": canary(owner="argo-cd", host="c.example.com"), "delivery": OWNED}, f"{DEMO}.host", "*"),
    ({"demos": canary(owner="argo-cd", analysis=True), "delivery": OWNED}, f"{DEMO}.analysis", "*"),
    ({"demos": canary(owner="argo-cd", randomErrors=True), "delivery": OWNED}, f"{DEMO}.randomErrors", "*"),
    ({"viz": {"dashboard": {"host": "viz.example.com"}}}, "viz.dashboard.oidc", "*"),
    ({"viz": {**OFF, "dashboard": {"host": "viz.example.com", "oidc": OIDC}}}, "viz.dashboard", "*"),
    ({"demos": {"booksapp": SHARED, "podinfo": SHARED}}, "demos.podinfo.host", "*demos.booksapp.host* / * / *"),
    ({"delivery": {"argoRollouts": {"plugin": CHECKSUM}}}, f"{PLUGIN}.sha256", "*"),
    # A stack on EKS.
    *(({**READY, key: "other"}, key, "it is set, as is eks / *") for key in ("kubeconfig", "context")),
    ({"dns": DNS}, "dns", "*"),
    (
        {**READY, "dns": {"zone": "example.com", "domain": "dev.notexample.com"}},
        "dns.domain",
        "the domain 'dev.notexample.com' lies outside the zone 'example.com' / *",
    ),
    (named(f"d{LONGEST}"), "dns.domain", f"the domain 'd{LONGEST}' has 63 characters / *"),
    ({**READY, "dns": {"zone": "other.com"}}, "demos.booksapp.host", "*below 'other.com'* / * / *"),
    *(
        (
            {**READY, "demos": {"booksapp": {"host": host}}},
            "demos.booksapp.host",
            f"the host '{host}' does not lie below 'dev.example.com' / *",
        )
        for host in ("books.example.com", "dev.example.com", "books.xdev.example.com")
    ),
    ({"eks": EKS}, "eks.externalDns.enabled", "* / * / *dns.zone*"),
    (BY_HAND, "publicHosts.https", "*"),
    (
        {**READY, "demos": DEEP},
        "demos.booksapp.host",
        "* / the certificate is for [*].dev.example.com / *books-team.dev.example.com*",
    ),
    ({**BY_HAND, "viz": PUBLIC_VIZ, "publicHosts": PLAIN}, "publicHosts.https", "*dashboard* / * / *"),
    (
        {**READY, "publicHosts": {**OPEN, "certificateArn": CERTIFICATE.replace("eu-central-1", "us-east-1")}},
        "publicHosts.certificateArn",
        "the certificate is in us-east-1, and the cluster in eu-central-1 / *",
    ),
    ({**READY, "publicHosts": {}}, "publicHosts.inboundCidrs", "* / *demos.booksapp.host* / *"),
    # Attendees.
    ({"attendees": {"prefix": "x"}}, "attendees", "neither count nor names is set / *"),
    ({"attendees": {"count": 2, "names": ["ada"]}}, "attendees", "count and names are both set / *"),
    ({"attendees": {"count": 0}}, "attendees.count", "the value is '0' / * from 1 to 100 / *"),
    ({"attendees": {"count": 101}}, "attendees.count", "the value is '101' / *"),
    ({"attendees": {"count": True}}, "attendees.count", "the value is 'True' / *"),
    ({"attendees": {"names": []}}, "attendees.names", "* / * 1 to 100 names, * / *"),
    ({"attendees": {"names": ["ada", "Ada"]}}, "attendees.names[1]", "the value is 'Ada' / * / *"),
    ({"attendees": {"names": ["a" * 21]}}, "attendees.names[0]", "*"),
    ({"attendees": {"count": 1, "prefix": "-x"}}, "attendees.prefix", "*"),
    ({"attendees": {"names": ["ada", "ada"]}}, "attendees.names[1]", "'ada' is the name of another attendee / * / *"),
    ({"attendees": {"names": ["linkerd"]}}, "attendees.names[0]", "'linkerd' is the name of another namespace / * / *"),
    ({"attendees": {"names": ["kube-x"]}}, "attendees.names[0]", "*another namespace*"),
    ({"attendees": {"names": ["default"]}}, "attendees.names[0]", "*another namespace*"),
    (
        attended({"booksapp": {"host": f"{'b' * 56}.dev.example.com"}}),
        "attendees.hosts",
        "the label '*' has 64 characters / * 63 / *",
    ),
    (
        attended({"booksapp": {"host": "b.dev.example.com"}, "podinfo": {"host": "team-01-b.dev.example.com"}}),
        "attendees.hosts",
        "*demos.podinfo.host, too / *",
    ),
    (
        attended({"booksapp": {"host": "b.dev.example.com"}}, 100),
        "attendees.hosts",
        "there are 101 hosts, * / * at most 100 target groups / *",
    ),
]


@pytest.mark.parametrize(("raw", "key", "told"), REFUSED)
def test_what_contradicts_something_else_is_refused_at_the_key_that_fixes_it(
    raw: Mapping[str, object], key: str, told: str
) -> None:
    problem = only(raw)

    assert problem.where == f"linkerd-workshop:{key}"
    assert fnmatchcase(f"{problem.found} / {problem.rule} / {problem.fix}", told)
    assert "\n" not in str(problem)


DEMOS = [str(field.alias) for field in Demos.model_fields.values()]
IDLE = canary(enabled=False, analysis=True, owner="argo-cd")
TAKEN: dict[str, Mapping[str, object]] = {
    "lives that fit": {"trust": {"renewalDays": 1, "issuerDays": 2, "anchorDays": 2}},
    "everything off": {"demos": dict.fromkeys(DEMOS, OFF), "viz": OFF, "delivery": WITHOUT_ROLLOUTS},
    "a canary that is off, with nothing that it needs": {"demos": IDLE, "viz": OFF, "delivery": WITHOUT_ROLLOUTS},
    "a demo of Argo CD with its repository": {"demos": canary(owner="argo-cd"), "delivery": OWNED},
    "a dashboard with a login": {"viz": {"dashboard": {"host": "viz.example.com", "oidc": OIDC}}},
    "the host of an app that is off": {"demos": {"booksapp": SHARED, "podinfo": {**SHARED, **OFF}}},
    "a checksum with its file": {"delivery": {"argoRollouts": {"plugin": {**CHECKSUM, "location": "file:///p/other"}}}},
    "a zone that is the domain": {**READY, "dns": {"zone": "dev.example.com"}},
    "an outside host of an app that is off": {**READY, "demos": {"booksapp": {**OFF, "host": "elsewhere.org"}}},
    "no zone without ExternalDNS": {"eks": WITHOUT_DNS},
    "a certificate without a zone": {**BY_HAND, "publicHosts": CERTIFIED},
    "plain HTTP without a zone": {**BY_HAND, "publicHosts": PLAIN},
    "a deep host with its certificate": {**READY, "demos": DEEP, "publicHosts": CERTIFIED},
    "a deep host without HTTPS": {**READY, "demos": DEEP, "publicHosts": PLAIN},
    "a dashboard with a certificate of the zone": {**READY, "viz": PUBLIC_VIZ, "publicHosts": PLAIN},
    "everybody, on purpose": {**READY, "publicHosts": {"inboundCidrs": ["0.0.0.0/0"]}},
    "an internal load balancer": {**READY, "publicHosts": {"scheme": "internal"}},
    "no host": {**READY, "publicHosts": {}, "demos": {}},
    "a host on another cluster": {"demos": HOST},
    "the longest domain of a certificate": named(LONGEST),
    "a longer domain with a certificate": named(f"d{LONGEST}", certificateArn=CERTIFICATE),
    **{
        f"the region {region}": {**READY, "eks": {**EKS, "region": region}}
        for region in ("eusc-de-east-1", "us-gov-west-1", "cn-north-1", "ap-southeast-7")
    },
}


@pytest.mark.parametrize("what", TAKEN)
def test_what_fits_together_is_taken(what: str) -> None:
    parse(TAKEN[what])


def test_all_contradictions_are_reported_at_once() -> None:
    demo = canary(analysis=True, owner="argo-cd")
    found = problems({"demos": demo, "viz": OFF, "delivery": WITHOUT_ROLLOUTS})
    assert [problem.where.rpartition(".")[2] for problem in found] == ["analysis", "analysis", "enabled", "owner"]

    assert len(problems({**READY, "context": "x", "dns": {**DNS, "domain": "x.org"}, "publicHosts": {}})) == 3
    lacking = ["dns.zone", "eks.cluster", "eks.owner", "eks.region"]
    found = problems({"eks": {"profile": "x"}, "dns": {"domain": "example.com"}})
    assert [problem.where for problem in found] == [f"linkerd-workshop:{key}" for key in lacking]


def test_a_number_of_attendees_gives_names_that_a_later_larger_number_keeps() -> None:
    few, many = (parts.attendees(parse({"attendees": {"count": count}})) for count in (2, 100))

    assert few == ["team-01", "team-02"]
    assert many[:2] == few
    assert many[-1] == "team-100"


def test_attendees_are_named_by_a_prefix_or_one_by_one() -> None:
    assert parts.attendees(parse({"attendees": {"count": 1, "prefix": "guest"}})) == ["guest-01"]
    assert parts.attendees(parse({"attendees": {"names": ["ada", "grace"]}})) == ["ada", "grace"]
    assert parts.attendees(parse({"attendees": {}})) == []


def test_each_demo_with_a_public_host_has_one_for_each_attendee() -> None:
    assert parts.attendee_hosts(parse({**READY, "attendees": {"count": 2}})) == {
        "team-01-books.dev.example.com": "team-01",
        "team-02-books.dev.example.com": "team-02",
    }
    assert parts.attendee_hosts(parse({**READY, "attendees": {"count": 2, "hosts": False}})) == {}
    assert len(parts.attendee_hosts(parse({**READY, "attendees": {"count": 99}}))) == 99, "all of a load balancer's"
