from . import payment_token
from . import payment_transaction
from . import recovery_attempt_promise
from . import recovery_case
from . import recovery_case_page_act
from . import recovery_case_promise
