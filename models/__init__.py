from . import rules, policy, method, case, charge, schedule, notice  # noqa: I001 (in this order)
from . import page, flow, figures, standing, today, bridge
