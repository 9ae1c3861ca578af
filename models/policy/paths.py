# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a domain looks at, segment by segment, and whether a user may see it.

Odoo itself checks what is left of a domain when it becomes SQL. By then a related or computed field
has been replaced by what it is searched by, maybe in sudo mode, and its own groups passed over.
"""

from odoo.exceptions import AccessError
from odoo.fields import Domain

_SUBDOMAINS = ("any", "not any", "any!", "not any!")
_EQUALITY = ("=", "!=", "in", "not in", "=?", "<", ">", "<=", ">=")


def check_paths(model, domain):
    """Check that a user may read every field that a domain looks at, and every model on the way.

    :param model: what the domain is for, in the user's environment, not in sudo mode
    :param domain: an `odoo.fields.Domain`, or a list
    :return: whether it looks at other records than those that it is for
    :raise AccessError: when it looks at a field or into a model that the user may not read
    :raise ValueError: when a segment is no field
    """
    looks = [_check_condition(model, condition) for condition in Domain(domain).iter_conditions()]
    return any(looks)


def _check_condition(model, condition):
    path, operator, value = condition.field_expr, condition.operator, condition.value
    looks_further = False
    names = path.split(".")
    for position, name in enumerate(names):
        field = model._fields.get(name)
        if field is None:
            raise ValueError(f"Invalid field {model._name}.{name} in {path!r}")
        if not model._has_field_access(field, "read"):
            raise AccessError(
                model.env._(
                    "“%(path)s” looks at the field “%(field)s” of %(document)s, which %(user)s may "
                    "not read.",
                    field=name,
                    **_name(model, path),
                )
            )
        if not field.relational:
            if name == "id" and operator in _SUBDOMAINS:
                return check_paths(model, value) or looks_further
            _check_rest(field, names[position + 1 :], operator, path)
            return looks_further
        is_last = position == len(names) - 1
        if is_last and not _looks_into(operator, value):
            return looks_further
        model, looks_further = model.env[field.comodel_name], True
        if not model.has_access("read"):
            raise AccessError(
                model.env._(
                    "“%(path)s” looks into %(document)s, which %(user)s may not read.",
                    **_name(model, path),
                )
            )
    if operator in _SUBDOMAINS:
        check_paths(model, value)
    return looks_further


def _check_rest(field, rest, operator, path):
    """Allow a part of a date, or a property by its name, and nothing behind it."""
    allowed = {"properties": 1, "date": 1, "datetime": 1}.get(field.type, 0)
    if len(rest) > allowed or operator in _SUBDOMAINS:
        raise ValueError(f"{path!r} goes on behind a field that refers to nothing")


def _looks_into(operator, value):
    """Return whether a condition on a relation reads the records behind it, not only their ids."""
    if operator not in _EQUALITY:
        return True  # A sub-domain, a name, or a place in a hierarchy.
    values = value if isinstance(value, (list, tuple, set, frozenset)) else [value]
    try:
        return any(not isinstance(each, (bool, int, type(None))) for each in values)
    except TypeError:
        return True


def _name(model, path):
    """Return the words of a refusal."""
    return {
        "path": path,
        "document": model.env["ir.model"]._get(model._name).name or model._name,
        "user": model.env.user.sudo().name,
    }
