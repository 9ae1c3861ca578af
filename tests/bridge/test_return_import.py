"""Returns that `account_payment_return` of the OCA confirms.

Its models are stood in for by the few fields and steps of its version 19.0 that are used: the
tests must run where it is not installed.
"""

from odoo import fields, models
from odoo.fields import Command
from odoo.orm.model_classes import add_to_registry
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..case.test_return import ReturnCommon


class PaymentReturn(models.Model):
    _module = None
    _name = _description = "payment.return"

    date = fields.Date(default=fields.Date.context_today)
    journal_id = fields.Many2one(comodel_name="account.journal")
    line_ids = fields.One2many(comodel_name="payment.return.line", inverse_name="return_id")
    move_id = fields.Many2one(comodel_name="account.move")
    state = fields.Selection(selection=[("draft", "Draft"), ("done", "Done")], default="draft")

    def action_confirm(self):
        """Take the payments off their invoices and reconcile them with an entry."""
        self.ensure_one()
        lines = self.line_ids.move_line_ids
        lines.remove_move_reconcile()
        outstanding = lines.move_id.line_ids - lines
        total = -sum(lines.mapped("balance"))
        self.move_id = self.env["account.move"].create(
            {
                "date": self.date,
                "journal_id": self.journal_id.id,
                "line_ids": [
                    Command.create(
                        {
                            "account_id": line.account_id.id,
                            "partner_id": line.partner_id.id,
                            "balance": -line.balance,
                        }
                    )
                    for line in lines
                ]
                + [Command.create({"account_id": outstanding.account_id.id, "balance": -total})],
            }
        )
        self.move_id.action_post()
        for line in lines:
            counterpart = self.move_id.line_ids.filtered(
                lambda other, line=line: (
                    other.account_id == line.account_id and other.balance == -line.balance
                )
            )
            (line + counterpart).reconcile()
        self.state = "done"
        return True

    def action_cancel(self):
        """Take the payments off the entry and delete it."""
        self.move_id.line_ids.remove_move_reconcile()
        self.move_id.button_draft()
        self.move_id.with_context(force_delete=True).unlink()
        self.state = "draft"


class PaymentReturnLine(models.Model):
    _module = None
    _name = _description = "payment.return.line"

    return_id = fields.Many2one(comodel_name="payment.return")
    reason_id = fields.Many2one(comodel_name="payment.return.reason")
    reason_additional_information = fields.Char()
    # There it is stored, which needs a table that no module owns here.
    move_line_id = fields.Many2one(comodel_name="account.move.line")
    move_line_ids = fields.Many2many(
        comodel_name="account.move.line", compute="_compute_move_line_ids"
    )

    def _compute_move_line_ids(self):
        for line in self:
            line.move_line_ids = line.move_line_id


class PaymentReturnReason(models.Model):
    _module = None
    _name = _description = "payment.return.reason"

    code = fields.Char()


MODELS = (PaymentReturnReason, PaymentReturn, PaymentReturnLine)


@tagged("post_install", "-at_install")
class TestImportedReturn(ReturnCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "payment.return" in cls.registry:
            cls.skipTest(cls, "The real addon is installed.")
        names = [model._name for model in MODELS]
        cls.addClassCleanup(cls._remove_models, names)
        for model in MODELS:
            add_to_registry(cls.registry, model)
        cls.registry._setup_models__(cls.env.cr, names)
        with mute_logger("odoo.addons.base.models.ir_model", "odoo.schema"):
            cls.registry.init_models(cls.env.cr, names, {"module": "revenue_recovery"})

        cls.env["ir.model.access"].sudo().create(
            [
                {
                    "name": model.model,
                    "model_id": model.id,
                    "group_id": cls.env.ref("revenue_recovery.group_recovery_user").id,
                    "perm_read": True,
                    "perm_write": True,
                    "perm_create": True,
                }
                for model in cls.env["ir.model"].sudo().search([("model", "in", names)])
            ]
        )

    @classmethod
    def _remove_models(cls, names):
        for name in names:
            del cls.registry[name]
        for model_class in cls.registry.values():
            model_class._inherit_children -= set(names)
        cls.registry._setup_models__(cls.env.cr, [])

    def _create_return(self, *payments, code="AM04"):
        return self.env["payment.return"].create(
            {
                "journal_id": self.company_data["default_journal_bank"].id,
                "line_ids": [
                    Command.create(
                        {
                            "reason_id": self.env["payment.return.reason"]
                            .create({"code": code})
                            .id,
                            "reason_additional_information": "from the file",
                            "move_line_id": payment.move_id.line_ids.filtered(
                                lambda line: line.account_id == self.receivable
                            ).id,
                        }
                    )
                    for payment in payments
                ],
            }
        )

    def test_confirmed_return_reaches_attempt_and_case(self):
        invoice, payment = self._pay_invoice()
        record = self._create_return(payment, code="AC04")
        self.assertIs(record.action_confirm(), True)
        self.assertEqual(payment.recovery_return_move_id, record.move_id)
        attempt, case = invoice.recovery_attempt_ids, invoice.recovery_case_id
        self.assertEqual((attempt.state, attempt.network_code), ("returned", "AC04"))
        self.assertEqual((case.state, case.decline_class), ("in_recovery", "never"))
        self.assertIn("from the file", attempt.sentence)

    def test_all_lines_of_a_file_are_recovered(self):
        paid = [self._pay_invoice(amount=amount) for amount in (70.0, 30.0)]
        self._create_return(*(payment for _invoice, payment in paid)).action_confirm()
        for invoice, payment in paid:
            self.assertEqual(invoice.recovery_case_id.state, "in_recovery")
            self.assertEqual(invoice.amount_residual, invoice.amount_total)
            self.assertTrue(payment.recovery_return_move_id)

    def test_return_cancelled_again_is_undone(self):
        invoice, payment = self._pay_invoice()
        record = self._create_return(payment)
        record.action_confirm()
        record.action_cancel()
        self.assertFalse(payment.recovery_return_move_id)
        self.assertEqual(invoice.recovery_attempt_ids.sorted("id")[:1].state, "paid")
        self.assertEqual(invoice.recovery_case_id.state, "paused")

    def test_payment_is_not_returned_by_the_dialog_as_well(self):
        _invoice, payment = self._pay_invoice()
        self._create_return(payment).action_confirm()
        with self.assertRaisesRegex(Exception, "returned already"):
            self._return(payment)

    def test_return_is_booked_though_the_recovery_fails(self):
        invoice, payment = self._pay_invoice()
        record = self._create_return(payment)
        self.patch(type(self.env["recovery.case"]), "_record_return", _fail)
        with self.assertLogs("odoo.addons.revenue_recovery", "ERROR"):
            record.action_confirm()
        self.assertEqual((record.state, invoice.payment_state), ("done", "not_paid"))

    def test_method_is_watched_once_and_can_be_let_go(self):
        neighbours, model_class = self.env["recovery.neighbours"], self.registry["payment.return"]
        neighbours._register_hook()
        watched = model_class.action_confirm
        self.assertIs(watched.recovery_origin, PaymentReturn.action_confirm)
        neighbours._unregister_hook()
        self.assertIs(model_class.action_confirm, PaymentReturn.action_confirm)
        neighbours._register_hook()
        self.assertTrue(hasattr(model_class.action_confirm, "recovery_origin"))


def _fail(*args, **kwargs):
    raise ValueError("nothing works")
