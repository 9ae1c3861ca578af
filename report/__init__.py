from . import recovery_decline_unlisted, recovery_timeline
