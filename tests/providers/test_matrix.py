# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The columns of the matrix, one class a provider; see `matrix`."""

from odoo.tests import tagged

from .declines import DeclineScenarios
from .events import EventScenarios
from .matrix import MatrixCommon
from .outcomes import OutcomeScenarios
from .returns import ReturnScenarios


class Rows(DeclineScenarios, OutcomeScenarios, EventScenarios, ReturnScenarios):
    """All rows."""


@tagged("post_install", "-at_install")
class TestStripe(Rows, MatrixCommon):
    code = "stripe"


@tagged("post_install", "-at_install")
class TestAdyen(Rows, MatrixCommon):
    code = "adyen"


@tagged("post_install", "-at_install")
class TestAuthorize(Rows, MatrixCommon):
    code = "authorize"


@tagged("post_install", "-at_install")
class TestFlutterwave(Rows, MatrixCommon):
    code = "flutterwave"


@tagged("post_install", "-at_install")
class TestMercadoPago(Rows, MatrixCommon):
    code = "mercado_pago"


@tagged("post_install", "-at_install")
class TestRazorpay(Rows, MatrixCommon):
    code = "razorpay"


@tagged("post_install", "-at_install")
class TestWorldline(Rows, MatrixCommon):
    code = "worldline"


@tagged("post_install", "-at_install")
class TestXendit(Rows, MatrixCommon):
    code = "xendit"
