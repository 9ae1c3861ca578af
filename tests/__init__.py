from . import (
    test_case,
    test_charge,
    test_collect,
    test_gate,
    test_notice,
    test_webhook,
)
