# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Who may call and read what: reviewed by hand, compared with what the code does."""

ROLES = {
    "A": "anybody, not logged in",
    "P": "the customer, logged in to the portal",
    "C": "who edits contacts",
    "I": "who makes invoices",
    "U": "who works on recovery cases, and nothing else",
    "M": "a manager",
    "O": "a manager of another company",
    "B": "a manager of a branch",
}
# Our public methods, and those of other models that we override: called on records of a
# company of which U sees no invoice, and on a wizard that somebody else has opened.
CALLS = {
    "account.move": {
        "IM": """
            action_open_recovery_case action_recovery_attention_done
            action_recovery_confirm_charged action_recovery_confirm_not_charged
            action_recovery_pause action_recovery_pay_in_parts action_recovery_resume
            action_recovery_retry_now write
        """,
    },
    "account.move.line": {
        "IM": "write",
    },
    "account.payment": {
        "IM": "write",
    },
    "account.partial.reconcile": {
        "IM": "unlink",
        "IMOB": "create",
    },
    "base.automation": {
        "": """
            action_recovery_activate action_recovery_deactivate action_recovery_technical create
            write
        """,
        "MOB": "action_recovery_copy action_recovery_edit action_recovery_runs",
    },
    "mail.activity": {
        "IUM": "unlink",
    },
    "mail.mail": {
        "": "unlink write",
    },
    "mail.notification": {
        "": "write",
    },
    "payment.provider": {
        "": """
            action_recovery_create_events_webhook action_recovery_pause_charges
            action_recovery_resume_charges action_recovery_try_again write
        """,
    },
    "payment.token": {
        "": "create write",
        "MB": """
            action_recovery_agree_backup action_recovery_call_alive action_recovery_withdraw_backup
        """,
        "PIMB": "get_linked_records_info",
    },
    "payment.transaction": {
        "": "create",
    },
    "recovery.attempt": {
        "": "create",
        "IM": "action_confirm_charged action_confirm_not_charged",
        "IUM": "action_export_decisions action_view_transaction",
    },
    "recovery.attempt.report": {
        "IUM": "action_open_attempt",
    },
    "recovery.audit": {
        "IUM": "action_print action_reload action_view_cards",
        "M": "action_run action_switch_on create write",
    },
    "recovery.case": {
        "": "write",
        "IM": """
            action_allow_promise action_attention_done action_cancel_parts action_confirm_charged
            action_confirm_not_charged action_contest_stands action_method_updated action_resume
            action_retry_now action_skip action_stop action_withdraw_links action_withdraw_promise
            set_retry_advice
        """,
        "IUM": """
            action_change_date action_pause action_pay_in_parts action_promise
            action_view_attempts action_view_move action_write_off
        """,
    },
    "recovery.case.report": {
        "IUM": "action_open_case",
    },
    "recovery.charge.minimum": {
        "MOB": "action_restore_shipped create unlink write",
    },
    "recovery.clock.wizard": {
        "": "action_walk write",
        "MOB": "create",
    },
    "recovery.decline.code": {
        "MOB": "action_restore_shipped create unlink write",
    },
    "recovery.decline.reason": {
        "IUMOB": "action_view_codes",
        "MOB": "action_restore_shipped create unlink write",
    },
    "recovery.network.rule": {
        "MOB": "action_restore_shipped create unlink write",
    },
    "recovery.flow.builder": {
        "": """
            action_activate action_copy action_deactivate action_runs action_technical action_try
            write
        """,
        "MOB": "create",
    },
    "recovery.flow.version": {
        "M": "action_restore",
    },
    "recovery.notice": {
        "": "create",
    },
    "recovery.many.wizard": {
        "": "action_apply",
    },
    "recovery.parts.wizard": {
        "": "action_apply",
    },
    "recovery.plan.wizard": {
        "": "action_apply",
    },
    "recovery.planned.action": {
        "IUM": "action_cancel",
    },
    "recovery.policy": {
        "IUMB": "action_preview_notices action_view_cases",
        "M": "write",
        "MB": "action_try action_view_trials",
        "MOB": "create",
    },
    "recovery.policy.trial": {
        "M": "action_cancel action_reload action_try create write",
    },
    "recovery.policy.step": {
        "M": "create unlink write",
    },
    "recovery.return.wizard": {
        "": "action_confirm",
    },
    "recovery.revenue.report": {
        "IUM": "action_open_entry",
    },
    "recovery.timeline": {
        "IUM": "action_cancel",
    },
    "recovery.standing.endpoint": {
        "M": "action_make_secret action_view_messages create write",
    },
    "recovery.standing.key": {
        "M": "action_make_secret action_revoke create write",
    },
    "recovery.standing.message": {
        "M": "action_send_again",
    },
    "recovery.timing": {
        "": "create unlink write",
        "IUM": "get_screen_data",
        "M": "action_rebuild action_reset",
    },
    "recovery.write.off.wizard": {
        "": "action_confirm",
    },
    "res.partner": {
        "": "write",
        "IMOB": "action_recovery_withdraw_links",
    },
}

# All fields of our models, and ours of other models: of records of that company.
READS = {
    "account.move": {
        "IM": """
            recovery_attempt_ids recovery_attention recovery_case_id recovery_case_ids
            recovery_excluded recovery_excluded_reason recovery_excluded_until
            recovery_has_question recovery_in_flight_state recovery_is_charged
            recovery_next_attempt_at recovery_next_step recovery_next_step_kind
            recovery_offers_parts recovery_part_ids recovery_retry_block
            recovery_return_ids recovery_state recovery_timeline_ids
        """,
        "PIM": "collect_automatically collect_token_id collect_token_ids",
    },
    "account.payment": {
        "IM": "recovery_return_move_id recovery_taken_off",
    },
    "base.automation": {
        "MOB": """
            recovery_author_id recovery_company_id recovery_error recovery_exclusive
            recovery_is_deferred recovery_may_change recovery_picture recovery_recipe
            recovery_sequence recovery_stop_when_paid
        """,
    },
    "ir.actions.server": {
        "": """
            recovery_activity_type_id recovery_assignee recovery_channel_id recovery_condition
            recovery_days recovery_exclude_reason recovery_exclude_what recovery_exclude_whom
            recovery_hours recovery_is_flow recovery_note recovery_otherwise recovery_policy_id
            recovery_sms_template_id recovery_summary recovery_template_id recovery_user_id
            recovery_user_ids recovery_wait_count recovery_wait_unit recovery_working_day
            recovery_write_off
        """,
    },
    "mail.activity": {
        "IUM": "recovery_sentence recovery_subject",
    },
    "payment.provider": {
        "": """
            recovery_back_off recovery_events_names recovery_events_secret recovery_events_url
            recovery_failing_count recovery_failing_share recovery_fault recovery_fault_since
            recovery_heard_at recovery_is_paused recovery_limited_until recovery_mended_at
            recovery_pause_reason recovery_paused_until recovery_request_rate
            recovery_request_source recovery_waiting_count
        """,
    },
    "payment.token": {
        "IMB": """
            recovery_alive_at recovery_alive_by_id recovery_asked_at recovery_backup_at
            recovery_backup_by_id recovery_backup_order recovery_backup_told_at recovery_country
            recovery_expiry recovery_expiry_state recovery_fingerprint recovery_funding
            recovery_in_use recovery_is_dead recovery_issuer recovery_links_withdrawn
            recovery_network
            recovery_provider_name recovery_removed_at recovery_told_at recovery_updated_at
        """,
    },
    "payment.transaction": {
        "IM": """
            recovery_ask_at recovery_backup recovery_begun_at recovery_decline recovery_fingerprint
            recovery_open_at recovery_page recovery_reason_id recovery_retries_reference
            recovery_retries_until recovery_silent_since recovery_stays_open recovery_unclear
        """,
    },
    "recovery.attempt": {
        "IUM": """
            advice_code advised_until amount arm case_id charged_on company_amount
            company_currency_id company_id create_date create_uid currency_id deadline_at
            decided_at decision decline_class decline_code decline_message decline_reason_id
            due_date finished_at funding is_news is_question issuer_country method_label move_id
            network network_code part_id partner_id planned_at probability probability_high
            probability_low propensity resolve_at retry_number rule_id sentence source started_at
            state token_id transaction_id waiting_provider_id write_date write_uid
        """,
    },
    "recovery.attempt.report": {
        "IUM": """
            amount arm attempt_id case_id charge_count charged_on company_currency_id company_id
            country_id currency_id decline_class failed_amount failure_rate failure_rate_count
            funding held_count is_first issuer_country journal_id move_id network original_amount
            outcome paid_amount paid_count partner_id partner_tag_ids planned_at policy_id
            probability provider_id reason_id retry_number rule_id source success_rate user_id
        """,
    },
    "recovery.audit": {
        "IUM": """
            company_id create_date create_uid date_from date_to error file file_name is_in_use
            is_learned made_at packed page result source state suggested_policy_id
            switched_policy_id write_date write_uid
        """,
    },
    "recovery.case": {
        "IUM": """
            active amount_owed arm asked_company_amount attempt_count attempt_ids attention
            attention_notes began_by billed_amount block_rule_id block_sentence blocked_class
            channel closed_at company_currency_id company_id company_rate contest_reason
            contest_state contested_at corrected_amount corrected_company_amount create_date
            create_uid credited_amount currency_id deadline_at decline_class decline_reason_id
            discounted_amount discounted_company_amount dispute_deadline_at dispute_state due_date
            end_reason excluded excluded_since excluded_until exclusion_sentence exhausted_at
            failed_amount failed_company_amount failed_on figures_outdated first_attempt_id
            first_class first_failure_at first_reason_id foreign_failure_at funding grace_until
            has_question in_flight_state issuer_country ladder later_amount life link_asked_at
            links_withdrawn lost_company_amount method_expires_on method_facts method_label
            move_id network
            next_attempt_at next_attempt_id next_attempt_rule_id next_attempt_sentence
            next_probability next_probability_high next_probability_low next_source next_step
            next_step_kind not_before
            notice_ids notices_outdated offers_parts opened_by part_ids part_plan_id part_plan_ids
            part_plan_reason part_plan_state partner_id parts_agreed_at parts_agreed_by
            parts_consent paused_until planned_action_ids
            policy_id postponed_amount postponed_company_amount postponed_until product_categ_id
            promise_count promise_date promised_at provider_id recovered_amount
            recovered_company_amount recurrence refunded_amount refunded_company_amount
            reported_channel retry_advice retry_advice_at retry_advice_reason retry_advice_since
            retry_block
            return_ids settled_before settlement_ids standing_outdated state tag_ids timeline_ids
            token_id user_id waited_hours waiting_provider_id waiting_since write_date
            write_off_move_id write_uid written_off_amount
        """,
    },
    "recovery.case.report": {
        "IUM": """
            arm asked_amount began_by case_id channel company_currency_id company_id contest_reason
            corrected_amount country_id credited_amount currency_id days_to_recover decline_class
            discounted_amount failed_amount failed_count failed_on funding in_recovery_amount
            is_recurring issuer_country journal_id lost_amount move_id network original_amount
            outcome partner_id partner_tag_ids policy_id postponed_amount product_categ_id
            provider_id reason_id recovered_amount recovered_count recovery_day recovery_rate
            recovery_rate_count refunded_amount state user_id
        """,
    },
    "recovery.case.tag": {
        "IUMOB": "color create_date create_uid name write_date write_uid",
    },
    "recovery.charge.minimum": {
        "IUMOB": """
            active amount create_date create_uid currency_id currency_name date edited
            provider_code shipped source write_date write_uid
        """,
    },
    "recovery.decline.code": {
        "IUMOB": """
            active advice category code create_date create_uid date decline_class edited key kind
            reason_id scope shipped source write_date write_uid
        """,
    },
    "recovery.decline.reason": {
        "IUMOB": """
            accountant active code code_count concerns create_date create_uid customer
            decline_class edited generic name shipped write_date write_uid
        """,
    },
    "recovery.decline.unlisted": {
        "IUM": """
            advice code code_id company_id excerpt first_seen kind last_seen message reason_id
            scope transaction_count transaction_id
        """,
    },
    "recovery.event": {
        "IUM": """
            amount attempt_id attempt_number case_id company_id create_date create_uid currency_id
            decline_class decline_reason_id is_first_payment move_id occurred_at partner_id
            policy_id provider_id sentence token_id type user_id write_date write_uid
        """,
    },
    "recovery.flow.builder": {
        "": """
            active amount_above automation_id company_id create_date create_uid decline_class
            error exclusive failure_number has_days has_notice has_policy model_name
            more_conditions name opened_with otherwise_ids partner_ids picture policy_ids recipe
            run_count sequence step_ids stop_when_paid version_ids when write_date write_uid
        """,
    },
    "recovery.flow.builder.step": {
        "": """
            action_ref builder_id create_date create_uid kind model_name name
            recovery_activity_type_id recovery_assignee recovery_channel_id recovery_condition
            recovery_days recovery_exclude_reason recovery_exclude_what recovery_exclude_whom
            recovery_hours recovery_note recovery_otherwise recovery_policy_id
            recovery_sms_template_id recovery_summary recovery_template_id recovery_user_id
            recovery_user_ids recovery_wait_count recovery_wait_unit recovery_working_day
            recovery_write_off sequence write_date write_uid
        """,
    },
    "recovery.flow.run": {
        "M": """
            automation_id case_id company_id event_id flow outcome planned_action_ids set_off_at
            state
        """,
    },
    "recovery.flow.trial": {
        "": "automation_id case_id create_date create_uid result write_date write_uid",
    },
    "recovery.flow.version": {
        "M": """
            automation_id company_id create_date create_uid definition is_current picture saved_at
            user_id write_date write_uid
        """,
    },
    "recovery.clock.wizard": {
        "": """
            answer_1 answer_2 answer_3 answer_4 answer_5 case_id create_date create_uid days page
            write_date write_uid
        """,
    },
    "recovery.forecast.wizard": {
        "": """
            block calendar company_id create_date create_uid introduction move_id policy_id
            summary write_date write_uid
        """,
    },
    "recovery.invoice.queue": {
        "": "move_id not_before note transaction_id",
    },
    "recovery.network.rule": {
        "IUMOB": """
            active advice_codes categories code codes consecutive countries create_date create_uid
            edited kind limit link loosening_reason name problem reasons same_amount scopes
            shipped source valid_from valid_to window_hours write_date write_uid
        """,
    },
    "recovery.notice": {
        "IUM": """
            action_type attachment_id case_id company_id create_date create_uid delivery
            failure_reason held_until lang life mail_message_id message_key move_id name
            next_partner_id occurrence opened_at part_id partner_id planned_at recipient_id
            recipients result sent_at sentence state status step_id subject template_name token_id
            tried_partner_ids write_date write_uid
        """,
    },
    "recovery.many.wizard": {
        "": """
            able_count able_ids act case_ids create_date create_uid reasons unable_count write_date
            write_uid
        """,
    },
    "recovery.part": {
        "IUM": """
            amount amount_open attempt_ids company_id create_date create_uid currency_id day
            plan_id state write_date write_uid
        """,
    },
    "recovery.part.plan": {
        "IUM": """
            agreed_at agreed_by amount amount_open author_id case_id company_id consent create_date
            create_uid currency_id end_reason ended_at goes_on life move_id part_ids partner_id
            state waited_hours write_date write_uid
        """,
    },
    "recovery.parts.wizard": {
        "": """
            agreement amount_owed bounds case_id create_date create_uid currency_id first_day
            line_ids part_count step write_date write_uid
        """,
    },
    "recovery.parts.wizard.line": {
        "": "amount create_date create_uid currency_id day wizard_id write_date write_uid",
    },
    "recovery.plan.wizard": {
        "": """
            case_ids create_date create_uid mode paused_until planned_at promise_date write_date
            write_uid
        """,
    },
    "recovery.planned.action": {
        "IUM": """
            action_id automation_id case_id chain company_id create_date create_uid depth done_at
            event_id flow name not_before origin_state planned_at res_id res_model sentence
            sequence set_off_at state stops_when_paid untold write_date write_uid
        """,
    },
    "recovery.policy": {
        "IUMB": """
            active attempt_cost case_count charge_hour_from charge_hour_to company_currency_id
            company_id contest_action control_share create_date create_uid credit_use dispute_action
            domain domain_error domain_user_id end_action end_server_action_id grace_days
            has_subscription_app include_subscription_app name notice_calm_hours notice_likely
            own_failures parts_a_year parts_days parts_failure parts_from parts_least parts_most
            parts_remind_days promise_days pull_only reach remind_since remind_unpaid retry_ids
            retry_schedule sequence spread_evenly step_ids survey_url tries use_backup_methods
            window_choice
            window_days write_date write_off_account_id write_uid
        """,
        "MB": "trial_count",
    },
    "recovery.policy.trial": {
        "M": """
            beside_id company_id create_date create_uid customer_count date_from date_to difference
            error made_at messages note page policy_id progress result share source state tries
            verdict write_date write_uid
        """,
    },
    "recovery.policy.retry": {
        "IUMB": """
            create_date create_uid delay_count delay_unit policy_id sequence write_date write_uid
        """,
    },
    "recovery.policy.step": {
        "IUMB": """
            action_type active activity_type_id activity_user_id amount_max amount_min attempt_max
            attempt_min by_class company_currency_id create_date create_uid decline_reason_ids
            delay_days delay_hours domain domain_error domain_user_id hour_from hour_to is_final
            mail_template_id name on_customer_action on_fix_data on_later on_never on_technical
            policy_id report_id sequence server_action_id sms_template_id subject_model trigger
            working_days write_date write_uid
        """,
    },
    "recovery.preview.wizard": {
        "": """
            amount calendar company_currency_id create_date create_uid decline_class move_id
            policy_id starts_at story write_date write_uid
        """,
    },
    "recovery.provider.pace": {
        "": "free_at provider_id",
    },
    "recovery.return": {
        "IM": "move_ids",
        "IUM": """
            amount back_entry_id booked_amount code company_id create_date create_uid currency_id
            deadline_at decline decline_class entry_id is_due kind message not_before noted_at
            payment_id reason_id reference state told_at transaction_id write_date write_uid
        """,
    },
    "recovery.return.wizard": {
        "": """
            amount code consequences create_date create_uid currency_id date meaning message
            move_id payment_id payment_ids scheme write_date write_uid
        """,
    },
    "recovery.revenue.report": {
        "IUM": """
            amount began_by case_id channel cleared_amount company_currency_id company_id
            currency_id date entry_id exchange_amount exchange_move_id failed_on journal_id
            line_id move_id partner_id payment_id received_amount recovered_amount
            recovered_company_amount written_off_amount
        """,
    },
    "recovery.settlement": {
        "IUM": """
            amount began_by case_id channel company_amount company_currency_id company_id
            create_date create_uid currency_id failed_on partial_id payment_id write_date write_uid
        """,
    },
    "recovery.standing.endpoint": {
        "M": """
            active company_id create_date create_uid message_count name state url write_date
            write_uid
        """,
        "": "secret",
    },
    "recovery.standing.key": {
        "M": """
            company_id create_date create_uid identifier last_used_at name origins rate
            revoked_at scope_amounts scope_browser scope_page scope_read state write_date
            write_uid
        """,
        "": "secret_hash",
    },
    "recovery.standing.message": {
        "M": """
            answer body company_id create_date create_uid endpoint_id identifier next_try_at
            occurred_at partner_id sent_at standing state tries write_date write_uid
        """,
    },
    "recovery.timeline": {
        "IUM": "amount at case_id company_id currency_id kind method_label sentence state",
    },
    "recovery.timing": {
        "IUM": """
            attempt_count basis case_count company_id create_date create_uid learned_at
            learned_attempt_id learned_until model_json past_learned_at rebuild_pending version
            write_date
            write_uid
        """,
    },
    "recovery.trigger": {
        "": """
            automation chain depth error is_otherwise is_owed key occurred_at res_id res_model
            state_then
        """,
    },
    "recovery.write.off.wizard": {
        "": """
            account_id amount case_id company_id create_date create_uid currency_id date
            write_date write_uid
        """,
    },
    "res.company": {
        "PCIUM": """
            recovery_charge_test_providers recovery_due_soon_days recovery_large_amount
            recovery_share_timing recovery_small_rests_wait
        """,
    },
    "res.config.settings": {
        "": """
            recovery_charge_test_providers recovery_charges_at_once recovery_currency_id
            recovery_due_soon_days recovery_events_silent recovery_large_amount
            recovery_proxy_warning recovery_share_timing recovery_small_rests_wait
        """,
    },
    "res.partner": {
        "CIUMOB": """
            recovery_blocked recovery_excluded recovery_excluded_reason recovery_excluded_until
        """,
        "PCIUMOB": "collect_automatically collect_token_id collect_token_ids",
    },
}
