"""Settings of a workshop's attendees, each of whom has demos, hosts and a login of their own."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from settings.values import Section, as_text, not_a_boolean, switch

_LABEL = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
LONGEST_NAME = 20
"""Characters: a host's first label is the attendee's name, a dash and that of the demo, 63 together."""
MOST = 100


def _label(value: str) -> str:
    if len(value) > LONGEST_NAME or not _LABEL.fullmatch(value):
        raise ValueError
    return value


_RULE = f"a letter, then letters, digits and dashes inside, in lower case, at most {LONGEST_NAME}"
Name = Annotated[str, as_text, AfterValidator(_label), Field(description=_RULE)]


class Attendees(Section):
    """The attendees, by their number or by their names. Each has the enabled demos in a namespace of their own."""

    count: Annotated[int, not_a_boolean, Field(ge=1, le=MOST)] | None = Field(
        default=None, description=f"a whole number from 1 to {MOST}", examples=[20]
    )
    """How many attendees there are, with a number each: `team-01`, `team-02`, and so on."""
    prefix: Annotated[str, as_text, AfterValidator(_label)] = Field(
        default="team", description=f"the beginning of their names: {_RULE}", examples=["team"]
    )
    """The beginning of their names where `count` is set."""
    names: list[Name] | None = Field(
        default=None,
        description=f"1 to {MOST} names, each {_RULE}",
        examples=[["ada", "grace"]],
        min_length=1,
        max_length=MOST,
    )
    """Their names, instead of `count`."""
    hosts: bool = switch("true (each demo with a host has one for each attendee) or false", default=True)
    """Whether their demos have public hosts where the stack's own have one: `team-01-books.example.com`."""

    @property
    def all_names(self) -> list[str]:
        """The names of all attendees, which are those of their namespaces."""
        if self.names is not None:
            return self.names
        # At least two digits: the 100th attendee has three, and the others keep their names.
        return [f"{self.prefix}-{number:02}" for number in range(1, (self.count or 0) + 1)]
