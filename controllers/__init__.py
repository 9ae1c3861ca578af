from . import decisions
