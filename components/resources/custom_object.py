"""Objects of the kinds that pulumi_kubernetes has no class for."""

from typing import Generic, TypedDict, TypeVar

from pulumi import CustomResource, Input, ResourceOptions

Spec = TypeVar("Spec")

DELETED_AT_ONCE = {"pulumi.com/deletionPropagationPolicy": "background"}
"""Annotation for objects of custom kinds: their deletion does not wait for the cluster's garbage collector.

The provider deletes in the foreground by default, which the garbage collector ends. It learns of a kind up to 30 s
after its definition is created, and minutes after it if the definition was deleted shortly before.
"""


class CustomObjectArgs(TypedDict, Generic[Spec]):
    """Inputs of a CustomObject."""

    name: Input[str]
    """The object's name."""
    namespace: Input[str]
    spec: Input[Spec]


class CustomObject(CustomResource, Generic[Spec]):
    """An object with a typed spec.

    pulumi_kubernetes' own CustomResource takes any spec, so a wrong key would pass the type checker.
    """

    _api_version: str
    _kind: str

    def __init__(self, name: str, args: CustomObjectArgs[Spec], opts: ResourceOptions | None = None) -> None:
        properties = {
            "apiVersion": self._api_version,
            "kind": self._kind,
            "metadata": {"name": args["name"], "namespace": args["namespace"], "annotations": DELETED_AT_ONCE},
            "spec": args["spec"],
        }
        super().__init__(f"kubernetes:{self._api_version}:{self._kind}", name, properties, opts)
