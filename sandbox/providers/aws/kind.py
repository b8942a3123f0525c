"""The base class of the resources: what the engine asks of each, and how AWS's answers become a state."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from sandbox.providers.aws.connection import Aws
from sandbox.providers.aws.inputs import Inputs, Tagged
from sandbox.providers.aws.patience import Wait
from sandbox.providers.property_values import UNKNOWN, Object, Plain

Given = Mapping[str, Plain]


class Kind(ABC):
    """One type of resource; the same object answers for all resources of the type."""

    title: ClassVar[str]
    """Its name in sentences."""
    inputs: ClassVar[type[Inputs]]
    replaces: ClassVar[frozenset[str]] = frozenset()
    """Inputs whose change replaces the resource."""
    computed: ClassVar[frozenset[str]] = frozenset()
    """Outputs that are known only after the creation."""
    kept: ClassVar[frozenset[str]] = frozenset()
    """Inputs whose value stays when the program stops setting them: AWS chooses one."""
    documents: ClassVar[frozenset[str]] = frozenset()
    """Inputs that are policy documents, which are compared by their meaning."""
    sets: ClassVar[frozenset[str]] = frozenset()
    """Inputs whose order means nothing."""
    longest_name: ClassVar[int] = 0
    """Longest generated name; 0 if none is generated."""
    regional: ClassVar[bool] = False
    """True if it is in a region: its input `region`, else the provider's."""

    @property
    def tagged(self) -> bool:
        """True if it has tags."""
        return issubclass(self.inputs, Tagged)

    @abstractmethod
    def create(self, aws: Aws, given: Given) -> str:
        """Create the resource; return its id."""

    def wait(self, aws: Aws, key: str, given: Given, wait: Wait) -> None:
        """Wait until it is complete; nothing is recorded if that fails."""
        del aws, key, given, wait

    @abstractmethod
    def read(self, aws: Aws, key: str, state: Given) -> Given | None:
        """Return its state in AWS, by the names of outputs; None if it does not exist."""

    def update(self, aws: Aws, key: str, old: Given, new: Given) -> None:
        """Change it in place."""
        raise NotImplementedError

    @abstractmethod
    def delete(self, aws: Aws, key: str, state: Given) -> None:
        """Remove it."""

    def completed(self, given: Given) -> Object:
        """Return the inputs with AWS' additions, so that these are no difference."""
        return dict(given)

    def predict_outputs(self, given: Given) -> Object:
        """Return the outputs of a new resource that a preview knows."""
        return dict.fromkeys(self.computed - given.keys(), UNKNOWN)

    def normal(self, key: str, value: Plain) -> Plain:
        """Return an input in one spelling for all equal values."""
        del key
        return value


def text(given: Given, key: str) -> str:
    """Return an input that is text; empty if it is not set."""
    value = given.get(key)
    return value if isinstance(value, str) else ""


def texts(given: Given, key: str) -> list[str]:
    """An input that is a list of texts; empty if it is not set."""
    value = given.get(key)
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def tags(given: Given) -> dict[str, str]:
    """All tags, the provider's too."""
    value = given.get("tagsAll")
    return {key: str(each) for key, each in value.items()} if isinstance(value, dict) else {}


def pairs(given: Given) -> list[dict[str, str]]:
    """All tags as IAM, ACM and Route 53 take them."""
    return [{"Key": key, "Value": value} for key, value in tags(given).items()]


def changed(old: Given, new: Given, *keys: str) -> bool:
    """Return whether one of these inputs differs."""
    return any(old.get(key) != new.get(key) for key in keys)


def removed_tags(old: Given, new: Given) -> list[str]:
    """The keys of tags that go."""
    return sorted(tags(old).keys() - tags(new).keys())
