from odoo import models

from ..case.account_move import PERIODS


class AccountMove(models.Model):
    _inherit = "account.move"

    def _recovery_stop_recurrence(self, reason):
        """End what would make further invoices of this kind; these ones stay as they are.

        Whoever calls it has checked that the user may.

        :param str reason: a sentence for people, kept on what is ended
        :return: a sentence for each recurrence that was ended; none for what had ended before
        :rtype: list[str]
        """
        # In sudo mode: contracts and subscriptions have access rights of their own.
        moves_sudo = self.sudo()
        latest = {}
        for move in moves_sudo.sorted(lambda move: (move.date, move.id)):
            recurrence = move._get_recurrence()
            if recurrence:
                latest[recurrence[1]] = move
        sentences = []
        for record, move in latest.items():
            sentence = move._end_recurrence(record, reason)
            if sentence:
                move._note_end_of_recurrence(record, sentence)
                sentences.append(sentence)
        return sentences

    def _end_recurrence(self, record, reason):
        """End one recurrence; hook for addons that know of others.

        :param record: what `_get_recurrence` returned for this invoice
        :return: a sentence about what was ended; empty when it had ended before
        """
        self.ensure_one()
        if record._name != self._name:
            return self._end_foreign_recurrence(record, reason)
        series = record | self.search([("auto_post_origin_id", "=", record.id)])
        series = series.filtered(lambda move: move.auto_post in PERIODS)
        following = series.filtered(lambda move: move.state == "draft")
        if not following:
            return ""
        for move in series - following:
            # Else one that is reset to draft and posted again would begin anew.
            move.auto_post_until = move.date
        invoices = following.filtered("posted_before")
        # Somebody is correcting these; the others are copies that nobody has seen.
        invoices.auto_post = "no"
        copies = following - invoices
        if copies:
            copies.button_cancel()
        sentence = self.env._(
            "No invoice follows %(invoice)s any more. %(reason)s",
            invoice=self.display_name,
            reason=reason,
        )
        for move in copies:
            move.message_post(body=sentence)
        return sentence

    def _note_end_of_recurrence(self, record, sentence):
        """Write on an invoice that what makes its successors was ended, and tell the rules."""
        self.ensure_one()
        self.message_post(body=sentence)
        if record != self:
            record.message_post(body=sentence)
        self.env["recovery.event"]._raise(
            "service_ended", case=self.recovery_case_id, move=self, sentence=sentence
        )
