"""The certificate of the hosts."""

from functools import cache

from components.addons.host_certificate import HostCertificate
from tests.deployment import Deployment
from tests.engine import deploy
from tests.recorded_values import UNKNOWN, at


@cache
def certificate(*, preview: bool = False) -> Deployment:
    program = lambda: HostCertificate("hosts", {"domain": "dev.example.com", "zone_id": "Z1"})  # noqa: E731
    return deploy(program, preview=preview)


def test_one_certificate_is_for_every_host_below_the_domain() -> None:
    made = certificate().one("aws:acm/certificate:Certificate")

    assert made.at("domainName") == "*.dev.example.com", "a new host replaces no certificate"
    assert made.at("validationMethod") == "DNS"


def test_the_record_that_proves_the_domain_is_in_the_hosts_zone() -> None:
    record = certificate().one("aws:route53/record:Record")

    assert record.at("zoneId") == "Z1"
    assert (record.at("name"), record.at("type"), record.at("records")) == ("_proof", "CNAME", ["_answer"])
    assert "allowOverwrite" not in record.inputs, "one that is there is another certificate's, too"


def test_what_uses_the_certificate_waits_until_it_is_valid() -> None:
    validation = certificate().one("aws:acm/certificateValidation:CertificateValidation")

    assert validation.at("certificateArn") == "arn:made"
    assert validation.at("validationRecordFqdns") == ["_proof.example.com"]
    assert at(certificate().one("linkerd-workshop:addons:HostCertificate").outputs, "arn") == "arn:made"
    assert certificate().before(validation) == ["hosts-record", "hosts-wildcard"]


def test_a_first_preview_shows_the_same_resources() -> None:
    assert certificate(preview=True).names == certificate().names
    assert certificate(preview=True).one("aws:route53/record:Record").at("name") == UNKNOWN
