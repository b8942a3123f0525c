"""Whatever stands in a stack's file, it is taken or explained; there is no traceback."""

import json
from collections.abc import Callable, Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from model.problem import InputError, Problem
from settings import Settings
from settings.loading import parse
from tests.fuzzing import ODD, few, scalars
from tests.settings_keys import keys

MAPPING = TypeAdapter(dict[str, object])
PATHS = [key.split(".") for key in keys(Settings)]
KEYS, INNER = (
    sorted(set(each)) for each in ((path[0] for path in PATHS), (name for path in PATHS for name in path[1:]))
)

text = st.sampled_from([*ODD, "a" * 5000, "1e999"]) | st.text(st.characters(), max_size=20)
numbers = st.sampled_from([10**4000, -(10**400), 2**63])
atoms = scalars | numbers | text | st.dates() | st.datetimes() | st.binary(max_size=5)
names = st.sampled_from([*INNER, "enabled"]) | text
odd_names = names | st.integers() | st.none() | st.tuples(st.integers())
values = st.recursive(
    atoms,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd_names, inner, max_size=4),
    max_leaves=12,
)
files = st.dictionaries(
    st.sampled_from(KEYS) | st.sampled_from(KEYS).map("linkerd-workshop:{}".format) | text, values, max_size=5
)


def survives(raw: Mapping[str, object]) -> None:
    """Parse; every message is made of single lines that a terminal can print."""
    problems: tuple[Problem, ...] = ()
    try:
        parse(raw)
    except InputError as error:
        problems = error.problems
    for problem in problems:
        assert str(problem).isprintable()


def nested(depth: int, opening: str, closing: str = "") -> str:
    return opening * depth + closing * depth


texts = st.dictionaries(
    st.sampled_from(KEYS), text | values.map(lambda each: json.dumps(each, default=str, skipkeys=True)), max_size=4
)
"""What Pulumi passes on."""


@few(120)
@given(files | texts)
@example({"kubeconfig": "\x1f\ud800"})
@example({"demos": json.dumps({"booksapp": {"host": "\ud800"}})})
@example({"demos": {"booksapp": {"host": "a" * 100_000}}})
@example({"demos": {None: 1}})
@example({"trust": {1: 1, "1": 2}})
@example({"\ud800": 1})
@example({"demos": nested(100_000, "[", "]")})
@example({"demos": nested(100_000, '{"a":') + "1" + "}" * 100_000})
@example({"linkerd-workshop:demos": "{}", "demos": "{}"})
def test_whatever_is_in_a_stacks_file_is_taken_or_explained(raw: dict[str, object]) -> None:
    survives(raw)


def bury(wrap: Callable[[object], object]) -> object:
    """Return a value that is wrapped many times."""
    value: object = 1
    for _ in range(50_000):
        value = wrap(value)
    return value


HOLDS_ITSELF: dict[str, object] = {}
HOLDS_ITSELF["booksapp"] = HOLDS_ITSELF
DEEP_LIST = {"booksapp": {"faultPercent": bury(lambda inner: [inner])}}
TOO_LONG = {"booksapp": {"faultPercent": 10**5000}}
ENDLESS: list[object] = [HOLDS_ITSELF, bury(lambda inner: {"booksapp": inner}), DEEP_LIST, TOO_LONG]


@pytest.mark.parametrize("demos", ENDLESS)
def test_endless_deeply_nested_and_too_long_values_are_explained(demos: object) -> None:
    survives({"demos": demos, "trust": {"anchorDays": [10**5000]}})
