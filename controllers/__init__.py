from . import decisions, portal, recovery_page, recovery_page_act, recovery_page_payment
