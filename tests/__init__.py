from . import (
    test_case,
    test_charge,
    test_collect,
    test_gate,
    test_neutralize,
    test_notice,
    test_policy,
    test_security,
    test_tour,
    test_views,
    test_webhook,
)
