from . import rules, policy, method, case, charge, schedule, notice, page, flow, figures, bridge  # noqa: I001 (in this order)
