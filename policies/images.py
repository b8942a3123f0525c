"""Images: each has a fixed version, and the pinned digest if there is one."""

import re
from collections.abc import Iterator, Mapping
from functools import cache

import versions
from policies.judged import UNKNOWN, Finding, Judged, containers

_IMAGE = re.compile(r"(?P<repository>[^@]+?)(:(?P<tag>[^:@/]+))?(@(?P<digest>sha256:[0-9a-f]{64}))?")
MOVING_TAGS = {"latest", "edge", "stable", "main", "master", "nightly", "dev"}
"""Tags that mean something else tomorrow."""


def find_unpinned(judged: Judged) -> Iterator[Finding]:
    """Yield the images that may change under the same name."""
    for container in containers(judged):
        image = str(container.content.get("image", ""))
        if image != UNKNOWN:
            yield from (Finding(container.where, what) for what in _wrong(image))


def _wrong(image: str) -> Iterator[str]:
    parts = _IMAGE.fullmatch(image)
    if not parts or not image:
        yield f"the image is {image!r}, which is no name of one"
        return
    repository, tag, digest = parts["repository"], parts["tag"], parts["digest"]
    if not digest and not tag:
        yield f"the image {image} has no tag, which is `latest`"
    elif not digest and tag in MOVING_TAGS:
        yield f"the image {image} is another one tomorrow"
    wanted = pinned_digests().get(repository)
    if wanted and digest != wanted:
        yield f"the image {image} is not the one that versions.py pins ({wanted[:19]}…)"


@cache
def pinned_digests() -> Mapping[str, str]:
    """Return the digests that versions.py pins, by repository."""
    images = [_IMAGE.fullmatch(value) for value in vars(versions).values() if isinstance(value, str)]
    return {image["repository"]: image["digest"] for image in images if image and image["digest"]}
