"""A form with every kind of field, in every theme and state: what the checkers of accessibility and HTML are given."""

import datetime as dt
import enum
from decimal import Decimal

from kit.forms import File, Form, field, rows
from kit.forms.themes import bootstrap5, govuk, plain
from kit.forms.types import Email, Json, Text, Url
from kit.testing import environ

THEMES = {"plain": plain, "govuk": govuk, "bootstrap5": bootstrap5}
URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}
STATES = {
    "empty": "",
    "errors": (
        "name=&mail=x&age=-1&born=2999-01-01&items.0.what=&items.1.what=ok&items.1.count=0&tags.0=toolong&unknown=1&size=q"
        "&notes=%3C/textarea%3E&home.what=&home.count=4&again=z&payments.0._kind=Card&payments.0.number=x"
    ),
    "filled": (
        "name=ann&mail=a@b.example&password=correct-horse-b&price=9.90&born=2000-01-01&plan=p&size=xs&extras=a&extras=b"
        "&terms=on&token=x&tags.0=a&items.0.what=w&items.0.count=3&many=a&many=c&payments.0._kind=Bank&payments.0.iban=D"
    ),
}


class Plan(enum.Enum):
    free = "f"
    pro = "p"


class Item(Form):
    what: str = field(max=20, hint="A thing")
    count: int = field(ge=1, default=1)


class Card(Form):
    number: str = field(pattern="[0-9]{4}", max=4)


class Bank(Form):
    iban: str


class Every(Form):
    name_: str = field(name="name", max=50, autocomplete="name")
    mail: Email = field(hint="We answer there", autocomplete="email")
    site: Url | None
    password: str = field(min=12, widget="password", redisplay=False, autocomplete="new-password")
    age: int | None = field(ge=0, le=150)
    price: Decimal = field(ge=Decimal("0.01"))
    ratio: float | None
    born: dt.date = field(le=dt.date.today)
    at: dt.time | None
    when: dt.datetime | None = field(zone="Europe/Berlin")
    plan: Plan
    again: Plan | None = field(widget="radios")
    size: str = field(choices={"Small": [("s", "S"), ("xs", "XS")], "Big": ["l"]}, widget="radios", hint="Pick one")
    extras: list[str] = field(choices=["a", "b", "c"], min=1)
    many: list[str] = field(choices=["a", "b", "c"], widget="select")
    grouped: str | None = field(choices={"Small": [("s", "S")], "Big": ["l"]})
    terms: bool = field(required=True)
    news: bool = field(hint="Weekly")
    notes: Text | None = field(max=500, pattern="[^<>]*")
    photo: File | None = field(accept="image/*", max_bytes="1MiB")
    docs: list[File] = field(max=3)
    token: str = field(widget="hidden", default="x")
    data: Json | None
    tags: list[str] = rows(min=1, max=3, item=field(max=5), each="Tag")
    home: Item | None
    items: list[Item] = rows(min=1, max=5, reorder=True, each="Item", hint="All items")
    payments: list[Card | Bank] = rows(max=2, each="Payment")


def page(theme, state):
    """The page of a theme in a state."""
    form_class = type("Every", (Every,), {}, theme=THEMES[theme])
    body = STATES[state]
    request = environ(method="POST", body=body, headers=URLENCODED) if body else environ()
    form = form_class.bind(request)
    assert form.valid is (state == "filled"), form.errors
    title = form.page_title("Every field")
    head = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
    return f"{head}<body><main><h1>Every field</h1>{form}</main></body></html>"
