from . import payment_provider
from . import payment_provider_breaker
from . import payment_transaction
from . import recovery_attempt_charge
from . import recovery_attempt_block
from . import recovery_attempt_resolve
from . import recovery_attempt_breaker
from . import recovery_attempt_removal
