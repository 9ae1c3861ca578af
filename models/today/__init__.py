"""What the people who work with it see first: what happens next, in one sentence.

May use every room above; only the bridges stand below it. Has no hooks.
"""

from . import account_move
from . import recovery_case
