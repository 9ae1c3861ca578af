from . import decisions, recovery_events
