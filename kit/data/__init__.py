"""kit.data: one model, every database, the same answers.

    from kit.data import Field, Model, Ref, field, many, open_db, ref

    class Question(Model):
        text: Field[str] = field(max=200)
        created: Field[datetime] = field(stamp="add")
        choices = many("Choice.question")

    class Choice(Model):
        question: Ref[Question] = ref(on_delete="cascade")
        text: Field[str] = field(max=200)
        votes: Field[int] = field(default=0)

    db = open_db("sqlite:///app.db", models=[Question, Choice])       # or postgresql:// mariadb:// mongodb:// memory:
    db.create()

None is an ordinary value, text compares by code points, times are aware and in milliseconds, decimals are exact: on
every backend, proven by a differential fuzz against a reference in plain Python (`kit.data.contract`).
"""

from kit.data.database import Database, Transaction, open_db
from kit.data.errors import (
    Conflict,
    DataError,
    Invalid,
    Lost,
    Missing,
    NotIncluded,
    ReferenceViolation,
    Stale,
    Timeout,
    TransactionAborted,
    Unavailable,
    UniqueViolation,
    Unsupported,
    WrongCursor,
)
from kit.data.fields import Field, field, version
from kit.data.filters import parse_filter
from kit.data.groups import count, greatest, least, mean, total
from kit.data.handle import Handle
from kit.data.model import Model, index, unique
from kit.data.pages import Page
from kit.data.relations import Many, Ref, many, ref
from kit.data.request import PerRequest, of
from kit.data.watch import Event

__all__ = [
    "Conflict",
    "DataError",
    "Database",
    "Event",
    "Field",
    "Handle",
    "Invalid",
    "Lost",
    "Many",
    "Missing",
    "Model",
    "NotIncluded",
    "Page",
    "PerRequest",
    "Ref",
    "ReferenceViolation",
    "Stale",
    "Timeout",
    "Transaction",
    "TransactionAborted",
    "Unavailable",
    "UniqueViolation",
    "Unsupported",
    "WrongCursor",
    "count",
    "field",
    "greatest",
    "index",
    "least",
    "many",
    "mean",
    "of",
    "open_db",
    "parse_filter",
    "ref",
    "total",
    "unique",
    "version",
]
