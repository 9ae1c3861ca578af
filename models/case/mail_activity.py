# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools import jobs
from ...tools.said import SaidField
from .alerts import QUESTIONS, show_newest
from .answers import answer_due
from .unbooked import raise_unbooked


class MailActivity(models.Model):
    _inherit = "mail.activity"

    recovery_subject = fields.Char(
        string="Subject of the Alert",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="What answers this alert of a recovery: its kind, and the id of a record.",
    )
    recovery_sentence = SaidField(
        string="Alert",
        readonly=True,
        copy=False,
        help="What an alert of a recovery asks a person to look at.",
    )

    # Two workers may find the same thing out at once; one to-do is enough.
    _recovery_subject_uniq = models.UniqueIndex(
        "(recovery_subject) WHERE active IS TRUE AND recovery_subject IS NOT NULL",
        "There is a to-do for this alert already.",
    )

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=True)
    def _unlink_except_questions(self):
        if not self.env.su:
            self._recovery_check_answered()

    def unlink(self):
        """Override of `mail` to let cases show what is left."""
        cases_sudo = self._recovery_find_cases()
        result = super().unlink()
        show_newest(cases_sudo)
        return result

    # === BUSINESS METHODS === #

    def _action_done(self, feedback=False, attachment_ids=None):
        """Override of `mail` to keep questions open, and let cases show what is left."""
        self._recovery_check_answered()
        cases_sudo = self._recovery_find_cases()
        result = super()._action_done(feedback=feedback, attachment_ids=attachment_ids)
        show_newest(cases_sudo)
        return result

    def _recovery_check_answered(self):
        """Refuse to tick off what nobody has answered.

        :raise UserError: when an alert asks what became of a charge, to mend a provider, or to
            decide on a contested invoice
        """
        for todo in self.filtered("recovery_subject"):
            kind = todo.recovery_subject.split(":")[0]
            if kind == "fault":
                raise UserError(
                    self.env._(
                        "Mend %(provider)s first, then press “Try Again” there.",
                        provider=todo.res_name,
                    )
                )
            if kind == "contested":
                raise UserError(
                    self.env._(
                        "Decide first on %(record)s: credit or correct the invoice, or press "
                        "“Invoice Stands” on its case.",
                        record=todo.res_name,
                    )
                )
            if kind in QUESTIONS:
                raise UserError(
                    self.env._(
                        "Confirm first whether %(record)s was charged.", record=todo.res_name
                    )
                )

    @api.model
    def _recovery_follow_alerts(self):
        """Tell of money that is not booked, and take back the alerts that something answered."""
        jobs.work(self.env, lambda: raise_unbooked(self.env), doing="Looking for unbooked money")
        answer_due(self.env)

    def _recovery_find_cases(self):
        """Return the cases, in sudo mode, that show one of these alerts now."""
        cases_sudo = self.env["recovery.case"].sudo()  # Cases are written by the engine only.
        for todo in self.filtered("recovery_subject"):
            if todo.res_model == cases_sudo._name:
                case_sudo = cases_sudo.browse(todo.res_id).exists()
                if case_sudo.attention == todo.recovery_sentence:
                    cases_sudo |= case_sudo
        return cases_sudo
