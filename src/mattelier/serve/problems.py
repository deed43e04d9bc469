"""What goes wrong, as an HTTP status, a code for programs and a sentence for people; one table for the whole server."""

import json
import re
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from mattelier.errors import (
    DeviceError,
    InputError,
    MattelierError,
    MissingExtra,
    NoSubject,
    UnknownModel,
    WeightsError,
)

REMOVEBG = "/v1.0/"


class Problem(MattelierError):
    """A refusal with its HTTP status and code; its text is the sentence for the user."""

    def __init__(self, status: int, code: str, title: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(title)
        self.status = status
        self.code = code
        self.headers = headers or {}

    @property
    def title(self) -> str:
        """The sentence."""
        return str(self)


# The first class that fits decides.
STATUSES: tuple[tuple[type[BaseException], int, str], ...] = (
    (NoSubject, 422, "no_subject"),
    (UnknownModel, 404, "unknown_model"),
    (MissingExtra, 415, "unsupported"),  # a kind of picture whose decoder is not installed here
    (WeightsError, 503, "model_unavailable"),
    (DeviceError, 503, "model_unavailable"),
    (InputError, 400, "bad_input"),
    (MemoryError, 413, "too_large"),
)
# Our code -> status and code in the remove.bg protocol; what is not here keeps its own.
REMOVEBG_CODES: dict[str, tuple[int, str]] = {
    "no_subject": (400, "unknown_foreground"),
    "bad_input": (400, "invalid_parameter"),
    "unknown_model": (400, "invalid_parameter"),
    "unsupported": (400, "invalid_parameter"),
    "too_large": (400, "file_too_large"),
    "unauthorised": (403, "auth_failed"),
    "rate_limited": (429, "rate_limit_exceeded"),
}


def problem_of(error: BaseException) -> Problem:
    """The Problem that an error means; an error nobody raised on purpose is a 500 that tells nothing of its inside."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        return _of_router(error)
    for kind, status, code in STATUSES:
        if isinstance(error, kind):
            text = str(error) or "the picture does not fit into memory; a smaller one was expected; make it smaller"
            return Problem(status, code, _without_dashes(text))
    return Problem(500, "internal", "something broke on the server; its log says what; try again, or tell its operator")


def answer(problem: Problem, path: str) -> Response:
    """The response for a request to `path`: remove.bg's form of errors under /v1.0/, ours elsewhere."""
    status, code = problem.status, problem.code
    body: dict[str, Any]
    if path.startswith(REMOVEBG):
        status, code = REMOVEBG_CODES.get(code, (status, code))
        body = {"errors": [{"title": problem.title, "code": code}]}
    else:
        body = {"error": {"code": code, "message": problem.title}}
    return Response(
        json.dumps(body, ensure_ascii=True).encode(), status, problem.headers, media_type="application/json"
    )


def example(code: str, message: str) -> dict[str, Any]:
    """An error response for the OpenAPI document."""
    body = {"error": {"code": code, "message": message}}
    return {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}, "example": body}}


def _of_router(error: HTTPException) -> Problem:
    """404 and 405: what the router says."""
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "refused")
    says = HTTPStatus(error.status_code).phrase.lower()
    text = f"the answer is {error.status_code} ({says}); a path and method of this server were expected; see /docs"
    return Problem(error.status_code, code, text, dict(error.headers or {}))


def _without_dashes(text: str) -> str:
    """Sentences that name options of the command line name fields of the same name here."""
    return re.sub(r"(?<!\S)--(?=[a-z])", "", text)
