# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What went wrong, in one line for a person. Plain Python: no Odoo."""

# Of which a sentence for people has at most so many characters.
MOST = 300
_TRACEBACK = "Traceback (most recent call last)"


def describe_error(error: BaseException) -> str:
    """Return what an exception says, without the traceback that some carry in their text.

    What a template of Odoo raises holds its own source and the whole way to the mistake: that is
    for the log. The mistake itself is the exception that it began with.
    """
    text = str(error)
    while _TRACEBACK in text or type(error).__name__ == "QWebError":
        inner = error.__cause__ or error.__context__
        if inner is None:
            text = _last_line(text)
            break
        error, text = inner, str(inner)
    line = " ".join(text.split()) or type(error).__name__
    return line if len(line) <= MOST else f"{line[: MOST - 1].rstrip()}…"


def _last_line(text: str) -> str:
    """Return where a traceback ends: what was raised at last."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].rstrip(")") if lines else ""
