"""When the API server is asked once more."""

from http import HTTPStatus

from urllib3 import Retry

TIMES = 30
"""How often a question is asked again while the server has too much to do; it says when, usually a second later."""
LONGEST_SECONDS = 2
"""What is waited between two questions at most, whatever the server says."""


def patience() -> Retry:
    """Return retries for HTTP status 429 alone: a busy server says it, and for some seconds a kind that is new."""
    return Retry(
        total=None,
        connect=False,
        read=False,
        redirect=False,
        status=TIMES,
        status_forcelist=[HTTPStatus.TOO_MANY_REQUESTS],
        allowed_methods=None,
        backoff_factor=0.1,
        backoff_max=1,
        retry_after_max=LONGEST_SECONDS,
        raise_on_status=False,
    )
