from . import recovery_shipped_mixin
from . import recovery_decline_code
from . import recovery_decline_reason
from . import recovery_network_rule
