"""What the reports count: of cases, of charges, of the payments that recovered, for digests.

May use every room above. The job works figures out after invoices have been followed. Fills of
the case `_on_changed`. Has no hooks.
"""

from . import digest_digest
from . import recovery_attempt
from . import recovery_case
from . import recovery_settlement
