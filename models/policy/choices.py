# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a setting names that a job uses later in sudo mode: checked when it is saved.

A view's ``domain`` only says what it offers. Imports, the API and other code can write anything.
"""

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, ValidationError


def check_choice(record, name, domain):
    """Check that the saving user may read what a field names, and that it is of the right kind.

    :param record: with the field, in the environment of whoever saves it
    :param str name: of the field
    :param list domain: what its records have to fulfil
    :raise AccessError: when the user may not read one of them
    :raise ValidationError: when one of them is of another kind
    """
    # In sudo mode, too, somebody saves it: their rights on what is chosen count.
    chosen = record.sudo()[name].sudo(False)
    if not chosen:
        return
    label = record._fields[name]._description_string(record.env)
    if not chosen.has_access("read"):
        raise AccessError(
            record.env._(
                "You may not choose what “%(field)s” of “%(record)s” names, because you may not "
                "read it. Ask an administrator.",
                field=label,
                record=record.display_name,
            )
        )
    # In sudo mode: what tells its kind may be for administrators only.
    wrong = chosen.sudo() - chosen.sudo().filtered_domain(domain)
    if wrong:
        raise ValidationError(
            record.env._(
                "“%(choice)s” can't be “%(field)s” of “%(record)s”: it is not of the kind that is "
                "offered there.",
                choice=wrong[0].display_name,
                field=label,
                record=record.display_name,
            )
        )


def check_server_action(record, name, model_name):
    """Check that the saving user may name a server action that runs on records of a model.

    :raise AccessError: when the user may not read it, or is in none of the groups that may run it
    :raise ValidationError: when it is made for another model
    """
    check_choice(record, name, [("model_id.model", "=", model_name)])
    action_sudo, user = record[name].sudo(), record.env.user
    groups = action_sudo.group_ids
    if groups and user.id != SUPERUSER_ID and not groups & user.all_group_ids:
        raise AccessError(
            record.env._(
                "The server action “%(action)s” is for other groups than yours.",
                action=action_sudo.name,
            )
        )


def check_company(record):
    """Check that the saving user works for the company of a record.

    :raise AccessError: when they don't
    """
    user = record.env.user
    if user.id != SUPERUSER_ID and record.company_id not in user.company_ids:
        raise AccessError(
            record.env._(
                "“%(record)s” can't be for %(company)s: you don't work for that company.",
                record=record.display_name,
                company=record.company_id.sudo().name,
            )
        )


def is_made_for(action_sudo, record):
    """Return whether a server action is still made for the model of a record.

    What was saved before it was checked, or changed since, must not run on something else.
    """
    return action_sudo.model_id.model == record._name
