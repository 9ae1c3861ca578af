"""The columns of the matrix; see `matrix`."""

from odoo.tests import tagged

from .matrix import MatrixCommon
from .scenarios import Scenarios


@tagged("post_install", "-at_install")
class TestStripe(Scenarios, MatrixCommon):
    code = "stripe"


@tagged("post_install", "-at_install")
class TestAdyen(Scenarios, MatrixCommon):
    code = "adyen"
