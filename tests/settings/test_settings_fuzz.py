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
from tests.recorded_values import at
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


@few(60)
@given(files)
@example({"demos": {"booksapp": {"host": "a" * 100_000}}})
@example({"demos": {None: 1}})
@example({"trust": {1: 1, "1": 2}})
@example({"demos": nested(100_000, "[", "]")})
@example({"demos": nested(100_000, '{"a":') + "1" + "}" * 100_000})
@example({"linkerd-workshop:demos": "{}", "demos": "{}"})
def test_whatever_is_in_a_stacks_file_is_taken_or_explained(raw: dict[str, object]) -> None:
    survives(raw)


@few(60)
@example({"kubeconfig": "\x1f\ud800"})
@example({"demos": json.dumps({"booksapp": {"host": "\ud800"}})})
@given(
    st.dictionaries(
        st.sampled_from(KEYS), text | values.map(lambda each: json.dumps(each, default=str, skipkeys=True)), max_size=4
    )
)
def test_whatever_text_pulumi_hands_over_is_taken_or_explained(raw: dict[str, object]) -> None:
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
ENDLESS: list[object] = [HOLDS_ITSELF, bury(lambda inner: {"booksapp": inner}), DEEP_LIST]


@pytest.mark.parametrize("demos", ENDLESS)
def test_endless_and_deeply_nested_values_are_explained(demos: object) -> None:
    survives({"demos": demos})


def test_a_number_too_long_to_be_written_is_explained() -> None:
    survives({"demos": {"booksapp": {"faultPercent": 10**5000}}, "trust": {"anchorDays": [10**5000]}})


labels = st.from_regex(r"[a-z]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
lives = st.lists(st.integers(1, 36500), min_size=3, max_size=3, unique=True).map(sorted)
demo: dict[str, st.SearchStrategy[object]] = {
    "enabled": st.booleans(),
    "faultPercent": st.integers(0, 100),
    "authorsFailureRate": st.floats(0, 1),
    "host": st.tuples(labels, labels).map(".".join) | st.none(),
}
sections: dict[str, st.SearchStrategy[object]] = {
    "kubeconfig": st.sampled_from(["~/.kube/config", "kubeconfig"]),
    "context": labels,
    "ingressClass": labels,
    "gatewayApi": st.booleans().map(lambda install: {"install": install}),
    "trust": lives.map(lambda it: dict(zip(["renewalDays", "issuerDays", "anchorDays"], it, strict=True))),
    "demos": st.fixed_dictionaries(demo).map(lambda booksapp: {"booksapp": booksapp}),
}
empty: dict[str, st.SearchStrategy[object]] = {}
good = st.fixed_dictionaries(empty, optional=sections)


@few(60)
@given(good)
def test_good_settings_come_out_as_they_went_in_by_every_way(raw: dict[str, object]) -> None:
    read_once = parse(raw)
    by_pulumi = parse({key: json.dumps(each) if isinstance(each, dict) else each for key, each in raw.items()})
    again = parse({key: each for key, each in read_once.model_dump(by_alias=True).items() if each is not None})

    assert by_pulumi == read_once
    assert again == read_once
    for key, value in raw.items():
        assert is_part_of(value, read_once.model_dump(by_alias=True)[key]), key


def is_part_of(part: object, whole: object) -> bool:
    """Tell whether `whole` says all that `part` says."""
    if not isinstance(part, dict):
        return part == whole
    return all(is_part_of(value, at(whole, key)) for key, value in MAPPING.validate_python(part).items())
