from . import account_move_contract
from . import account_move_contract_watch
from . import account_move_subscription_app
from . import recovery_case_return_import
from . import res_company
