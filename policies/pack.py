"""The policies as Pulumi's engine asks for them: each about every resource, a release with all its objects."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError
from typing_extensions import TypeIs

from policies import releases
from policies.judged import UNKNOWN, of_resource
from policies.judged import Policy as Rule
from policies.rules import POLICIES, judge

NAME = "linkerd-workshop"
DOCUMENTS = "aws:iam/"
"""Types whose documents say nothing as long as a part of them is unknown."""


def serve() -> None:
    """Answer the engine until it ends."""
    PolicyPack(NAME, policies())


def policies() -> list[Policy]:
    """Return the policies as the engine takes them."""
    levels = {True: EnforcementLevel.MANDATORY, False: EnforcementLevel.ADVISORY}
    return [
        ResourceValidationPolicy(rule.name, f"{rule.description}.", partial(_validate, rule), levels[rule.mandatory])
        for rule in POLICIES
    ]


def _validate(rule: Rule, args: ResourceValidationArgs, report: ReportViolation) -> None:
    guarded = rule.about_documents and args.resource_type.startswith(DOCUMENTS)
    inputs = {key: _known(partial(args.props.__getitem__, key), guarded=guarded) for key in args.props}
    resource = of_resource(args.resource_type, args.name, inputs)
    for each in (resource, *releases.list_objects(resource)):
        for finding in judge(each, rule):
            report(str(finding), None)


def _plain(value: object, *, guarded: bool) -> object:
    """Return a value without the SDK's guards, which raise where something is unknown."""
    if _is_mapping(value):
        return {key: _known(partial(value.__getitem__, key), guarded=guarded) for key in value}
    if _is_sequence(value):
        return [_known(partial(value.__getitem__, index), guarded=guarded) for index in range(len(value))]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _known(read: Callable[[], object], *, guarded: bool) -> object:
    try:
        return _plain(read(), guarded=guarded)
    except UnknownValueError:
        if guarded:
            raise  # the SDK tells that this cannot be judged yet
        return UNKNOWN


def _is_mapping(value: object) -> TypeIs[Mapping[str, object]]:
    return isinstance(value, Mapping)


def _is_sequence(value: object) -> TypeIs[Sequence[object]]:
    return isinstance(value, Sequence) and not isinstance(value, str)
