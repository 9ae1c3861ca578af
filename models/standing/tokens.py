# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Secrets of keys and webhooks, and the tokens that a product signs with them. Plain Python.

A token lets a browser ask for one customer. It is made by whoever holds the secret, without asking
us: ``rrt_<content>.<signature>``, where the content is Base64 (URL alphabet, no padding) of a JSON
object and the signature the hexadecimal HMAC-SHA256 of the content. Its key is the hexadecimal
SHA-256 of the secret, so that the secret itself need not be kept here.
"""

import hashlib
import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple

SECRET_START = "rrk_"
TOKEN_START = "rrt_"
# A longer one is no token of ours; nobody may make us decode megabytes.
_MOST_CHARACTERS = 2000


class Token(NamedTuple):
    """What somebody says that they may ask for.

    :ivar key: the identifier of the key that signed it
    :ivar customer: as the product knows them
    :ivar expires: seconds since 1970, UTC
    :ivar content: the part that is signed
    :ivar signature: of the content, not checked yet
    """

    key: str
    customer: str
    expires: int
    content: str
    signature: str

    def is_signed_by(self, secret_hash):
        """Return whether the holder of the secret with this hash signed it; in constant time."""
        expected = _sign(self.content, secret_hash)
        return hmac.compare_digest(self.signature.encode(), expected.encode())


def make_secret(identifier):
    """Return a new secret of the key with this identifier."""
    return f"{SECRET_START}{identifier}_{secrets.token_hex(24)}"


def make_signing_secret():
    """Return a new secret with which messages are signed."""
    return f"rrw_{secrets.token_hex(24)}"


def make_identifier():
    """Return the public name of a new key."""
    return secrets.token_hex(6)


def hash_secret(secret):
    """Return what is kept of a secret. It is drawn at random, so that no slow hash is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_secret_of(secret, secret_hash):
    """Return whether this is the secret with that hash; in constant time."""
    return hmac.compare_digest(hash_secret(secret), secret_hash)


def read_identifier(secret):
    """Return the identifier of the key that a secret claims to be of; empty when it is none."""
    parts = secret.split("_")
    return parts[1] if len(parts) == 3 and secret.startswith(SECRET_START) else ""


def make_token(secret, customer, expires):
    """Return a token, as the document shows a product how to make one.

    :param int expires: seconds since 1970, UTC
    """
    claims = {"key": read_identifier(secret), "customer": customer, "expires": expires}
    content = urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"{TOKEN_START}{content}.{_sign(content, hash_secret(secret))}"


def read_token(text):
    """Return the :class:`Token`, none when it can't be read. Its signature is not checked yet."""
    if len(text) > _MOST_CHARACTERS or not text.startswith(TOKEN_START):
        return None
    content, _separator, signature = text[len(TOKEN_START) :].partition(".")
    try:
        claims = json.loads(urlsafe_b64decode(content.encode("ascii") + b"==="))
        key, customer, expires = claims["key"], claims["customer"], claims["expires"]
    except (KeyError, RecursionError, TypeError, ValueError):
        return None
    if isinstance(customer, int) and not isinstance(customer, bool):
        customer = str(customer)  # Many a product numbers its customers.
    if not (isinstance(key, str) and isinstance(customer, str) and type(expires) is int):
        return None
    return Token(key, customer, expires, content, signature)


def _sign(content, secret_hash):
    return hmac.new(secret_hash.encode(), content.encode(), hashlib.sha256).hexdigest()
