from . import contract
from . import subscription
from . import subscription_app
from . import payment_return
from . import recovery_policy_subscription_app
