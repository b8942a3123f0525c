"""`aws.iam.OpenIdConnectProvider`."""

from typing import Annotated

from pydantic import Field

from sandbox.providers.aws.connection import Aws, clearly, unless_gone
from sandbox.providers.aws.inputs import Tagged, Texts
from sandbox.providers.aws.kind import Given, Kind, changed, pairs, removed_tags, text, texts
from sandbox.providers.aws.reading import found, tags_of
from sandbox.providers.property_values import Plain


class OpenIdConnectProviderInputs(Tagged):
    """The issuer whose tokens are trusted, and their audiences."""

    client_id_lists: Texts
    url: Annotated[str, Field(pattern=r"^https://")]
    thumbprint_lists: list[Annotated[str, Field(min_length=40, max_length=40)]] | None = None


class OpenIdConnectProvider(Kind):
    """A foreign issuer of tokens that IAM trusts."""

    title, inputs = "IAM OIDC Provider", OpenIdConnectProviderInputs
    replaces = frozenset({"url"})
    computed = frozenset({"arn", "thumbprintLists"})
    kept = frozenset({"thumbprintLists"})
    sets = frozenset({"clientIdLists"})

    def create(self, aws: Aws, given: Given) -> str:
        """Trust the issuer."""
        with clearly("creating IAM OIDC Provider"):
            made = aws.client("iam").create_open_id_connect_provider(
                Url=text(given, "url"),
                ClientIDList=texts(given, "clientIdLists"),
                ThumbprintList=texts(given, "thumbprintLists"),
                Tags=pairs(given),
            )
        return made["OpenIDConnectProviderArn"]

    def read(self, aws: Aws, key: str, state: Given) -> Given | None:
        """Give the issuer as IAM has it, which leaves the scheme out of its URL."""
        del state
        answer = found(
            f"reading IAM OIDC Provider ({key})",
            lambda: aws.client("iam").get_open_id_connect_provider(OpenIDConnectProviderArn=key),
        )
        return answer and {
            "arn": key,
            "clientIdLists": answer["ClientIDList"],
            "tagsAll": tags_of(answer.get("Tags")),
            "thumbprintLists": answer["ThumbprintList"],
            "url": answer["Url"],
        }

    def update(self, aws: Aws, key: str, old: Given, new: Given) -> None:
        """Change the tokens' audiences."""
        iam, named = aws.client("iam"), {"OpenIDConnectProviderArn": key}
        before, after = texts(old, "clientIdLists"), texts(new, "clientIdLists")
        with clearly(f"updating IAM OIDC Provider ({key})"):
            for client in sorted(set(after) - set(before)):
                iam.add_client_id_to_open_id_connect_provider(**named, ClientID=client)
            for client in sorted(set(before) - set(after)):
                iam.remove_client_id_from_open_id_connect_provider(**named, ClientID=client)
            if changed(old, new, "thumbprintLists") and texts(new, "thumbprintLists"):
                thumbprints = texts(new, "thumbprintLists")
                iam.update_open_id_connect_provider_thumbprint(**named, ThumbprintList=thumbprints)
            if removed := removed_tags(old, new):
                iam.untag_open_id_connect_provider(**named, TagKeys=removed)
            if pairs(new):
                iam.tag_open_id_connect_provider(**named, Tags=pairs(new))

    def delete(self, aws: Aws, key: str, state: Given) -> None:
        """Trust it no more."""
        del state
        with unless_gone(f"deleting IAM OIDC Provider ({key})"):
            aws.client("iam").delete_open_id_connect_provider(OpenIDConnectProviderArn=key)

    def normal(self, key: str, value: Plain) -> Plain:
        """Compare URLs without their scheme."""
        return value.removeprefix("https://") if key == "url" and isinstance(value, str) else value
