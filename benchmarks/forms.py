"""kit.forms against WTForms, Django's forms, colander with deform, and pydantic: the same form, the same post, one run.

    python -m benchmarks.forms

A form of 8 fields (text, e-mail, whole number, choice, date, password, its repetition, checkbox) and 3 rows of 3 texts.
"bind" goes from the (name, value) pairs of a good post to checked values; "render" writes the bound form with labels,
two errors and all rows, kit's in German and in a theme. colander and pydantic are given the structure that others make
first; pydantic writes no HTML. Targets: kit binds in at most 1/10 of WTForms' time and renders in at most 1/15.
"""

import datetime as dt
import enum
import sys
import time
from urllib.parse import urlencode

import colander
import deform
import django
import pydantic
import wtforms
from django.conf import settings
from werkzeug.datastructures import MultiDict
from wtforms import validators as check

from benchmarks.timing import compare
from kit.forms import Form, equal, field, rows
from kit.forms.themes import bootstrap5
from kit.forms.types import Email
from kit.http.body import Body
from kit.testing import environ

PAIRS = [
    ("name", "Ann Smith"),
    ("email", "ann@example.org"),
    ("age", "33"),
    ("plan", "pro"),
    ("born", "2000-01-01"),
    ("password", "correct horse battery"),
    ("again", "correct horse battery"),
    ("terms", "on"),
]
ROW = [("street", "Main Street 1 & 2"), ("city", "Springfield"), ("zip", "12345")]
# short rounds and the time of this process alone: what else the machine does must not count
HOW = {"rounds": 60, "seconds": 0.01, "clock": time.process_time}
FAULTS = ("name", "age")
URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}


def pairs(pattern):
    return [*PAIRS, *((pattern.format(i, name), value) for i in range(3) for name, value in ROW)]


class Plan(enum.Enum):
    free = "free"
    pro = "pro"
    team = "team"


class Address(Form, theme=bootstrap5):
    street: str = field(max=80)
    city: str = field(max=80)
    zip: str = field(pattern="[0-9]{5}")


class Signup(Form, theme=bootstrap5):
    name: str = field(min=1, max=80)
    email: Email
    age: int | None = field(ge=0, le=150)
    plan: Plan
    born: dt.date = field(ge=dt.date(1900, 1, 1))
    password: str = field(min=12, widget="password", redisplay=False)
    again: str = field(widget="password", redisplay=False)
    terms: bool = field(required=True)
    addresses: list[Address] = rows(min=1, max=10)

    same = equal("again", "password")


def kit_jobs():
    parsed = pairs("addresses.{}.{}")
    request = environ(method="POST", body=urlencode(parsed), headers=URLENCODED, environ={"kit.locale": "de"})

    def bind():
        # the body reader's own place for a body that is parsed, so that all sides begin with pairs
        request["kit.http.body"] = request["wsgi.input"], Body("form", parsed)
        return Signup.bind(request)

    form = bind()
    assert form.valid, form.errors
    for name in FAULTS:
        form = form.with_error(name, "required")
    html = form.render()
    assert html.count("<input") == 16  # the choice is a <select>
    assert "Geben Sie etwas ein" in html

    def render():
        return form.with_error("", "invalid").render()  # a changeset of its own, with nothing kept from the last time

    return bind, render


def wtforms_jobs():
    class AddressForm(wtforms.Form):
        street = wtforms.StringField(validators=[check.InputRequired(), check.Length(max=80)])
        city = wtforms.StringField(validators=[check.InputRequired(), check.Length(max=80)])
        zip = wtforms.StringField(validators=[check.InputRequired(), check.Regexp("[0-9]{5}$")])

    class SignupForm(wtforms.Form):
        class Meta:
            locales = ["de"]

        name = wtforms.StringField(validators=[check.InputRequired(), check.Length(1, 80)])
        email = wtforms.StringField(validators=[check.InputRequired(), check.Regexp(r"[^@\s]+@[^@\s]+$")])
        age = wtforms.IntegerField(validators=[check.Optional(), check.NumberRange(0, 150)])
        plan = wtforms.SelectField(choices=[(p.value, p.name) for p in Plan])
        born = wtforms.DateField(validators=[check.InputRequired()])
        password = wtforms.PasswordField(validators=[check.InputRequired(), check.Length(min=12)])
        again = wtforms.PasswordField(validators=[check.InputRequired(), check.EqualTo("password")])
        terms = wtforms.BooleanField(validators=[check.InputRequired()])
        addresses = wtforms.FieldList(wtforms.FormField(AddressForm), min_entries=1, max_entries=10)

    data = MultiDict(pairs("addresses-{}-{}"))

    def bind():
        form = SignupForm(data)
        assert form.validate(), form.errors
        return form

    form = bind()
    for name in FAULTS:
        form[name].errors = ["This field is required."]

    def one(part):
        errors = "".join(f'<p id="{part.id}-error">{error}</p>' for error in part.errors)
        return f"<div>{part.label}{part}{errors}</div>"

    def render():
        fields = "".join(one(part) for part in form if part.name != "addresses")
        entries = "".join("<fieldset>" + "".join(map(one, entry)) + "</fieldset>" for entry in form.addresses)
        return f'<form method="post">{fields}{entries}</form>'

    assert render().count("<input") == 16  # the choice is a <select>
    return bind, render


def django_jobs():
    settings.configure(USE_I18N=True, LANGUAGE_CODE="de", TEMPLATES=[])
    django.setup()
    from django import forms

    class AddressForm(forms.Form):
        street = forms.CharField(max_length=80)
        city = forms.CharField(max_length=80)
        zip = forms.RegexField("^[0-9]{5}$")

    class SignupForm(forms.Form):
        name = forms.CharField(max_length=80)
        email = forms.EmailField()
        age = forms.IntegerField(required=False, min_value=0, max_value=150)
        plan = forms.ChoiceField(choices=[(p.value, p.name) for p in Plan])
        born = forms.DateField()
        password = forms.CharField(min_length=12, widget=forms.PasswordInput)
        again = forms.CharField(widget=forms.PasswordInput)
        terms = forms.BooleanField()

        def clean(self):
            if self.cleaned_data.get("again") != self.cleaned_data.get("password"):
                self.add_error("again", "mismatch")

    many = forms.formset_factory(AddressForm, min_num=1, max_num=10)
    data = MultiDict([*pairs("addresses-{}-{}"), ("addresses-TOTAL_FORMS", "3"), ("addresses-INITIAL_FORMS", "0")])

    def bind():
        form, entries = SignupForm(data), many(data, prefix="addresses")
        assert form.is_valid(), form.errors
        assert entries.is_valid(), entries.errors
        return form, entries

    form, entries = bind()
    for name in FAULTS:
        form.add_error(name, "This field is required.")
    return bind, lambda: f"<form>{form.as_div()}{entries.as_div()}</form>"


def deform_jobs():
    text = colander.SchemaNode
    address = [
        text(colander.String(), name="street", validator=colander.Length(max=80)),
        text(colander.String(), name="city", validator=colander.Length(max=80)),
        text(colander.String(), name="zip", validator=colander.Regex("[0-9]{5}$")),
    ]
    schema = colander.SchemaNode(
        colander.Mapping(),
        text(colander.String(), name="name", validator=colander.Length(1, 80)),
        text(colander.String(), name="email", validator=colander.Email()),
        text(colander.Integer(), name="age", missing=None, validator=colander.Range(0, 150)),
        text(colander.String(), name="plan", validator=colander.OneOf([p.value for p in Plan])),
        text(colander.Date(), name="born"),
        text(colander.String(), name="password", validator=colander.Length(12)),
        text(colander.String(), name="again"),
        text(colander.Boolean(), name="terms"),
        text(colander.Sequence(), text(colander.Mapping(), *address, name="address"), name="addresses"),
    )
    struct = {**dict(PAIRS), "terms": "true", "addresses": [dict(ROW)] * 3}
    value = schema.deserialize(struct)
    form = deform.Form(schema)
    return lambda: schema.deserialize(struct), lambda: form.render(value)


def pydantic_jobs():
    class AddressModel(pydantic.BaseModel):
        street: str = pydantic.Field(max_length=80)
        city: str = pydantic.Field(max_length=80)
        zip: str = pydantic.Field(pattern="^[0-9]{5}$")

    class SignupModel(pydantic.BaseModel):
        name: str = pydantic.Field(min_length=1, max_length=80)
        email: str = pydantic.Field(pattern="^[^@ ]+@[^@ ]+$")
        age: int | None = pydantic.Field(ge=0, le=150)
        plan: Plan
        born: dt.date
        password: str = pydantic.Field(min_length=12)
        again: str
        terms: bool
        addresses: list[AddressModel] = pydantic.Field(max_length=10)

    struct = {**dict(PAIRS), "terms": True, "addresses": [dict(ROW)] * 3}
    return lambda: SignupModel.model_validate(struct), None


def main():
    """Print both tables; exit with a failure if a target is missed."""
    jobs = {
        "kit": kit_jobs(),
        "WTForms": wtforms_jobs(),
        "Django": django_jobs(),
        "colander/deform": deform_jobs(),
        "pydantic (no HTML)": pydantic_jobs(),
    }
    binds = compare({name: bind for name, (bind, _) in jobs.items()}, base="kit", title="bind and validate", **HOW)
    renders = {name: render for name, (_, render) in jobs.items() if render}
    renders = compare(renders, base="kit", title="render the bound form", **HOW)
    missed = [f"bind {binds['WTForms']:.1f} < 10"] * (binds["WTForms"] < 10)
    missed += [f"render {renders['WTForms']:.1f} < 15"] * (renders["WTForms"] < 15)
    sys.exit(f"targets missed: {', '.join(missed)}" if missed else 0)


if __name__ == "__main__":
    main()
