# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from . import (
    test_clock,
    test_neutralize,
    test_said,
    test_security,
    test_tour,
    test_terms,
    test_views,
    test_webhook,
)
from .bridge import (
    test_recurrence,
)
from .case import (
    test_alert,
    test_alert_money,
    test_archive,
    test_board,
    test_case,
    test_credit,
    test_exclusion,
    test_many,
    test_other_customer,
    test_owed,
    test_owed_property,
    test_rows,
    test_small_rest,
    test_return,
    test_return_recovery,
    test_return_sentences,
    test_return_wizard,
    test_taken_back,
    test_taken_back_providers,
)
from .charge import (
    test_adyen_webhook,
    test_backlog,
    test_begun,
    test_breaker,
    test_charge,
    test_decline,
    test_due,
    test_hooks,
    test_fault,
    test_knowledge,
    test_block,
    test_booking,
    test_look_up,
    test_lost_race,
    test_money,
    test_pace,
    test_statements,
    test_wake_up,
)
from .figures import (
    test_audit,
    test_policy_trial,
    test_dashboard,
    test_demo_table,
    test_figures_race,
    test_report,
    test_report_follows,
    test_report_lives,
    test_report_replay,
    test_report_revenue,
    test_spreadsheet,
)
from .flow import (
    test_automate,
    test_builder,
    test_builder_rights,
    test_builder_tour,
    test_trial,
    test_versions,
    test_events,
    test_flow,
    test_flow_tour,
    test_json2,
    test_recipes,
    test_rules,
    test_rules_event,
    test_rules_flow,
    test_stock_actions,
    test_webhook_payload,
)
from .method import (
    test_card_alive,
    test_card_expiry,
    test_card_gateway,
    test_card_update,
    test_default_method,
)
from .notice import (
    test_notice,
    test_notice_delivery,
    test_notice_once,
    test_notice_send,
    test_notice_truth,
    test_template,
    test_template_language,
    test_template_letter,
)
from .page import (
    test_page_parts,
    test_contest,
    test_page,
    test_page_method,
    test_page_payment,
    test_page_people,
    test_page_words,
    test_page_backup,
    test_page_many,
    test_page_portal,
    test_page_tour,
    test_promise,
)
from .policy import (
    test_policy,
    test_step,
)
from .providers import (
    test_matrix,
)
from .rules import (
    test_network_rule,
    test_taxonomy,
    test_unlisted,
)
from .security import (
    test_access,
    test_accountant,
    test_choices,
    test_collecting,
    test_conditions,
    test_floor,
    test_limiter,
    test_links,
)
from .schedule import (
    test_parts_property,
    test_parts,
    test_backup,
    test_ceiling,
    test_collect,
    test_forecast,
    test_learning,
    test_test_clock,
    test_no_method,
    test_smart,
    test_timing_screen,
)
from .standing import (
    test_key,
    test_memory,
    test_product_webhook,
    test_standing,
    test_standing_docs,
    test_standing_http,
    test_wall,
)
from .today import (
    test_next_step,
    test_setup,
    test_today,
    test_widths,
)
