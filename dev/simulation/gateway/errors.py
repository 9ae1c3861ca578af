# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Error answers, those of Stripe among them: the HTTP status and the body that a client reads."""

from __future__ import annotations

from typing import Any

DOCUMENTATION = "https://stripe.com/docs/error-codes/"


class ApiError(Exception):
    """An answer of any provider that is an error.

    :param status: the HTTP status
    :param content: the JSON body
    """

    def __init__(self, status: int, content: Any) -> None:
        super().__init__(str(content))
        self.status = status
        self.content = content

    def body(self) -> Any:
        """Return the JSON body."""
        return self.content


class StripeError(ApiError):
    """An answer of Stripe that is an error.

    :param status: the HTTP status
    :param type: Stripe's error type
    :param message: the sentence for a developer, or for the customer on card errors
    :param details: other members of the body's `error`; those that are None are left out
    """

    def __init__(self, status: int, type: str, message: str, **details: Any) -> None:
        super().__init__(status, message)
        self.type = type
        self.message = message
        self.details = {name: value for name, value in details.items() if value is not None}

    def body(self) -> dict[str, Any]:
        """Return the JSON body."""
        error = {"message": self.message, "type": self.type, **self.details}
        if "code" in error:
            error["doc_url"] = DOCUMENTATION + error["code"].replace("_", "-")
        return {"error": error}


def invalid_request(message: str, *, status: int = 400, **details: Any) -> StripeError:
    """A request that can never work: 400 unless told otherwise."""
    return StripeError(status, "invalid_request_error", message, **details)


def missing_parameter(name: str) -> StripeError:
    """A required parameter that did not come."""
    return invalid_request(f"Missing required param: {name}.", param=name, code="parameter_missing")


def no_such_object(kind: str, id: str, param: str = "id", *, status: int = 404) -> StripeError:
    """An unknown id: 404 in the path, 400 when it came as a parameter."""
    return invalid_request(
        f"No such {kind}: '{id}'", status=status, param=param, code="resource_missing"
    )


def unknown_url(method: str, path: str) -> StripeError:
    """A path that the API does not have."""
    return invalid_request(f"Unrecognized request URL ({method}: {path}).", status=404)


def no_api_key() -> StripeError:
    """A request without credentials."""
    return invalid_request("You did not provide an API key.", status=401)


def wrong_api_key(key: str) -> StripeError:
    """A request with other credentials than this account's."""
    shown = key[:8] + "*" * max(len(key) - 12, 3) + key[-4:]
    return invalid_request(f"Invalid API Key provided: {shown}", status=401)


def key_reused(key: str) -> StripeError:
    """An idempotency key that came again with other parameters."""
    return StripeError(
        400,
        "idempotency_error",
        "Keys for idempotent requests can only be used with the same parameters they were first "
        f"used with. Try using a key other than '{key}' if you meant to execute a different "
        "request.",
    )


def key_reused_elsewhere(key: str, first: str, now: str) -> StripeError:
    """An idempotency key that came again on another path."""
    return StripeError(
        400,
        "idempotency_error",
        "Keys for idempotent requests can only be used for the same endpoint they were first used "
        f"for ('{now}' vs '{first}'). Try using a key other than '{key}' if you meant to execute "
        "a different request.",
    )


def key_in_use(key: str) -> StripeError:
    """An idempotency key whose first request has not been answered yet."""
    return StripeError(
        409,
        "idempotency_error",
        "There is currently another in-progress request using this Idempotent Key (that probably "
        f"means you submitted twice, and the other request is still going through): {key}. "
        "Please try again later.",
        code="idempotency_key_in_use",
    )


def too_many_requests() -> StripeError:
    """The rate limiter, which stands before everything else."""
    return invalid_request("Request rate limit exceeded.", status=429, code="rate_limit")


def server_error() -> StripeError:
    """Something broke on the provider's side."""
    return StripeError(
        500,
        "api_error",
        "Sorry! There was an error while talking to one of our backends. The error has been "
        "reported.",
    )
