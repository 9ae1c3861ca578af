from . import (
    dashboard,
    decisions,
    portal,
    recovery_events,
    recovery_page,
    recovery_page_act,
    recovery_page_payment,
)
