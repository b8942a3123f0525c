"""`aws.acm.Certificate`, as far as ACM issues it."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field

from sandbox.providers.aws.certificate_details import RECORD, api_options, ordered, shown
from sandbox.providers.aws.connection import Aws, clearly, unless_gone
from sandbox.providers.aws.inputs import Domain, Fields, Tagged
from sandbox.providers.aws.kind import Given, Kind, pairs, removed_tags, tags, text, texts
from sandbox.providers.aws.reading import found, tags_of
from sandbox.providers.property_values import UNKNOWN, Object, Plain, has_unknown


class CertificateOptions(Fields):
    """Options of the certificate."""

    certificate_transparency_logging_preference: Annotated[str, Field(pattern="^(ENABLED|DISABLED)$")] = "ENABLED"
    export: Annotated[str, Field(pattern="^(ENABLED|DISABLED)$")] | None = None


class CertificateInputs(Tagged):
    """The names, and how their ownership is validated."""

    domain_name: Domain
    key_algorithm: (
        Annotated[str, Field(pattern="^(RSA_(1024|2048|3072|4096)|EC_(prime256v1|secp384r1|secp521r1))$")] | None
    ) = None
    options: CertificateOptions | None = None
    region: str | None = None
    subject_alternative_names: list[Domain] | None = None
    validation_method: Annotated[str, Field(pattern="^(DNS|EMAIL)$")] | None = None

    def problems(self) -> Iterator[str]:
        """Refuse a certificate that cannot be validated."""
        if self.validation_method is None:
            yield "`certificate_authority_arn` or `validation_method` must be set when creating an ACM certificate"


class Certificate(Kind):
    """A public certificate of ACM."""

    title, inputs, regional = "ACM Certificate", CertificateInputs, True
    replaces = frozenset({"domainName", "keyAlgorithm", "subjectAlternativeNames", "validationMethod"})
    computed = frozenset(
        {
            "arn", "domainValidationOptions", "keyAlgorithm", "notAfter", "notBefore", "options", "pendingRenewal",
            "renewalEligibility", "renewalSummaries", "status", "type", "validationEmails",
        }
    )  # fmt: skip
    kept = frozenset({"keyAlgorithm", "options"})
    sets = frozenset({"subjectAlternativeNames"})

    def completed(self, given: Given) -> Object:
        """Count the domain among its alternative names, as ACM does."""
        names, domain = given.get("subjectAlternativeNames") or [], given.get("domainName")
        if has_unknown(names) or has_unknown(domain) or not isinstance(names, list):
            return {**given, "subjectAlternativeNames": UNKNOWN}
        return {**given, "subjectAlternativeNames": ordered({*texts(given, "subjectAlternativeNames"), str(domain)})}

    def predict_outputs(self, given: Given) -> Object:
        """Return the domains that will need a record, so that a program can create one for each."""
        names, seen = given.get("subjectAlternativeNames"), super().predict_outputs(given)
        if isinstance(names, list) and text(given, "validationMethod") == "DNS":
            options: list[Plain] = [{"domainName": name, **dict.fromkeys(RECORD, UNKNOWN)} for name in names]
            seen["domainValidationOptions"] = options
        return seen

    def create(self, aws: Aws, given: Given) -> str:
        """Request the certificate; its id is its ARN."""
        optional: dict[str, Any] = {"KeyAlgorithm": text(given, "keyAlgorithm"), "Tags": pairs(given)}
        optional["Options"] = api_options(given.get("options"))
        with clearly(f"requesting ACM Certificate ({text(given, 'domainName')})"):
            made = self._acm(aws, given).request_certificate(
                DomainName=text(given, "domainName"),
                SubjectAlternativeNames=texts(given, "subjectAlternativeNames"),
                ValidationMethod=text(given, "validationMethod"),
                **{key: value for key, value in optional.items() if value},
            )
        return made["CertificateArn"]

    def read(self, aws: Aws, key: str, state: Given) -> Given | None:
        """Give the certificate as ACM has it."""
        acm, what = self._acm(aws, state), f"reading ACM Certificate ({key})"
        told = found(what, lambda: acm.describe_certificate(CertificateArn=key)["Certificate"])
        if told is None:
            return None
        with clearly(what):
            tagged = acm.list_tags_for_certificate(CertificateArn=key)["Tags"]
        return {**shown(told), "tagsAll": tags_of(tagged)}

    def update(self, aws: Aws, key: str, old: Given, new: Given) -> None:
        """Change its options and tags."""
        acm, named = self._acm(aws, new), {"CertificateArn": key}
        with clearly(f"updating ACM Certificate ({key})"):
            if old.get("options") != new.get("options") and api_options(new.get("options")):
                acm.update_certificate_options(**named, Options=api_options(new.get("options")))
            if removed := removed_tags(old, new):
                gone = [{"Key": name, "Value": tags(old)[name]} for name in removed]
                acm.remove_tags_from_certificate(**named, Tags=gone)
            if pairs(new):
                acm.add_tags_to_certificate(**named, Tags=pairs(new))

    def delete(self, aws: Aws, key: str, state: Given) -> None:
        """Remove it; it stays while a load balancer uses it."""
        with unless_gone(f"deleting ACM Certificate ({key})"):
            self._acm(aws, state).delete_certificate(CertificateArn=key)

    def _acm(self, aws: Aws, given: Given) -> Any:  # noqa: ANN401  the stubs take no mapping of arguments
        return aws.client("acm", text(given, "region"))
