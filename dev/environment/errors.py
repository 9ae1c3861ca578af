"""The one error a user sees."""


class SetupError(Exception):
    """Something about this machine prevents the work; the message is one sentence that helps."""
