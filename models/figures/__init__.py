from . import digest_digest
from . import recovery_attempt
from . import recovery_case
from . import recovery_settlement
