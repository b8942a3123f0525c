"""Errors of AWS and its client, as a sentence with a fix."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from json import JSONDecodeError

from botocore import exceptions as client
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from pydantic import ValidationError

from model.names import PROJECT
from model.problem import InputError, Problem, SilenceError, on_one_line
from settings.eks import Eks

ENDED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
UNKNOWN = {
    *("AuthFailure", "InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException"),
    *("IncompleteSignature", "InvalidSignatureException", "MissingAuthenticationToken", "SignatureDoesNotMatch"),
}
DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "NotAuthorized", "UnauthorizedOperation"}
ABSENT = {"NoSuchEntity", "NotFoundException", "ResourceNotFoundException"}
SLOW_DOWN = {"RequestLimitExceeded", "Throttling", "ThrottlingException", "TooManyRequestsException"}
_RULE = "the program asks AWS before it changes anything"
_ODD = (ResponseParserError, ValidationError, LookupError, TypeError, AttributeError, UnicodeError, RuntimeError)
"""Errors that its client, and the program, raise on answers that are not AWS's; a RecursionError is a RuntimeError."""


@dataclass(frozen=True)
class Question:
    """A request to AWS, with its address and login."""

    action: str
    """The action in IAM's spelling, such as `eks:DescribeCluster`."""
    where: str
    login: Eks

    @property
    def log_in(self) -> str:
        """The way to new credentials."""
        profile = f" --profile {self.login.profile}" if self.login.profile else ""
        return (
            f"Log in again (such as with `aws sso login{profile}`), until `aws sts get-caller-identity{profile}` works."
        )


@contextmanager
def explain_refusals(question: Question) -> Generator[None]:
    """Turn what AWS and its client raise meanwhile into InputError."""
    try:
        yield
    except ClientError as error:
        raise InputError([_refusal(question, code(error), _message(error))]) from None
    except (client.HTTPClientError, client.ConnectionError) as error:
        raise SilenceError([_silence(question, on_one_line(str(error)))]) from None
    except BotoCoreError as error:
        raise InputError([_failure(question, error)]) from None
    except _ODD:
        found, rule = "it does not answer as AWS does", f"it is asked for {question.action}"
        fix = "Check AWS_ENDPOINT_URL if you have set it, and whether a proxy or a login page stands in between."
        raise InputError([Problem(question.where, found, rule, fix)]) from None
    except JSONDecodeError as error:  # what AWS says is parsed by its client
        raise InputError([_unusable(question, f"prints no JSON ({error})")]) from None
    except ValueError as error:  # of an endpoint in the environment that is no URL
        found, rule = f"it cannot be asked ({on_one_line(str(error))})", "the program asks before it changes anything"
        raise InputError([Problem(question.where, found, rule, "Correct or unset AWS_ENDPOINT_URL.")]) from None


@contextmanager
def explain_helper(question: Question, helpers: Sequence[str]) -> Generator[None]:
    """Turn what running a login helper raises meanwhile into InputError; `helpers` are the commands of the profiles."""
    try:
        yield
    except (UnicodeError, AttributeError):
        if not helpers:
            raise
        raise InputError([_unusable(question, "prints no credentials")]) from None
    except OSError as error:
        name = str(error.filename or "")
        if not name:  # such as of the network
            raise
        if any(name in helper for helper in helpers):
            raise InputError([_unusable(question, f"cannot be run ({name}: {error.strerror})")]) from None
        fix = f"Fix what it names (~/.aws/config, or the environment). {question.log_in}"
        raise InputError(
            [Problem(question.where, f"it cannot be asked ({name}: {error.strerror})", _RULE, fix)]
        ) from None


def _unusable(question: Question, found: str) -> Problem:
    """Return the problem with a login helper."""
    fix = f"Correct `credential_process` of the profile in ~/.aws/config. {question.log_in}"
    return Problem(question.where, f"the login helper {found}", _RULE, fix)


def code(error: ClientError) -> str:
    """Return AWS's own name of an error."""
    return error.response.get("Error", {}).get("Code") or ""


def _message(error: ClientError) -> str:
    """Return AWS's own message; none with only an HTTP status: the text is then another server's page."""
    if code(error).isdigit():
        return ""
    return on_one_line(error.response.get("Error", {}).get("Message") or "")


def _refusal(question: Question, name: str, message: str) -> Problem:
    where, action = question.where, question.action
    reason = ": ".join(filter(None, (name, message)))
    if "Signature expired" in message or "Signature not yet current" in message or name == "RequestTimeTooSkewed":
        return Problem(where, "this machine's clock and AWS's are too far apart", _RULE, "Let NTP set the clock.")
    if name in ENDED:
        return Problem(where, f"the credentials have expired ({name})", _RULE, question.log_in)
    if name in UNKNOWN:
        fix = f"{question.log_in} AWS also says this if the account has not enabled region {question.login.region}."
        return Problem(where, f"AWS does not know the credentials ({name})", _RULE, fix)
    if name in DENIED:
        fix = f"Ask for a policy that allows {action}, or choose another profile or role."
        return Problem(where, f"you may not use {action} ({reason})", "the program has to", fix)
    if name in SLOW_DOWN:
        return Problem(where, f"AWS wants fewer requests ({reason})", f"it has to answer {action}", "Try again later.")
    fix = "Look the message up in AWS's documentation of this action, and try again."
    return Problem(where, f"it refuses {action} ({reason or 'without a reason'})", "the program has to know", fix)


def _failure(question: Question, error: BotoCoreError) -> Problem:
    reason = on_one_line(str(error))
    if isinstance(error, client.NoCredentialsError):
        found, fix = "there are no AWS credentials", _give(question)
    elif isinstance(error, client.PartialCredentialsError):
        found, fix = f"the AWS credentials are not complete ({reason})", _give(question)
    elif isinstance(error, client.SSOError | client.TokenRetrievalError | client.LoginError):
        found, fix = f"the login has ended ({reason})", question.log_in
    else:
        found = f"it cannot be asked ({reason})"
        fix = f"Fix what it names (~/.aws/config, or the environment). {question.log_in}"
    return Problem(question.where, found, _RULE, fix)


def _give(question: Question) -> str:
    if question.login.profile:
        return question.log_in
    key = f"{PROJECT}:eks.profile"
    return f"{question.log_in} Or name a profile with `pulumi config set --path '{key}' <profile>`, or set AWS_PROFILE."


def _silence(question: Question, reason: str) -> Problem:
    if "header value" in reason:  # which it repeats, credentials and all
        rule = "they have to be printable text"
        return Problem(question.where, "the AWS credentials cannot be sent", rule, _give(question))
    region = question.login.region
    fix = f"Check that {region} is the right region, and that proxy and firewall let you through."
    return Problem(question.where, f"AWS does not answer ({reason})", f"it is asked for {question.action}", fix)
