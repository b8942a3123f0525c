"""An engine that only writes down what a program registers.

A test deploys a program, which drains it, and only then asserts: an assertion inside `apply` would pass unseen, and
and that something is absent can be known only once everything has been registered.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextvars import copy_context
from threading import Lock
from typing import TYPE_CHECKING, Any

from google.protobuf.empty_pb2 import Empty
from pulumi.runtime import MockResourceArgs, Mocks, configure, run_in_stack, set_all_config
from pulumi.runtime.mocks import MockEngine, MockMonitor, MockSettings
from pulumi.runtime.proto.resource_pb2 import (
    RegisterResourceOutputsRequest,
    RegisterResourceRequest,
    RegisterResourceResponse,
)

from tests.deployment import Deployment, Registration
from tests.recorded_values import recorded, secret

if TYPE_CHECKING:
    from pulumi import ResourceTransform

STACK = "pulumi:pulumi:Stack"
CERTIFICATE_ENDS = "2036-01-01T00:00:00Z"


def deploy(
    program: Callable[[], object], *, preview: bool = False, config: Mapping[str, str] | None = None
) -> Deployment:
    """Run `program` to its end, as a preview or an up of the stack `test`."""
    recorder = Recorder(preview=preview)
    copy_context().run(_run, program, recorder, dict(config or {}))
    stack = next(each for each in recorder.registrations if each.type == STACK)
    return Deployment(sorted(recorder.registrations, key=lambda each: each.urn), stack.outputs or {})


def _run(program: Callable[[], object], recorder: "Recorder", config: dict[str, str]) -> None:
    untyped: Any = recorder
    configure(
        MockSettings(
            monitor=recorder,
            monitor_features=set(untyped.GetDeploymentInfo(Empty()).supportedFeatures),
            engine=MockEngine(None),
            project="linkerd-workshop",
            stack="test",
            dry_run=recorder.answers.preview,
            outputs=set[Any](),  # as in a new process: a program that failed leaves tasks of its closed loop
        )
    )
    set_all_config(config)

    def run() -> None:
        program()  # what it returns is of no concern

    asyncio.run(run_in_stack(run))


class Answers(Mocks):
    """The values that providers would compute: the outputs in an up, nothing in a preview."""

    def __init__(self, *, preview: bool) -> None:
        self.preview = preview
        self.transforms: dict[tuple[str, str], list[ResourceTransform]] = {}

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Return an id and the outputs of a new resource, in camelCase as on the wire."""
        inputs: dict[str, Any] = vars(args)["inputs"]
        self.transforms[args.typ, args.name] = args.transforms
        if self.preview:
            return None, inputs
        signed = {"certPem": f"certificate {args.name}", "validityEndTime": CERTIFICATE_ENDS}
        proof = {"resourceRecordName": "_proof", "resourceRecordType": "CNAME", "resourceRecordValue": "_answer"}
        computed: dict[str, dict[str, Any]] = {
            "tls:index/privateKey:PrivateKey": {
                "privateKeyPem": f"SEC1 key of {args.name}",
                "privateKeyPemPkcs8": f"PKCS#8 key of {args.name}",
            },
            "tls:index/certRequest:CertRequest": {"certRequestPem": f"request {args.name}"},
            "tls:index/selfSignedCert:SelfSignedCert": signed,
            "tls:index/locallySignedCert:LocallySignedCert": signed,
            "aws:acm/certificate:Certificate": {"arn": "arn:made", "domainValidationOptions": [proof]},
            "aws:iam/role:Role": {"arn": f"arn:aws:iam::123456789012:role/{inputs.get('name')}"},
            "aws:route53/record:Record": {"fqdn": f"{inputs.get('name')}.example.com"},
        }
        return f"{args.name}-id" if args.custom else None, {**inputs, **computed.get(args.typ, {})}

    def call(self, args: object) -> tuple[dict[str, Any], None]:
        """Refuse: the program knows everything before it begins."""
        raise AssertionError(f"the program invokes a function: {args}")


class Recorder(MockMonitor):
    """A monitor that keeps every registration."""

    def __init__(self, *, preview: bool) -> None:
        self.answers = Answers(preview=preview)
        super().__init__(self.answers)
        self.registrations: list[Registration] = []
        self._lock = Lock()

    def RegisterResource(self, request: RegisterResourceRequest) -> RegisterResourceResponse:  # noqa: N802
        """Keep a registration and answer it the way the engine would."""
        response = self._answered(request)
        for key in request.additionalSecretOutputs:
            if key in response.object.fields:
                response.object.fields[key].CopyFrom(secret(response.object.fields[key]))
        with self._lock:
            self.registrations.append(
                Registration(
                    urn=response.urn,
                    type=request.type,
                    name=request.name,
                    parent=request.parent,
                    custom=request.custom,
                    remote=request.remote,
                    inputs=recorded(request.object),
                    dependencies=frozenset(request.dependencies),
                    provider=request.provider or request.providers.get("kubernetes", ""),
                    options=_options(request),
                    transforms=self.answers.transforms.get((request.type, request.name), []),
                    order=len(self.registrations),
                )
            )
        return response

    def _answered(self, request: RegisterResourceRequest) -> RegisterResourceResponse:
        """Let the base class answer on a loop of its own, which it would make in every thread and never close."""
        untyped: Any = super()
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            return untyped.RegisterResource(request)
        finally:
            asyncio.set_event_loop(None)
            loop.close()

    def RegisterResourceOutputs(self, request: RegisterResourceOutputsRequest) -> Empty:  # noqa: N802
        """Keep a component's outputs."""
        with self._lock:
            next(each for each in self.registrations if each.urn == request.urn).outputs = recorded(request.outputs)
        return Empty()


def _options(request: RegisterResourceRequest) -> dict[str, object]:
    untyped: Any = request
    options: dict[str, object] = {
        "protect": request.protect,
        "retainOnDelete": request.retainOnDelete,
        "ignoreChanges": list(request.ignoreChanges),
        "deletedWith": request.deletedWith,
        "longestDelete": request.customTimeouts.delete,
        # The Kubernetes SDK names the older API versions of a type by itself.
        "aliases": [
            alias.urn or alias.spec.name or alias.spec.type or alias.spec.parentUrn
            for alias in untyped.aliases
            if not alias.spec.type.startswith("kubernetes:")
        ],
        "transforms": len(untyped.transforms),
    }
    return {key: value for key, value in options.items() if value}
