# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What went wrong, in one line."""

import traceback

from revenue_recovery.tools.errors import MOST, describe_error


class QWebError(Exception):
    """As Odoo's renderer raises it."""


def _raise_chain():
    try:
        try:
            raise AttributeError("no attribute 'nonsense'")
        except AttributeError as error:
            raise QWebError("Error while rendering the template:\n  Path: /div") from error
    except QWebError as error:
        text = f"Failed to render: <p/>\n\n{traceback.format_exc()})"
        raise ValueError(text) from error


def test_a_traceback_is_left_out_for_the_mistake_that_it_began_with():
    try:
        _raise_chain()
    except ValueError as error:
        assert describe_error(error) == "no attribute 'nonsense'"


def test_a_traceback_without_its_exceptions_tells_its_last_line():
    text = "Failed\n\nTraceback (most recent call last):\n  File x\nKeyError: 'a')"
    assert describe_error(ValueError(text)) == "KeyError: 'a'"


def test_what_an_error_says_stays_in_one_line_of_bounded_length():
    assert describe_error(ValueError("First.\n  Second.")) == "First. Second."
    assert describe_error(ValueError()) == "ValueError"
    assert len(describe_error(ValueError("x" * 1000))) == MOST
