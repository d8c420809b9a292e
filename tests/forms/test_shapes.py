"""Forms within forms, rows of several kinds, forms that contain themselves, and forms made from other classes."""

import dataclasses
import datetime as dt
from decimal import Decimal

import pytest

from kit.data import Field, Model
from kit.data import field as column
from kit.errors import ConfigError, Malformed, TooLarge
from kit.forms import Form, field, rows
from kit.forms.source import nest
from kit.testing import environ


def post(form, body, data=None, method="POST"):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return form.bind(environ(method=method, body=body.encode(), headers=headers), data)


class Card(Form):
    number: str = field(pattern="[0-9]{4}")


class Bank(Form):
    iban: str = field(max=34)
    bic: str | None


class Order(Form):
    payments: list[Card | Bank] = rows(min=1, max=3, each="Payment")


def test_rows_of_several_kinds_say_which_they_are():
    form = post(Order, "payments.0._kind=Card&payments.0.number=1234&payments.1._kind=Bank&payments.1.iban=DE1")
    assert form.value.payments == [Card(number="1234"), Bank(iban="DE1", bic=None)]
    document = {"payments": [{"_kind": "Card", "number": "1234"}, {"_kind": "Bank", "iban": "DE1", "bic": None}]}
    assert form.changes == document
    assert Order.check(document).value == form.value


def test_a_row_of_an_unknown_kind_is_an_error():
    assert post(Order, "payments.0._kind=Cash&payments.0.number=1").errors == (("payments.0._kind", "choice", {}),)
    assert post(Order, "payments.0.number=1").errors[0].code == "choice"
    assert Order.check({"payments": [{"_kind": ["Card"]}]}).errors[0].code == "choice"
    assert str(post(Order, "payments.0._kind=Cash&payments.0.number=1"))


def test_there_is_a_button_for_each_kind_and_the_new_row_is_of_it():
    form = post(Order, "_do=payments.add:Bank").apply_intent()
    assert form.payments.add_button.count("<button") == 2
    (row,) = form.payments
    assert 'name="payments.0._kind" value="Bank"' in row.body
    assert "autofocus" in row.iban.__html__()
    assert not post(Order, "_do=payments.add").intent
    assert not post(Order, "_do=payments.add:Cash").intent


def test_stored_rows_of_several_kinds_are_shown_each_in_its_own_form():
    for stored in ([Bank(iban="X", bic=None)], [{"_kind": "Bank", "iban": "X"}]):
        form = Order.bind(environ(), {"payments": stored})
        assert 'value="X"' in str(form)
        assert 'value="Bank"' in str(form)


class Comment(Form):
    text: str = field(max=20)
    replies: list["Comment"] = rows(max=2)


def test_a_form_may_contain_itself():
    form = post(Comment, "text=a&replies.0.text=b&replies.0.replies.0.text=c")
    assert form.value.replies[0].replies[0] == Comment(text="c", replies=[])
    assert Comment.json_schema()["$defs"]["Comment"]["properties"]["replies"]["items"] == {"$ref": "#/$defs/Comment"}
    assert str(Comment.bind(environ()))
    do = post(Comment, "text=a&replies.0.text=b&_do=replies.0.replies.add").apply_intent()
    assert "replies.0.replies.0.text" in str(do)


def test_depth_is_limited():
    deep = "text=a&" + "replies.0." * 40 + "text=x"
    with pytest.raises(TooLarge):
        post(Comment, deep)
    document = {"text": "x", "replies": []}
    for _ in range(2000):
        document = {"text": "x", "replies": [document]}
    assert Comment.check(document).errors[0].code == "too_deep"


class Address(Form):
    city: str
    zip: str = field(pattern="[0-9]{5}")


class Person(Form):
    name_: str = field(name="name")
    home: Address = field(label="Home")
    work: Address | None


def test_a_form_within_a_form():
    form = post(Person, "name=a&home.city=b&home.zip=12345")
    assert form.value == Person(name_="a", home=Address(city="b", zip="12345"), work=None)
    assert form.changes["home"] == {"city": "b", "zip": "12345"}
    assert post(Person, "name=a&work.city=c&work.zip=").errors == (
        ("home.city", "required", {}),
        ("home.zip", "required", {}),
        ("work.zip", "required", {}),
    )
    assert "<legend" in form.home.__html__()
    assert form.home.city.value == "b"


def test_patch_changes_a_form_within_in_part():
    stored = Person(name_="a", home=Address(city="b", zip="12345"), work=None)
    form = post(Person, "home.city=c", stored, "PATCH")
    assert form.value.home == Address(city="c", zip="12345")
    assert form.value.name_ == "a"


def test_peppercorn_marks_are_understood():
    pairs = [
        ("text", "a"),
        ("__start__", "replies:sequence"),
        ("__start__", "comment:mapping"),
        ("text", "b"),
        ("__end__", "comment:mapping"),
        ("__start__", "comment:mapping"),
        ("text", "c"),
        ("__end__", "comment:mapping"),
        ("__end__", "replies:sequence"),
    ]
    assert nest(pairs)[0] == {"text": "a", "replies": {"0": {"text": "b"}, "1": {"text": "c"}}}
    with pytest.raises(Malformed, match="__end__"):
        nest([("__start__", "a:mapping"), ("__end__", ""), ("__end__", "")])
    with pytest.raises(TooLarge):
        nest([("__start__", "a:mapping")] * 500 + [("x", "1")])


class Post(Model):
    title: Field[str] = column(max=20, pattern="[A-Z].*")
    price: Field[Decimal] = column(places=2, ge=0)
    hits: Field[int] = column(default=0)
    on: Field[dt.date | None] = column()


class PostForm(Form, source=Post, only="title price on"):
    extra: str = ""


def test_a_form_from_a_model_has_its_types_and_limits():
    form = post(PostForm, "title=Abc&price=9.9&on=&extra=x")
    assert form.changes == {"title": "Abc", "price": Decimal("9.90"), "on": None, "extra": "x"}
    assert {(e.path, e.code) for e in post(PostForm, "title=abc&price=-1&on=x").errors} == {
        ("title", "pattern"),
        ("price", "too_small"),
        ("on", "date"),
    }
    assert post(PostForm, "title=Abc&price=1&hits=9").errors == (("hits", "unknown", {}),)


def test_a_form_from_a_dataclass_takes_its_metadata():
    @dataclasses.dataclass
    class Person:
        name: str = dataclasses.field(metadata={"max": 3, "label": "Full name"})
        age: int | None = None

    class Edit(Form, source=Person, only="name age"):
        age: int = field(ge=18)

    assert Edit.bind(environ()).name.label == "Full name"
    assert [e.code for e in post(Edit, "name=long&age=3").errors] == ["too_long", "too_small"]


def test_a_form_from_a_class_says_what_it_takes():
    with pytest.raises(ConfigError, match="only="):

        class All(Form, source=Post):
            pass

    with pytest.raises(ConfigError, match="no field 'nope'"):

        class Wrong(Form, source=Post, only="nope"):
            pass
