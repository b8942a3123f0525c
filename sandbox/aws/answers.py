"""Answers of the double in the form of AWS's REST services."""

import json

from werkzeug.wrappers import Response


class RefusalError(Exception):
    """A refusal, with AWS' own code and sentence."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status

    def response(self) -> Response:
        """Return the answer that a client turns into its exception."""
        body = {"__type": self.code, "message": str(self)}
        return Response(json.dumps(body), self.status, {"x-amzn-ErrorType": self.code}, content_type="application/json")


def not_found(what: str) -> RefusalError:
    """Return the refusal for something that does not exist."""
    return RefusalError("ResourceNotFoundException", what, 404)


def answer(body: object, status: int = 200) -> Response:
    """Return a JSON document as the answer."""
    return Response(json.dumps(body), status, content_type="application/json")
