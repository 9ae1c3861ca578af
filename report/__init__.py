from . import recovery_timeline
