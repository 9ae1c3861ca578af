# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Odoo's payment form on the customer's page, and the transactions that it starts."""

from odoo import http
from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.http import request

from odoo.addons.payment import utils as payment_utils

from ..models.method.backup import BackupConsent
from ..models.page.offer import MethodOffer
from ..tools.links import get_page_path
from .backup import RecoveryBackup
from .recovery_page_base import open_for_payment

# Stands for all invoices in one currency that can be paid.
_ALL = "all-"
# More invoices than this are not named one by one in an address.
_MOST_NUMBERS = 20
# More are not named in the reference of a payment.
_MOST_NAMES = 5


class RecoveryPayment(RecoveryBackup):
    # === ROUTES === #

    @http.route(
        "/recovery/pay/<string:link>/transaction/<string:numbers>", type="jsonrpc", auth="public"
    )
    def pay(self, link, numbers, amount, access_token=None, **kwargs):
        """Start the payment of invoices of the link, as Odoo's own routes do.

        The amount is what is owed at this instant; one that the page showed before is refused.

        :param str numbers: of the invoices, joined by ``-``, or ``all-`` and the currency for all
            that can be paid in it
        :return: the processing values of the transaction
        :raise ValidationError: with what the customer should know
        """
        visit = open_for_payment(link)
        cases = self._find_cases(visit, numbers)
        self._validate_transaction_kwargs(kwargs)
        kwargs["is_validation"] = False
        self._check_token(visit, cases, kwargs)
        owed = cases._check_payable(float(amount or 0.0))
        kwargs["reference_prefix"] = self._get_reference_prefix(cases)
        transaction_sudo = self._start(
            visit,
            amount=owed,
            currency_id=cases.currency_id.id,
            values={
                "invoice_ids": [Command.set(cases.move_id.ids)],
                "recovery_page": self._describe_visit(visit, cases=cases.ids),
            },
            **kwargs,
        )
        return self._get_form_values(transaction_sudo, cases)

    @http.route("/recovery/pay/<string:link>/method/transaction", type="jsonrpc", auth="public")
    def save_method(
        self, link, amount=None, access_token=None, recovery_future=False, token_id=None, **kwargs
    ):
        """Start the validation of a payment method, which then pays the invoices of the link.

        :param bool recovery_future: whether the customer wants it for their other invoices, too
        :return: the processing values of the transaction
        :raise ValidationError: with what the customer should know
        """
        visit = open_for_payment(link)
        self._validate_transaction_kwargs(kwargs)
        if kwargs.get("flow") not in ("direct", "redirect"):
            raise ValidationError(request.env._("Please enter a payment method."))
        kwargs |= {"is_validation": True, "tokenization_requested": True}
        transaction_sudo = self._start(
            visit,
            amount=None,
            currency_id=None,
            token_id=None,
            reference_prefix=payment_utils.singularize_reference_prefix(prefix="V"),
            values={
                "recovery_page": self._describe_visit(
                    visit,
                    cases=visit.cases.ids,
                    token=visit.token.id,
                    future=bool(recovery_future),
                )
            },
            suffix=("method",) if visit.token else (),
            **kwargs,
        )
        return self._get_form_values(transaction_sudo, visit.cases)

    # === HELPERS === #

    def _find_cases(self, visit, numbers):
        """Return the cases with these numbers on the page.

        :raise ValidationError: when there are none
        """
        if numbers.startswith(_ALL):
            cases = visit.filter_cases("open").filtered(
                lambda case: case.currency_id.name == numbers.removeprefix(_ALL)
            )
        else:
            wanted = set(numbers.split("-"))
            cases = visit.cases.filtered(lambda case: str(case.id) in wanted)
            cases = cases if len(cases) == len(wanted) else cases.browse()
        if len(cases.currency_id) != 1:
            raise ValidationError(request.env._("Please reload the page."))
        return cases

    def _check_token(self, visit, cases, kwargs):
        """Refuse a saved method that the page did not offer."""
        if kwargs.get("flow") != "token":
            return
        provider_sudo = request.env["payment.provider"].sudo().browse(kwargs.get("provider_id"))
        if kwargs.get("token_id") not in self._list_tokens(visit, cases, provider_sudo).ids:
            raise ValidationError(request.env._("Please choose another payment method."))

    def _list_tokens(self, visit, cases, providers_sudo):
        """Return the saved methods that the page offers, in sudo mode.

        None in a country that isn't the customer's: somebody else may be there.
        """
        if visit.is_far:
            return request.env["payment.token"].sudo()
        owed = {case: visit.shown[case].owed for case in cases}
        return MethodOffer(cases, visit.own_methods_of, owed).list_tokens(providers_sudo)

    def _get_numbers(self, visit, cases):
        """Return how the page names the invoices to pay: each one, or all where they are many."""
        if len(cases) <= _MOST_NUMBERS:
            return "-".join(map(str, cases.ids))
        return f"{_ALL}{cases.currency_id.name}"

    def _get_reference_prefix(self, cases):
        """Return what a payment of many invoices is called: providers take no long names.

        Of few it is what Odoo calls it.
        """
        others = len(cases) - 1
        return f"{cases[0].move_id.name}-and-{others}" if others >= _MOST_NAMES else None

    def _start(self, visit, amount, currency_id, values, suffix=(), **kwargs):
        """Create the draft transaction, by the partner of the link whoever is logged in."""
        kwargs |= {"landing_route": f"{get_page_path(visit.text, *suffix)}?done=payment"}
        if kwargs.get("is_validation"):
            kwargs["landing_route"] = f"{get_page_path(visit.text, *suffix)}?done=method"
        provider_sudo = request.env["payment.provider"].sudo().browse(kwargs.get("provider_id"))
        if provider_sudo not in self._get_providers(visit, amount or 0.0, currency_id):
            raise ValidationError(request.env._("Please reload the page."))
        return self._create_transaction(
            amount=amount,
            currency_id=currency_id,
            partner_id=visit.partner.id,
            custom_create_values=values,
            **kwargs,
        )

    def _describe_visit(self, visit, cases=(), token=False, future=True):
        """Return what a transaction remembers of the page it came from.

        Customers who tick *save* beside their payment agree to be charged there later.
        """
        return {
            "cases": list(cases),
            "token": token,
            "notice": visit.notice.id or False,
            "future": future,
        }

    def _get_form_values(self, transaction_sudo, cases):
        """Return what the form needs to go on, without what a bank says of the customer."""
        values = transaction_sudo._get_processing_values()
        if values.get("state") == "error":
            decline = transaction_sudo._recovery_get_decline()
            values["state_message"] = cases._explain_decline(decline.decline_class)
        return values

    def _get_providers(self, visit, amount, currency_id=None, report=None):
        """Return the providers that take this payment, or that save a method without one."""
        kwargs = {"currency_id": currency_id}
        if not currency_id:
            kwargs = {"force_tokenization": True, "is_validation": True}
        # In sudo mode: providers are readable by administrators only.
        return (
            request.env["payment.provider"]
            .sudo()
            ._get_compatible_providers(
                visit.company.id, visit.partner.id, amount, report=report, **kwargs
            )
        )

    def _prepare_payment_values(self, visit, cases):
        """Return the context of Odoo's form that pays these cases."""
        amount = visit.add_up(cases)
        currency = cases.currency_id
        report = {}
        providers_sudo = self._get_providers(visit, amount, currency.id, report)
        numbers = self._get_numbers(visit, cases)
        return {
            **self._prepare_form(visit, providers_sudo, report, currency_id=currency.id),
            "mode": "payment",
            "amount": amount,
            "currency": currency,
            "tokens_sudo": self._list_tokens(visit, cases, providers_sudo),
            "show_tokenize_input_mapping": self._compute_show_tokenize_input_mapping(
                providers_sudo
            ),
            "transaction_route": get_page_path(visit.text, "transaction", numbers),
            "landing_route": get_page_path(visit.text),
            "reference_prefix": "",
        }

    def _prepare_method_values(self, visit):
        """Return the context of Odoo's form that saves a payment method."""
        report = {}
        providers_sudo = self._get_providers(visit, 0.0, report=report)
        return {
            **self._prepare_form(visit, providers_sudo, report, force_tokenization=True),
            "mode": "validation",
            "allow_token_selection": False,
            "allow_token_deletion": False,
            "tokens_sudo": request.env["payment.token"].sudo(),
            "transaction_route": get_page_path(visit.text, "method", "transaction"),
            "landing_route": get_page_path(visit.text),
            **self._prepare_replaced_values(visit),
            "backup_tokens_sudo": BackupConsent(self._list_backups(visit)).list_in_order(),
            "backup_path": get_page_path(visit.text, "backup"),
        }

    def _list_backups(self, visit):
        """Return the reader's own methods about which the page asks; none from far away."""
        if visit.is_far:
            return request.env["payment.token"].sudo()
        return self._list_backup_tokens(visit.own_methods_of, visit.company)

    def _prepare_replaced_values(self, visit):
        """Return the method that is replaced, and whether the customer's other invoices use it."""
        if visit.is_far:
            return {"replaced": request.env["payment.token"].sudo(), "is_default": False}
        replaced = visit.token or visit.cases[:1]._get_default_token().sudo()
        owner = visit.partner.commercial_partner_id.with_company(visit.company)
        # Only then it goes without saying that the new one is for them, too.
        is_default = bool(replaced) and owner.sudo().collect_token_id == replaced
        return {"replaced": replaced, "is_default": is_default}

    def _prepare_form(self, visit, providers_sudo, report, **kwargs):
        # In sudo mode to read the fields of providers.
        methods_sudo = (
            request.env["payment.method"]
            .sudo()
            ._get_compatible_payment_methods(
                providers_sudo.ids, visit.partner.id, report=report, **kwargs
            )
        )
        return {
            # Some providers' forms are filled in beforehand by it, with name, address and e-mail:
            # nothing that whoever holds the link needs to be told.
            "partner_id": False,
            "recovery_partner_id": visit.partner.id,
            "providers_sudo": providers_sudo,
            "payment_methods_sudo": methods_sudo,
            "availability_report": report,
            "access_token": "",
        }
