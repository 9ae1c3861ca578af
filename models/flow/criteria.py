# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""When a flow starts and for what: an automation rule's trigger and domain, in a person's words."""

from ast import literal_eval

EVENT, CASE = "recovery.event", "recovery.case"
# The conditions that have a field of their own in the builder, by model: the field of the record
# and the operator of each. What a case owes now can't be searched; what failed can.
ASKED = {
    EVENT: {
        "failure_number": ("attempt_number", "="),
        "amount_above": ("amount", ">"),
        "decline_class": ("decline_class", "="),
        "partner_ids": ("partner_id", "in"),
        "policy_ids": ("policy_id", "in"),
    },
    CASE: {
        "amount_above": ("failed_amount", ">"),
        "decline_class": ("decline_class", "="),
        "partner_ids": ("partner_id", "in"),
        "policy_ids": ("policy_id", "in"),
    },
}
# Which conditions say when a flow starts. With another branch, they hold for both.
WHEN_FIELDS = ("type", "state", "attempt_number")


def get_whens(env):
    """Return what a flow can start with: keys and labels."""
    events = env[EVENT]._fields["type"]._description_selection(env)
    states = env[CASE]._fields["state"]._description_selection(env)
    return [
        *((f"event:{key}", label) for key, label in events),
        ("case:opened", env._("A case opens")),
        *((f"state:{key}", env._("A case becomes: %(state)s", state=name)) for key, name in states),
    ]


def get_model_name(when):
    """Return the model of the records for which a flow starts.

    :param when: a key of :func:`get_whens`; nothing for a flow that is just begun
    """
    return EVENT if not when or when.startswith("event:") else CASE


def read_domain(text):
    """Return a domain as a list of conditions that all must hold, each a list in Polish notation.

    :return: ``None`` when it can't be read without being evaluated
    """
    try:
        items = literal_eval(text or "[]")
        return _get_parts(list(items))
    except (ValueError, SyntaxError, TypeError, IndexError, MemoryError):
        return None


def write_domain(parts):
    """Return the text of a domain, of conditions that all must hold."""
    return repr([item for part in parts for item in part])


def _get_parts(items):
    parts, at = [], 0
    while at < len(items):
        if items[at] == "&":  # All of the outermost ones must hold anyway.
            at += 1
            continue
        end = _find_end(items, at)
        parts.append(items[at:end])
        at = end
    return parts


def _find_end(items, at):
    """Return where the condition that begins at a place ends."""
    if items[at] == "!":
        return _find_end(items, at + 1)
    if items[at] in ("&", "|"):
        return _find_end(items, _find_end(items, at + 1))
    return at + 1


def is_on(part, names):
    """Return whether a part is a single condition on one of these fields."""
    return len(part) == 1 and part[0][0] in names


def split_asked(model_name, parts):
    """Return the values of the builder's own fields, and the parts that none of them tells."""
    asked, rest = {}, []
    for part in parts:
        name = _find_asked(model_name, part)
        if name and name not in asked:
            value = part[0][2]
            asked[name] = list(value) if isinstance(value, tuple) else value
        else:
            rest.append(part)
    return asked, rest


def _find_asked(model_name, part):
    """Return the builder's field that tells a part, or nothing."""
    for name, (field, operator) in ASKED[model_name].items():
        if len(part) != 1 or tuple(part[0][:2]) != (field, operator):
            continue
        value = part[0][2]
        is_list = isinstance(value, (list, tuple))
        is_fit = all(isinstance(each, int) for each in value) if is_list else bool(value)
        if is_list == (operator == "in") and is_fit:
            return name
    return None


def join_asked(model_name, asked):
    """Return the parts that the values of the builder's fields stand for; empty ones: none."""
    return [
        [(field, operator, _shorten(asked[name]))]
        for name, (field, operator) in ASKED[model_name].items()
        if asked.get(name)
    ]


def _shorten(value):
    """Return a whole amount without its decimals, as a person would write it."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
