# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo.fields import Command
from odoo.tests import new_test_user

from ..common import RecoveryCommon

CONTACTS = "base.group_partner_manager"
MANAGER = f"{CONTACTS},account.group_account_invoice,revenue_recovery.group_recovery_manager"
USER = f"{CONTACTS},account.group_account_invoice,revenue_recovery.group_recovery_user"


class RightsCommon(RecoveryCommon):
    """People with different rights, and a provider whose keys only administrators may read."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._create_user("rights manager", MANAGER)
        cls.worker = cls._create_user("rights worker", USER)
        cls.editor = cls._create_user("rights editor", "base.group_user,base.group_partner_manager")
        cls.admin = cls._create_user(
            "rights admin", f"{MANAGER},base.group_system,base.group_no_one"
        )

    @classmethod
    def _create_user(cls, login, groups, company=None):
        company = company or cls.env.company
        return new_test_user(
            cls.env, login, groups, company_id=company.id, company_ids=[Command.set(company.ids)]
        )
