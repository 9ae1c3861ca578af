from . import recovery_case, recovery_notice, recovery_policy, recovery_policy_step, res_partner
