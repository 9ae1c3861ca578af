from . import digest_digest
from . import recovery_attempt_figures
from . import recovery_case_figures
from . import recovery_settlement
