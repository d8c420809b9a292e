"""The steps: what is asked, in which order, and what a good answer is."""

import enum

from kit.forms import File, Form, Limits, equal, field, rows
from kit.forms.types import Email, Text, Url


class Level(enum.Enum):
    first = "first steps"
    daily = "daily work"
    expert = "deep water"


class About(Form):
    full_name: str = field(max=80, autocomplete="name")
    email: Email = field(autocomplete="email", hint="We answer there.")
    again: Email = field(label="Email again", autocomplete="email")

    same = equal("again", "email")


class Speaker(Form):
    who: str = field(max=80, label="Name")
    page: Url | None = field(label="Web page")


class Talk(Form):
    heading: str = field(min=5, max=100, label="Title")
    abstract: Text = field(min=20, max=2000)
    level: Level = field(widget="radios")
    speakers: list[Speaker] = rows(max=4, label="Other speakers", each="Speaker", reorder=True)


class Papers(Form, limits=Limits(size=5 << 20)):
    slides: File | None = field(accept=".pdf", max_bytes="3MiB", hint="A PDF of at most 3 MiB.")
    photo: File | None = field(accept="image/png,image/jpeg", max_bytes="1MiB", hint="PNG or JPEG, at most 1 MiB.")
    remark: str | None = field(max=200)


class Consent(Form):
    agree: bool = field(required=True, label="I have read the code of conduct")


STEPS = {"about": About, "talk": Talk, "papers": Papers, "send": Consent}
TITLES = {"about": "About you", "talk": "Your talk", "papers": "Papers", "send": "Check and send"}
