-- A copied database charges nobody and writes to nobody: what was planned stays for the books, but
-- its time never comes, not even when somebody switches the scheduled actions on again.
-- It ended when the original last decided or finished something: the instants of attempts are of Odoo's
-- clock, and PostgreSQL's, which may be another machine's, is not compared with it.
UPDATE recovery_attempt
   SET state = 'cancelled',
       sentence = '[["copy_cancelled", {}]]',
       finished_at = (SELECT GREATEST(MAX(decided_at), MAX(finished_at)) FROM recovery_attempt)
 WHERE state = 'planned';
UPDATE recovery_notice
   SET state = 'skipped', status = 'skipped', held_until = NULL,
       sentence = '[["copy_skipped", {}]]'
 WHERE state = 'planned';
UPDATE recovery_notice
   SET next_partner_id = NULL
 WHERE next_partner_id IS NOT NULL;
-- What needs no case would be planned anew.
UPDATE recovery_policy_step
   SET active = false
 WHERE trigger IN ('before_attempt', 'before_due', 'method_expires');
UPDATE recovery_policy
   SET remind_unpaid = false
 WHERE remind_unpaid;
-- A charge that ran while the copy was made would be taken for that of a dead worker, and one of
-- unknown outcome be sent again to learn it: the original database takes care of both.
UPDATE recovery_attempt
   SET state = 'unknown', resolve_at = NULL
 WHERE state IN ('running', 'unknown');
UPDATE recovery_case
   SET notices_outdated = false
 WHERE notices_outdated;
-- Without a day to go on by itself, and that for cases which are paused already, too.
UPDATE recovery_case
   SET state = 'paused', paused_until = NULL, end_reason = '[["copy_paused", {}]]'
 WHERE state IN ('in_recovery', 'paused', 'suspended', 'grace');
UPDATE account_move
   SET collect_automatically = false
 WHERE collect_automatically;
UPDATE res_partner
   SET collect_automatically = NULL
 WHERE collect_automatically IS NOT NULL;
DELETE FROM ir_default
 WHERE field_id IN (SELECT id
                      FROM ir_model_fields
                     WHERE model IN ('account.move', 'res.partner')
                       AND name = 'collect_automatically');
UPDATE payment_provider
   SET recovery_events_secret = NULL;
UPDATE res_company
   SET recovery_charge_test_providers = false;
DELETE FROM recovery_invoice_queue;
-- Products ask the original how a customer stands; the copy has no secrets that open anything.
UPDATE recovery_standing_key
   SET secret_hash = NULL, state = 'revoked'
 WHERE state = 'live';
UPDATE recovery_standing_endpoint
   SET secret = NULL, state = 'new'
 WHERE state = 'live';
UPDATE recovery_standing_message
   SET state = 'outdated', next_try_at = NULL, answer = 'Not sent: this database is a copy.'
 WHERE state = 'waiting';
UPDATE recovery_case
   SET standing_outdated = false
 WHERE standing_outdated;
-- A promise that ends would be told to the rules.
UPDATE recovery_case
   SET promise_date = NULL
 WHERE promise_date IS NOT NULL;
-- What automation rules had planned, or had been set off for, may be anything: code, or a call of
-- another system. The rules themselves are switched on again by whoever tests them: some wait for a
-- day, and each day brings events of old invoices.
UPDATE recovery_planned_action
   SET state = 'cancelled', untold = false, sentence = '[["copy_cancelled", {}]]'
 WHERE state = 'planned';
UPDATE recovery_planned_action
   SET untold = false
 WHERE untold;
DELETE FROM recovery_trigger;
UPDATE base_automation
   SET active = false
 WHERE active
   AND model_id IN (SELECT id
                      FROM ir_model
                     WHERE model IN ('recovery.case', 'recovery.event', 'recovery.attempt',
                                     'recovery.notice'));
-- A payment that a customer began in the original is neither asked for nor withdrawn from here.
UPDATE payment_transaction
   SET recovery_ask_at = '9999-12-31 00:00:00'
 WHERE state IN ('draft', 'pending')
    OR (state = 'error' AND (recovery_unclear OR recovery_stays_open));
