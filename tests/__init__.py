from . import test_case, test_charge
