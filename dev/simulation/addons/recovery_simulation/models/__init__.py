from . import payment_provider, recovery_simulation
