# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Sentences for people: kept as kinds and values, put into words for whoever reads them.

A sentence that the engine keeps is a list of facts, each a kind of :data:`SENTENCES` and its
values. It is put into words when it is read: in the reader's language, time zone and form of a
date. :func:`say` makes one, :class:`SaidField` keeps it. What was typed by a person, or written by
a provider, is a value, or a fact of the kind *text*: it stays as it is.
"""

from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

from psycopg2.extras import Json

from odoo import fields, models
from odoo.exceptions import MissingError
from odoo.tools import SQL

from .instants import aware, naive
from .moments import Reader
from .sentences import SENTENCES


class Money(NamedTuple):
    """An amount in a sentence, written as its reader writes amounts.

    :ivar currency: a `res.currency`
    """

    amount: float
    currency: models.Model


class Choice(NamedTuple):
    """A choice of a selection field in a sentence, by its name in small letters.

    :ivar record: of the model
    :ivar name: of the field
    """

    record: models.Model
    name: str
    key: str


class Said(str):
    """A sentence in the words of one reader, which still knows what it was made of.

    Two are the same when they say the same, in whatever language.

    :ivar facts: pairs of a kind and its values, as JSON
    """

    def __new__(cls, words, facts):
        said = super().__new__(cls, words)
        said.facts = facts
        return said

    def __eq__(self, other):
        return self.facts == other.facts if isinstance(other, Said) else str.__eq__(self, other)

    def __ne__(self, other):
        return not self == other

    __hash__ = str.__hash__


def say(env, kind, /, **values):
    """Return a sentence of a kind, in the words of this environment's reader.

    :param str kind: of :data:`SENTENCES`
    :param values: of its placeholders: text, numbers, days, :class:`Money`, :class:`Choice`,
        other sentences, records, which are called by their names, and instants: naive ones, or
        aware ones in the customer's time zone, which is told to readers whose time is another
    """
    source = SENTENCES.get(kind, kind)
    packed = {name: _pack(value) for name, value in values.items() if f"%({name})s" in source}
    return put_in_words(env, [[kind, packed]])


def join(env, *sentences):
    """Return sentences, or texts, one after the other; the empty ones are left out."""
    return put_in_words(env, [fact for each in sentences for fact in get_facts(each)])


def put(env, sentence):
    """Return a sentence of `timing` or `notices` in words; what is in words stays as it is.

    :param timing.Sentence | str | None sentence: empty for none
    """
    if not sentence or isinstance(sentence, str):
        return sentence or ""
    return say(env, sentence.kind, **sentence.values)


def get_facts(sentence):
    """Return what a sentence was made of; a plain text stays one."""
    if isinstance(sentence, Said):
        return sentence.facts
    return [["text", {"text": _clean(sentence)}]] if sentence else []


def put_in_words(env, facts):
    """Return the sentence of some facts in the language, time zone and formats of a reader.

    :param env: the reader's environment
    :rtype: Said
    """
    return Said(" ".join(_Speaker(env).say(kind, values) for kind, values in facts), facts)


def facts_in_sql(kind, **columns):
    """Return the SQL of facts that a query makes, of one kind; ``||`` adds others to them."""
    values = [part for name, column in columns.items() for part in (name, column)]
    return SQL(
        "jsonb_build_array(jsonb_build_array(%s::text, jsonb_build_object(%s)))",
        kind,
        SQL(", ").join(
            SQL("%s", part) if isinstance(part, SQL) else SQL("%s::text", part) for part in values
        ),
    )


class SaidField(fields.Field):
    """A sentence: a line of text to whoever reads it, facts in the database.

    Not two fields, facts and a computed text: what is read may be passed on and keeps its facts,
    and it can be searched.
    """

    type = "char"
    _column_type = ("jsonb", "jsonb")

    def convert_to_cache(self, value, record, validate=True):
        """Override of the ORM's to keep facts, of a sentence or of a plain text."""
        return (value if isinstance(value, list) else get_facts(value)) or None

    def convert_to_column(self, value, record, values=None, validate=True):
        """Override of the ORM's to write facts as JSON."""
        facts = self.convert_to_cache(value, record)
        return facts and Json(facts)

    def convert_to_record(self, value, record):
        """Override of the ORM's to put facts into words."""
        return put_in_words(record.env, value) if value else False

    def convert_to_write(self, value, record):
        """Override of the ORM's to keep the facts of what is passed on."""
        if isinstance(value, Said):
            return value
        return self.convert_to_record(self.convert_to_cache(value, record), record)

    def convert_to_read(self, value, record, use_display_name=True):
        """Override of the ORM's to give plain text to whoever asks from outside."""
        return str(value) if value else False

    def convert_to_export(self, value, record):
        """Override of the ORM's to give plain text to spreadsheets."""
        return str(value) if value else ""

    def _description_groupable(self, env):
        return False

    def _description_sortable(self, env):
        return False

    def _condition_to_sql(self, field_expr, operator, value, model, alias, query):
        """Override of the ORM's to find words as their reader sees them, and what is in them."""
        if operator == "not ilike" and value:
            found = self._condition_to_sql(field_expr, "ilike", value, model, alias, query)
            return SQL("(%s) IS NOT TRUE", found)
        found = super()._condition_to_sql(field_expr, operator, value, model, alias, query)
        if operator != "ilike" or not value:
            return found
        words = str(value).casefold()
        speaker = _Speaker(model.env)
        kinds = [kind for kind in SENTENCES if words in speaker.get_source(kind).casefold()]
        if not kinds:
            return found
        patterns = [f'%["{kind}", %' for kind in kinds]
        column = model._field_to_sql(alias, field_expr, query)
        return SQL("(%s OR %s::text LIKE ANY(%s))", found, column, patterns)


class _Speaker:
    """Puts facts into the words of one reader."""

    def __init__(self, env):
        self._env = env

    @cached_property
    def _reader(self):
        return Reader(self._env)

    def get_source(self, kind):
        """Return the sentence of a kind in the reader's language, its placeholders in it."""
        return self._env._(SENTENCES.get(kind, kind))

    def say(self, kind, values):
        """Return the words of one fact; a kind that nobody knows is its own sentence."""
        if kind == "text":
            return values["text"]
        said = {name: self._unpack(value) for name, value in values.items()}
        return self._env._(SENTENCES.get(kind, kind), **said)

    def _unpack(self, value):
        """Return a value in the reader's words; the other way round than :func:`_pack`."""
        if not isinstance(value, dict):
            return value
        if "said" in value:
            return " ".join(self.say(kind, values) for kind, values in value["said"])
        if "at" in value:
            at = datetime.fromisoformat(value["at"])
            return self._reader.name_instant(at, value.get("zone"))
        if "day" in value:
            return self._reader.name_day(date.fromisoformat(value["day"]))
        if "money" in value:
            currency = self._env["res.currency"].browse(value["currency"])
            return currency.format(value["money"])
        if "choice" in value:
            field = self._env[value["model"]]._fields[value["choice"]]
            names = dict(field._description_selection(self._env))
            return names.get(value["key"], value["key"]).lower()
        # In sudo mode: names of reasons and the like are for all who may read the sentence.
        record_sudo = self._env[value["model"]].sudo().browse(value["id"])
        try:
            return record_sudo.display_name
        except MissingError:
            return value["name"]


def _pack(value):
    """Return a value as JSON that still knows what it is."""
    if isinstance(value, Said):
        return {"said": value.facts}
    if isinstance(value, Money):
        return {"money": value.currency.round(value.amount), "currency": value.currency.id}
    if isinstance(value, Choice):
        return {"model": value.record._name, "choice": value.name, "key": value.key}
    if isinstance(value, datetime):
        at = naive(aware(value)).replace(microsecond=0).isoformat()
        zone = getattr(value.tzinfo, "key", None)
        return {"at": at, "zone": zone} if zone else {"at": at}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    if isinstance(value, models.BaseModel):
        names = ", ".join(value.sudo().mapped("display_name"))
        return {"model": value._name, "id": value.id, "name": names} if len(value) == 1 else names
    if value is None or value is False:
        return ""
    return value if isinstance(value, (int, float)) else _clean(value)


def _clean(text):
    """Return a text without what PostgreSQL keeps in no JSON."""
    return str(text).replace("\0", "")
