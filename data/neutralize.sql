-- A copied database charges nobody and writes to nobody: what was planned stays for the books, but
-- its time never comes, not even when somebody switches the scheduled actions on again.
UPDATE recovery_attempt
   SET state = 'cancelled', sentence = 'Cancelled: this database is a copy.', finished_at = now()
 WHERE state = 'planned';
UPDATE recovery_notice
   SET state = 'skipped', sentence = 'Skipped: this database is a copy.'
 WHERE state = 'planned';
UPDATE recovery_attempt
   SET resolve_at = NULL
 WHERE state = 'unknown';
UPDATE recovery_case
   SET state = 'paused', paused_until = NULL, end_reason = 'Paused: this database is a copy.'
 WHERE state IN ('in_recovery', 'suspended', 'grace');
UPDATE account_move
   SET collect_automatically = false
 WHERE collect_automatically;
UPDATE res_partner
   SET collect_automatically = NULL
 WHERE collect_automatically IS NOT NULL;
UPDATE res_company
   SET recovery_charge_test_providers = false;
DELETE FROM recovery_signal;
