# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Conditions of a flow: checked when they are saved, and looked at by the rights of its builder.

Rules that administrators make are looked at in sudo mode, as Odoo does. What a manager has built
looks no further than they may, then and whenever it is looked at.
"""

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain

from ...tools.errors import describe_error
from ...tools.isolation import run_isolated
from ..policy.paths import check_paths
from .criteria import read_domain


def get_author(env):
    """Return the user by whose rights what is saved now is looked at; none for administrators."""
    user = env.user
    is_free = user.id == SUPERUSER_ID or user.has_group("base.group_system")
    return user.browse() if is_free else user


def check_conditions(model, text):
    """Check that a domain can be looked at, and that whoever saves it may see all of it.

    :param model: of the records that it is for, in the environment of whoever saves it
    :raise ValidationError: when it can't, or they may not
    """
    model = model.sudo(False)

    def look():
        parts = read_domain(text)
        if parts is None:
            raise ValidationError(model.env._("Write values, not expressions."))
        domain = Domain([item for part in parts for item in part])
        domain.validate(model)
        check_paths(model, domain)
        if get_author(model.env):
            _search(model, domain, [-1])  # PostgreSQL, too, has to read it.

    _result, error = run_isolated(model.env, look)
    if error:
        raise ValidationError(
            model.env._(
                "The conditions of the flow can't be saved: %(error)s", error=describe_error(error)
            )
        ) from error


def find_as(author, records, domain):
    """Return those records that fulfil a domain, by the rights of a user.

    :param records: what they are, somebody else has decided; beyond them, the user's rules hold
    :raise AccessError: when the domain looks at what the user may not see, or, beyond the records,
        into a company that the user does not work for
    """
    model = records.browse().with_user(author).sudo(False)
    looks_further = check_paths(model, domain)
    companies, found = author.sudo().company_ids, set()
    for company, group in records.grouped("company_id").items():
        is_theirs = company in companies
        if looks_further and not is_theirs:
            raise AccessError(
                records.env._(
                    "%(user)s, who built the flow, does not work for %(company)s.",
                    user=author.sudo().name,
                    company=company.sudo().name,
                )
            )
        own = company if is_theirs else author.sudo().company_id
        found.update(_search(model.with_context(allowed_company_ids=own.ids), domain, group.ids))
    return records.filtered(lambda record: record.id in found)


def _search(model, domain, ids):
    return model._search(domain & Domain("id", "in", ids), bypass_access=True).get_result_ids()
