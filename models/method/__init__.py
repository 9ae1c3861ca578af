from . import payment_provider_events
from . import payment_token
from . import payment_token_ceiling
from . import payment_token_expiry
from . import payment_token_update
from . import payment_transaction
from . import res_config_settings
from . import res_partner
