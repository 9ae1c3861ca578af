# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from random import randint

from odoo import fields, models


class RecoveryCaseTag(models.Model):
    _name = "recovery.case.tag"
    _description = "Recovery Case Tag"
    _order = "name"

    name = fields.Char(required=True, translate=True)
    color = fields.Integer(default=lambda self: randint(1, 11))  # noqa: S311 (a label's colour)

    _name_uniq = models.Constraint("UNIQUE(name)", "A tag with this name exists already.")
