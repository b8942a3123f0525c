"""The kinds of values that settings have.

A validator's error omits the value: pydantic fails on text that is not Unicode. `settings.errors` adds it.
"""

import re
from datetime import UTC, date, datetime
from typing import Annotated, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from model.names import RouteApi

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LONGEST_HOSTNAME = 253
_LONGEST_NAME = 255
"""Bytes of a file's name."""
_CONTENTS = re.compile(r"[{}]|://|: |^(YXBp|eyJh|LS0t)")
"""Text that appears in the contents of a file, in YAML, JSON or base64, and in no path."""
_LOGIN = re.compile(r"(?i)^https?://[^/?#]*@|^\w+://[^/?#@]*:[^/?#]*@")


def _hostname(value: str) -> str:
    labels = value.split(".")
    if len(value) > _LONGEST_HOSTNAME or len(labels) == 1 or not all(map(_LABEL.fullmatch, labels)):
        raise ValueError
    return value


def _no_boolean(value: object) -> object:
    """Keep YAML's `yes` from turning into 1 percent."""
    if isinstance(value, bool):
        raise ValueError  # noqa: TRY004  pydantic collects ValueErrors only
    return value


_dns_name = Field(description="a DNS name of at least two labels in lower case, without scheme and port")
not_a_boolean = BeforeValidator(_no_boolean)
Hostname = Annotated[str, AfterValidator(_hostname), _dns_name]
OptionalHostname = Annotated[Hostname | None, _dns_name]
Percent = Annotated[int, not_a_boolean, Field(ge=0, le=100)]
Days = Annotated[int, not_a_boolean, Field(ge=1, le=36500)]
Count = Annotated[int, not_a_boolean, Field(ge=1, le=100)]
Generation = Annotated[int, not_a_boolean, Field(ge=1, le=1_000_000)]
Rate = Annotated[float, not_a_boolean, Field(ge=0, le=1, allow_inf_nan=False)]


def unset_if(empty: object) -> BeforeValidator:
    """Return a validator that reads the empty default of Pulumi.yaml as None: no key is optional there."""
    return BeforeValidator(lambda value: None if value == empty else value)


def _printable(value: str) -> str:
    """Refuse control characters, without a pattern: it would override the pattern of a field with this type."""
    if _CONTROL.search(value):
        raise ValueError
    return value


def _path(value: str) -> str:
    """Refuse the contents of a file where its path is wanted: a kubeconfig's hold keys and tokens."""
    if _CONTENTS.search(value) or any(len(each.encode()) > _LONGEST_NAME for each in value.split("/")):
        raise ValueError
    return value


def _without_login(value: str) -> str:
    """Refuse a URL with a password or a token in it: it ends up in objects that everybody can read."""
    if _LOGIN.match(value):
        raise ValueError
    return value


_LARGEST_EXACT = 2**53
"""Beyond it Pulumi rounds a number."""


def _as_text(value: object) -> object:
    """Turn a number or a boolean back into text: `pulumi config set --path` stores text that looks like one as one.

    Other numbers are refused: `1.10` and numbers of twenty digits have lost digits already.
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and abs(value) <= _LARGEST_EXACT:
        return str(value)
    if isinstance(value, int | float):
        raise PydanticCustomError("number_for_text", "a number stands where a text is wanted")
    return value


as_text = BeforeValidator(_as_text)
Text = Annotated[str, as_text, Field(min_length=1, max_length=4096), AfterValidator(_printable)]
FilePath = Annotated[Text, Field(max_length=1024), AfterValidator(_path)]
OptionalPath = Annotated[FilePath | None, unset_if("")]
Location = Annotated[Text, AfterValidator(_without_login)]
_Registry = Annotated[Text, Field(pattern=r"^[a-z0-9.-]+(:[0-9]{1,5})?(/[a-z0-9][a-z0-9._-]*)*$")]
OptionalRegistry = Annotated[_Registry | None, unset_if("")]
OptionalText = Annotated[Text | None, unset_if("")]
# Clients and servers strip spaces at the ends, and the Gateway API matches exactly.
HeaderValue = Annotated[str, as_text, Field(pattern=r"^[!-~]([ -~]{0,198}[!-~])?$")]
Url = Annotated[str, Field(max_length=2048, pattern=r"^https://[^\s/]+\S*$"), AfterValidator(_without_login)]


_MIDNIGHT = " 00:00:00 +0000 UTC"
"""The time that Pulumi adds to a day without quotes in a stack's file, which is a date in YAML."""


def _day(value: object) -> object:
    """Accept dates and their text, but no number of seconds, which pydantic would accept."""
    if isinstance(value, str):
        return datetime.strptime(value.removesuffix(_MIDNIGHT), "%Y-%m-%d").replace(tzinfo=UTC).date()
    if isinstance(value, datetime) or not isinstance(value, date):
        raise ValueError  # noqa: TRY004  pydantic collects ValueErrors only
    return value


OptionalDate = Annotated[Annotated[date, BeforeValidator(_day)] | None, unset_if("")]


def _unset_if_zero(value: object) -> object:
    """Read the default of Pulumi.yaml, 0 as text or as a number, as None; `false` is not 0."""
    return None if value == "0" or (value == 0 and not isinstance(value, bool | float)) else value


OptionalDays = Annotated[Annotated[int, not_a_boolean, Field(ge=1, le=366)] | None, BeforeValidator(_unset_if_zero)]
Sha256 = Annotated[str, as_text, Field(pattern=r"^[0-9a-f]{64}$")]
Route = Annotated[
    RouteApi,
    Field(description="gateway.networking.k8s.io or policy.linkerd.io", examples=["gateway.networking.k8s.io"]),
]
Enabled = Annotated[bool, Field(description="true or false", examples=[True])]


_T = TypeVar("_T")


def section(default: _T) -> _T:
    """Return the field of a mapping of settings."""
    return Field(default=default, description="a mapping of settings", examples=[{}])


def switch(description: str, *, default: bool = False) -> bool:
    """Return the field of a boolean; the description says what each value means."""
    return Field(default=default, description=description, examples=[True])


def sections_in(field: FieldInfo) -> list[type[BaseModel]]:
    """Return the section of settings that a setting is, if it is one."""
    choices = (field.annotation, *get_args(field.annotation))
    return [choice for choice in choices if isinstance(choice, type) and issubclass(choice, BaseModel)]


class Section(BaseModel):
    """A mapping of settings, written in camelCase; a key that it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=False)
