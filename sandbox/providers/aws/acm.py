"""`aws.acm.Certificate`, as far as ACM issues it, and `aws.acm.CertificateValidation`."""

from typing import Annotated, Any, ClassVar

from pydantic import Field
from typing_extensions import override

from sandbox.providers.aws.connection import Aws
from sandbox.providers.aws.kind import Inputs, Kind, Tagged, Wait
from sandbox.providers.aws.serving import ProviderError
from sandbox.providers.aws.values import (
    UNKNOWN,
    Given,
    Object,
    Plain,
    pairs,
    removed_tags,
    tags,
    tags_of,
    text,
    texts,
    unordered,
)

RECORD = {"resourceRecordName": "Name", "resourceRecordType": "Type", "resourceRecordValue": "Value"}
USUAL_SECONDS = 75 * 60
"""The limit of the real provider's wait."""


class CertificateInputs(Tagged):
    """The domain, and how its ownership is validated."""

    domain_name: Annotated[str, Field(min_length=1, max_length=253)]
    validation_method: Annotated[str, Field(pattern="^DNS$")]


class Certificate(Kind):
    """A public certificate of ACM; its id is its ARN."""

    title, inputs = "ACM Certificate", CertificateInputs
    replaces = frozenset({"domainName", "validationMethod"})
    computed = frozenset({"arn", "domainValidationOptions", "status"})

    @override
    def predict_outputs(self, given: Given) -> Object:
        """Return the domain that will need a record, so that a program can create one for it."""
        options: list[Plain] = [{"domainName": given.get("domainName"), **dict.fromkeys(RECORD, UNKNOWN)}]
        return {**super().predict_outputs(given), "domainValidationOptions": options}

    @override
    def create(self, aws: Aws, given: Given) -> str:
        domain, method = text(given, "domainName"), text(given, "validationMethod")
        tagged = {"Tags": pairs(given)} if pairs(given) else {}
        requested = aws.client("acm").request_certificate(DomainName=domain, ValidationMethod=method, **tagged)
        return requested["CertificateArn"]

    @override
    def read(self, aws: Aws, key: str, state: Given) -> Given | None:
        reported = _describe(aws, key)
        tagged = aws.client("acm").list_tags_for_certificate(CertificateArn=key)["Tags"]
        options: list[Plain] = [
            {"domainName": each["DomainName"]}
            | {ours: each["ResourceRecord"][theirs] for ours, theirs in RECORD.items()}
            for each in reported["DomainValidationOptions"]
        ]
        shown = {"arn": key, "domainName": reported["DomainName"], "status": reported["Status"]}
        return {**shown, "domainValidationOptions": options, "tagsAll": tags_of(tagged)}

    @override
    def update(self, aws: Aws, key: str, old: Given, new: Given) -> None:
        acm = aws.client("acm")
        if removed := [{"Key": name, "Value": tags(old)[name]} for name in removed_tags(old, new)]:
            acm.remove_tags_from_certificate(CertificateArn=key, Tags=removed)
        if pairs(new):
            acm.add_tags_to_certificate(CertificateArn=key, Tags=pairs(new))

    @override
    def delete(self, aws: Aws, key: str, state: Given) -> None:
        """Delete it; it stays while a load balancer uses it."""
        aws.client("acm").delete_certificate(CertificateArn=key)


class CertificateValidationInputs(Inputs):
    """The certificate, and the records that validate it."""

    certificate_arn: str
    validation_record_fqdns: list[str] | None = None


class CertificateValidation(Kind):
    """The validation of a certificate: it only waits until the certificate is issued."""

    title, inputs = "ACM Certificate Validation", CertificateValidationInputs
    replaces = frozenset({"certificateArn", "validationRecordFqdns"})
    spellings: ClassVar = {"validationRecordFqdns": unordered}

    @override
    def create(self, aws: Aws, given: Given) -> str:
        """Report a missing record of the certificate before the wait."""
        arn = text(given, "certificateArn")
        named = {_folded(record) for record in texts(given, "validationRecordFqdns")}
        for option in _describe(aws, arn)["DomainValidationOptions"]:
            wanted = _folded(option["ResourceRecord"]["Name"])
            if named and wanted not in named:
                raise ProviderError(f"missing {option['DomainName']} DNS validation record: {wanted}")
        return arn

    @override
    def wait(self, aws: Aws, key: str, given: Given, wait: Wait) -> None:
        """Wait until the certificate is issued; the usual limit is that of the real provider."""

        def lacking() -> str | None:
            certificate = _describe(aws, key)
            if certificate["Status"] == "ISSUED":
                return None
            records = sorted({each["ResourceRecord"]["Name"] for each in certificate["DomainValidationOptions"]})
            return f"ACM Certificate ({key}) is {certificate['Status']}; it asks for {', '.join(records)}"

        wait.until(lacking, USUAL_SECONDS)

    @override
    def read(self, aws: Aws, key: str, state: Given) -> Given | None:
        """Return the certificate's ARN as long as it is issued."""
        return {"certificateArn": key} if _describe(aws, key)["Status"] == "ISSUED" else None

    @override
    def delete(self, aws: Aws, key: str, state: Given) -> None:
        """Do nothing: there is nothing but the wait."""


def _describe(aws: Aws, arn: str) -> Any:  # noqa: ANN401  boto3 makes its clients at run time
    return aws.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]


def _folded(name: str) -> str:
    return name.rstrip(".").lower()
