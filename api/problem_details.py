"""Errors as the API tells them: RFC 9457 `application/problem+json`, one catalogue of codes.

An answer names what is wrong and what to do next; it never holds a stack trace, SQL, a path or
another account's name. What happened inside is logged under the same request id.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import psycopg
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from adapters.store.views.paging import BadCursor
from api.exact_json import render

log = logging.getLogger("perpflow.api")
MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A code with its status, its title, and what the caller does next."""

    status: int
    title: str
    remedy: str


CATALOGUE: dict[str, ProblemKind] = {
    "invalid_parameter": ProblemKind(
        422, "A parameter is not valid", "Correct the parameters listed under `errors`."
    ),
    "account_unknown": ProblemKind(
        404, "No such account", "GET /api/v1/accounts lists the accounts that you may see."
    ),
    "twin_unknown": ProblemKind(
        404,
        "The account is not one of a pair",
        "Give a live account a paper twin: an account with `twin_of` (docs/configuration.md).",
    ),
    "model_call_unknown": ProblemKind(
        404, "No such model call", "GET /api/v1/model-calls lists the calls."
    ),
    "not_found": ProblemKind(404, "Nothing is here", "GET /docs lists the routes of this API."),
    "method_not_allowed": ProblemKind(
        405, "The method is not allowed here", "GET /docs lists the methods of each route."
    ),
    "token_required": ProblemKind(
        401,
        "A token is needed",
        "Send `Authorization: Bearer pf_...`, or open the link that `perpflow up` printed.",
    ),
    "token_refused": ProblemKind(
        401, "The token is not valid", "Ask the operator for a token that has not been revoked."
    ),
    "too_many_attempts": ProblemKind(
        429, "Too many refused tokens", "Wait a minute, then use a valid token."
    ),
    "origin_refused": ProblemKind(
        403,
        "The origin is not allowed",
        "Call from the dashboard itself, or name the origin in API_CORS_ORIGINS.",
    ),
    "body_too_large": ProblemKind(413, "The body is too large", "Send at most 64 KiB."),
    "length_required": ProblemKind(411, "The length is missing", "Send a Content-Length header."),
    "database_unavailable": ProblemKind(
        503,
        "The database cannot be reached",
        "Try again in a moment; `perpflow doctor` on the server names the cause.",
    ),
    "internal_error": ProblemKind(
        500,
        "Something went wrong inside",
        "Give the request id to the operator; the log holds the cause.",
    ),
}


class ProblemField(BaseModel):
    """One parameter that is wrong."""

    pointer: str = Field(examples=["query/limit"])
    message: str


class ProblemShape(BaseModel):
    """RFC 9457 problem details."""

    type: str = Field(examples=["/problems/invalid_parameter"])
    title: str
    status: int
    detail: str
    instance: str = Field(description="Path of the request.")
    code: str
    request_id: str
    errors: list[ProblemField] | None = None


PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {
        "description": "Problem details (RFC 9457)",
        "model": ProblemShape,
        "content": {MEDIA_TYPE: {}},
    }
    for status in (401, 404, 422, 503)
}


class Problem(Exception):
    """Raised by a handler; becomes the answer."""

    def __init__(self, code: str, detail: str, errors: Sequence[dict[str, str]] = ()) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.errors = errors


def problem_body(scope: Any, problem: Problem) -> bytes:
    """The JSON document for a problem of this request."""
    kind = CATALOGUE[problem.code]
    document: dict[str, Any] = {
        "type": f"/problems/{problem.code}",
        "title": kind.title,
        "status": kind.status,
        "detail": problem.detail,
        "instance": scope["path"],
        "code": problem.code,
        "request_id": scope.get("state", {}).get("request_id", ""),
    }
    if problem.errors:
        document["errors"] = list(problem.errors)
    return render(document)


def problem_response(scope: Any, problem: Problem) -> Response:
    """The whole answer for a problem; never cached."""
    headers = {"Cache-Control": "no-store"}
    kind = CATALOGUE[problem.code]
    if kind.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="perpflow"'
    return Response(problem_body(scope, problem), kind.status, headers, MEDIA_TYPE)


def unknown_account(account_id: str) -> Problem:
    """The same answer for an account that is not there and for one that is not yours."""
    return Problem("account_unknown", f"There is no account {account_id!r}.")


def install_problem_handlers(app: FastAPI) -> None:
    """Turn every error of a route into problem details."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(BadCursor, _on_bad_cursor)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_exception)
    for unreachable in (DBAPIError, PoolTimeout, psycopg.OperationalError, OSError):
        app.add_exception_handler(unreachable, _on_database_error)


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - registered for this type only
    return problem_response(request.scope, error)


async def _on_bad_cursor(request: Request, error: Exception) -> Response:
    return problem_response(request.scope, invalid_parameter("query/cursor", str(error)))


def invalid_parameter(pointer: str, message: str) -> Problem:
    """One wrong parameter."""
    return Problem(
        "invalid_parameter",
        f"{pointer.rsplit('/', 1)[-1]}: {message}",
        ({"pointer": pointer, "message": message},),
    )


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type only
    errors = [
        {"pointer": "/".join(str(part) for part in fault["loc"]), "message": str(fault["msg"])}
        for fault in error.errors()
    ]
    first = errors[0]
    detail = f"{first['pointer'].rsplit('/', 1)[-1]}: {first['message']}"
    return problem_response(request.scope, Problem("invalid_parameter", detail, errors))


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type only
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "internal_error")
    return problem_response(request.scope, Problem(code, CATALOGUE[code].remedy))


async def _on_database_error(request: Request, error: Exception) -> Response:
    log.error(
        "request %s %s: the database failed: %s",
        request.scope["state"].get("request_id"),
        request.url.path,
        type(error).__name__,
        exc_info=error,
    )
    is_fault_of_ours = isinstance(error, DBAPIError) and not (
        error.connection_invalidated or isinstance(error.orig, psycopg.OperationalError)
    )
    code = "internal_error" if is_fault_of_ours else "database_unavailable"
    return problem_response(request.scope, Problem(code, CATALOGUE[code].remedy))
