# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Form-encoded bodies with nested names, as Stripe's API takes them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from .errors import invalid_request

_NAME = re.compile(r"\[([^\]]*)\]")


def parse_form(text: str) -> dict[str, Any]:
    """Turn `a=1&b[c]=2&d[]=3&d[]=4&e[0][f]=5` into nested dictionaries and lists of strings.

    Stripe takes numbered names for lists too; they are returned as lists in numerical order.
    """
    root: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        head, _, rest = name.partition("[")
        _put(root, [head, *_NAME.findall(f"[{rest}")] if rest else [head], value)
    return {name: _listed(value) for name, value in root.items()}


def integer(value: Any, param: str) -> int:
    """Read a whole number.

    :param param: the parameter's name, for the refusal
    :raises StripeError: 400 `parameter_invalid_integer`
    """
    try:
        return int(value)
    except (TypeError, ValueError):
        raise invalid_request(
            f"Invalid integer: {value}", param=param, code="parameter_invalid_integer"
        ) from None


def truth(value: Any) -> bool:
    """Read a flag of a form; Odoo sends Python's `True`, other clients `true`."""
    return str(value).lower() in {"true", "1"}


def _put(target: dict[str, Any], names: list[str], value: str) -> None:
    for position, name in enumerate(names):
        last = position == len(names) - 1
        if position + 1 < len(names) and names[position + 1] == "":
            items = target.setdefault(name, [])
            if isinstance(items, list):
                items.append(value)
            return
        if last:
            target[name] = value
            return
        child = target.setdefault(name, {})
        if not isinstance(child, dict):
            child = target[name] = {}
        target = child


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    children = {name: _listed(child) for name, child in value.items()}
    if children and all(name.isdigit() for name in children):
        return [children[name] for name in sorted(children, key=int)]
    return children
