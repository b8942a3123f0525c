"""A chart's rendered object on its way through the transforms that the program has registered."""

from collections.abc import Mapping, Sequence

from pulumi import CustomResource, ResourceOptions, ResourceTransform, ResourceTransformArgs, ResourceTransformResult

from tests.engine import deploy


def mended(transforms: Sequence[ResourceTransform], type_: str, rendered: Mapping[str, object]) -> dict[str, object]:
    """Return the inputs that an object of `type_` has after `transforms`."""

    def program() -> None:
        props, opts = dict(rendered), ResourceOptions()
        for transform in transforms:
            result = transform(ResourceTransformArgs(True, type_, "rendered", props, opts))
            if isinstance(result, ResourceTransformResult):
                props, opts = dict(result.props), result.opts
        CustomResource(type_, "rendered", props, opts)

    return deploy(program).one(type_).inputs
