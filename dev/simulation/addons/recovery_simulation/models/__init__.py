from . import ir_mail_server, payment_provider, recovery_simulation
