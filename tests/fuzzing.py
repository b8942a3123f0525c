"""Inputs of the tests that try anything that may come from outside, and the promises about every one of them.

FUZZ_EXAMPLES=<number> tries more inputs than the few of a normal run, and other ones each time.
"""

import base64
import json
import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from model.problem import InputError, Problem
from tests.doubles.faulty_servers import End, Reply, reply

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
CANARY = "canary-Tr0ub4dor&3-swordfish"
"""Stands for a secret; it does not look like a key or token, so only its place shows that it is one."""
CODED = base64.b64encode(CANARY.encode()).decode()
ODD = ["", "\0", "\ud800", "\x1b[31m", "é", "e\u0301", "🙂", "\u202e", "`" * 20, "'", "{", "%s", "{0}", "[bold]"]


def few(examples: int = 30) -> settings:
    """Return the settings of a fuzz test that tries so many inputs in a normal run."""
    return settings(
        max_examples=EXAMPLES or examples,
        derandomize=not EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate, *([Phase.shrink] if EXAMPLES else [])],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
    )


def forbidden() -> Iterator[bytes]:
    """Yield the canary in every form that can be recognized."""
    for each in (CANARY, CANARY[::-1]):
        yield each.encode()
    for offset in range(3):
        coded = base64.b64encode(b"x" * offset + CANARY.encode() + b"x" * 3)
        yield coded[4:-8]


def check_clean(where: str, content: bytes) -> None:
    """Check a content against all forms of the canary."""
    for each in forbidden():
        assert each not in content, f"{where}: {content[:2000]!r}"


@contextmanager
def taken_or_explained(seconds: float = 20, secrets: Sequence[str] = ()) -> Generator[list[str]]:
    """Allow an InputError with printable lines, without a secret, in time; give its lines."""
    lines, begin = list[str](), time.monotonic()
    try:
        yield lines
    except InputError as error:
        lines += [str(each) for each in error.problems]
    assert time.monotonic() - begin < seconds
    for line in lines:
        assert line.isprintable(), repr(line)
        check_clean("message", line.encode(errors="replace"))
        assert not any(secret in line for secret in secrets), line


def catch_problem(ask: Callable[[], object], kind: type[InputError] = InputError) -> Problem:
    """Return the only problem that a question raises: a printable line without a secret of the tests."""
    with pytest.raises(kind) as caught:
        ask()
    (problem,) = caught.value.problems
    assert str(problem).isprintable()
    assert not any(secret in str(problem) for secret in (CANARY, "hunter2"))
    return problem


scalars = st.none() | st.booleans() | st.integers(-1, 70000) | st.integers() | st.floats()
words = ["metadata", "name", "items", "spec", "data", "value", "op", "urn", "kind", "steps", "newState", "inputs"]
keys = st.sampled_from(words) | st.text(max_size=5)
anything: st.SearchStrategy[object] = st.recursive(
    scalars | st.text(max_size=10) | st.dates().map(str),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(keys, each, max_size=4),
    max_leaves=10,
)
Shape = st.SearchStrategy[object] | tuple[object, ...] | str | list["Shape"] | Mapping[str, "Shape"]
"""A string is itself, a tuple one of its members, a list up to two such items; a mapping may lack any of its keys."""


def shaped(shape: Shape) -> st.SearchStrategy[object]:
    """Return values of this shape, in which any part may, seldom, be something else."""
    if isinstance(shape, st.SearchStrategy):
        return shape
    if isinstance(shape, str):
        return st.just(shape)
    if isinstance(shape, tuple):
        return st.sampled_from(shape)
    if isinstance(shape, list):
        return st.lists(st.one_of(*map(shaped, shape)), max_size=2)
    return mappings(shape)


def mappings(shape: Mapping[str, Shape]) -> st.SearchStrategy[dict[str, object]]:
    """Return mappings with some of these keys."""
    parts = {key: shaped(each) for key, each in shape.items()}
    return st.fixed_dictionaries(
        {}, optional={key: st.one_of(each, each, each, anything) for key, each in parts.items()}
    )


statuses = st.sampled_from(
    b"100 200 200 200 201 204 301 302 304 307 400 401 403 404 407 422 429 500 503 599 999 1 x -5".split()
)
header_values = st.sampled_from(
    [b"0", b"1", b"5", b"-1", b"1e9", b"9" * 20, b"soon", b"", b"\xff", b"Fri, 31 Dec 9999 23:59:59 GMT"]
)
header_names = st.sampled_from(
    [b"Retry-After", b"Content-Length", b"X-RateLimit-Remaining", b"X-RateLimit-Reset", b"Date", b"Set-Cookie", b"\xff"]
)
headers = st.lists(
    st.tuples(header_names | st.binary(max_size=4).filter(lambda each: not set(b"\r\n") & set(each)), header_values)
    | st.sampled_from(
        [
            *((b"Link", each) for each in (b'<http://127.0.0.1:9/x>; rel="next"', b"<", b';;;="', b"<x>; rel=next")),
            *((b"Location", each) for each in (b"/", b"http://127.0.0.1:9/", b"x:", b"\xff", b"http://[", b"")),
            *((b"Content-Encoding", each) for each in (b"gzip", b"br", b"x")),
            *((b"Content-Type", each) for each in (b"application/json", b"text/html; charset=punycode", b"\xff")),
            *((b"Date", each) for each in (b"yesterday", b"Sat, 99 Nov 2026 99:99:99 GMT")),
            (b"Transfer-Encoding", b"chunked"),
            (b"Connection", b"close"),
            (b" folded", b""),
            (b"X" * 70_000, b""),
        ]
    ),
    max_size=3,
)
junk = st.binary(max_size=50) | st.sampled_from([CANARY.encode(), b"[" * 100_000, b"\x1f\x8b\x08garbage", b"5\r\nhel"])
lengths = st.none() | st.sampled_from([0, 1, 5, 10**6, -1])
ends = st.sampled_from([End.KEPT] * 4 + [End.CLOSED] * 4 + [End.RESET, End.RESET, End.SILENT, End.DRIPPED])


def replies(bodies: st.SearchStrategy[bytes]) -> st.SearchStrategy[Reply]:
    """Return answers in HTTP, or in nothing at all, most of them with one of the bodies."""
    said = st.builds(reply, statuses, headers, bodies | bodies | junk, length=st.none() | lengths, end=ends)
    return said | said | said | st.builds(Reply, st.binary(max_size=60), ends)


def as_json(document: object) -> bytes:
    """Return JSON that is not escaped: kubectl takes no surrogates."""
    return json.dumps(document, ensure_ascii=False, default=str).encode(errors="replace")
