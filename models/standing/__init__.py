"""What the merchant's own product is told of a customer: their standing; and the keys to ask.

May use every room above; nothing above knows of it. Has no hooks, and writes nothing but its keys.
"""

from . import recovery_standing_key
from . import recovery_standing_key_show
from . import res_partner
