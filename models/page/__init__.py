from . import payment_token_page
from . import payment_transaction_page
from . import recovery_case_link
from . import recovery_case_page
from . import recovery_case_page_act
from . import recovery_case_promise
