"""The JavaScript module and the server say the same about every value: differential tests under node.

`KIT_LONG=1` tries 100,000 values per constraint instead of 400.
"""

import datetime as dt
import enum
import json
import os
import random
import re
import shutil
import subprocess
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import pytest

from kit.forms import Changeset, Form, field, rows
from kit.forms.client import SCRIPT, data_block, generated
from kit.forms.kinds import Email, Slug, Url
from kit.forms.messages import Texts
from kit.forms.rules import after, different, equal, required_if, required_with
from kit.forms.schema import schema_of
from kit.forms.setting import Call
from kit.forms.source import Source, nest
from kit.testing import environ

MANY = 100_000 if os.environ.get("KIT_LONG") else 400
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed: apt-get install nodejs")

RUNNER = """
import { readFileSync } from "node:fs";
import { checkForm } from "%s";
const [schema, trees] = JSON.parse(readFileSync(0, "utf-8"));
console.log(JSON.stringify(trees.map((tree) => checkForm(schema, tree).map(([path, code]) => [path, code]))));
"""


class Size(enum.Enum):
    small = "s"
    large = "l"


class One(Form):
    """A form of one field, made for each constraint below."""


def form_of(hint, spec):
    return type("One", (Form,), {"__annotations__": {"x": hint}, "x": spec})


CASES = {
    "min": (str, field(min=3, default="")),
    "max": (str, field(max=3)),
    "pattern": (str, field(pattern=r"[a-c\-]{2,4}|.é\d+")),
    "password": (str, field(min=2, widget="password")),
    "lines": (str, field(max=5, widget="textarea")),
    "ge": (int, field(ge=-3)),
    "gt": (int, field(gt=2)),
    "le": (int | None, field(le=10)),
    "lt": (int, field(lt=9007199254740993)),
    "step": (int, field(step=3)),
    "float ge le": (float, field(ge=0.1, le=1e10)),
    "float gt lt": (float, field(gt=-1.5, lt=2.5)),
    "float step": (float, field(step=0.25)),
    "decimal": (Decimal, field(ge=Decimal("0.10"), lt=Decimal("99.99"))),
    "decimal step": (Decimal, field(places=3, step=Decimal("0.005"))),
    "date": (dt.date, field(ge=dt.date(2000, 1, 1), lt=dt.date(2030, 2, 28))),
    "time": (dt.time, field(gt=dt.time(9, 30), le=dt.time(17, 0, 0, 500000))),
    "datetime": (dt.datetime, field()),
    "bool": (bool, field(required=True)),
    "email": (Annotated[str, Email()], field()),
    "url": (Annotated[str, Url()], field(max=30)),
    "slug": (Annotated[str, Slug()], field()),
    "uuid": (UUID, field()),
    "choice": (Size, field()),
    "choice of numbers": (int, field(choices=[1, 2, 30])),
    "several": (list[Size], field(min=1, max=1)),
}
ALPHABET = "abc-_.é0129eE+:TZ/@ \t\n\r\x00\x0b\x85\xa0\u2028\ufeff😀\u0660sl,%'\"<>{}[]|\\^`"
SEEDS = (
    "", "1", "3", "-4", "+5", "1e3", "1.5", ".5", "0.25", "1e999", "9007199254740993", "9223372036854775808", "99.99",
    "2024-02-29", "2023-02-29", "2000-01-01", "0000-01-01", "09:30", "09:30:00.001", "24:00", "17:00:00.5", "23:59:60",
    "2024-02-29T09:30", "2024-02-29 09:30:01.5", "a@b", "a@b.example", "a@b..c", "https://x", "https://u@x/",
    "http://é.example/?q=1#f", "a-b", "abc", "0.005", "1.0049", "s", "l", "on", "off", "😀😀", " a ", "\ufeffa\x85",
    "12345678-1234-1234-1234-1234567890aB", "30", "1_0", "٣", "é", "a" * 300, "0.1", "-0", "1e-3", "1e10", "a\r\nb",
)  # fmt: skip


def values(seed, many):
    chance = random.Random(seed)
    yield from SEEDS
    for _ in range(many - len(SEEDS)):
        text = chance.choice(SEEDS)
        for _ in range(chance.choice((0, 0, 1, 1, 2, 5))):
            at = chance.randint(0, len(text))
            text = text[:at] + chance.choice(ALPHABET) + text[at + chance.randint(0, 1) :]
        yield text


def in_node(schema, trees):
    runner = RUNNER % SCRIPT.as_uri()
    done = subprocess.run(
        [NODE, "--input-type=module", "-e", runner],
        input=json.dumps([schema, trees]),
        capture_output=True,
        text=True,
        check=True,
    )
    return [sorted(map(tuple, errors)) for errors in json.loads(done.stdout)]


def on_server(form, tree):
    source = Source(json.loads(json.dumps(tree)), {})
    return sorted(
        (e.path, e.code) for e in Changeset(form.__group__(), source, None, form._setting, Call(), None).errors
    )


@needs_node
@pytest.mark.parametrize("case", CASES)
def test_server_and_browser_agree_on_random_values(case):
    form = form_of(*CASES[case])
    trees = [{"x": text} for text in values(case, MANY)]
    if case == "several":
        chance = random.Random(case)
        trees += [{"x": [chance.choice(("s", "l", "z", "")) for _ in range(chance.randint(0, 3))]} for _ in range(300)]
    found = in_node(schema_of(form.__group__(), Texts()), trees)
    differ = [(t, s, f) for t, s, f in zip(trees, (on_server(form, t) for t in trees), found, strict=True) if s != f]
    assert not differ, differ[:5]
    assert any(found)
    assert not all(found)


class Item(Form):
    what: str = field(max=5)
    count: int = field(ge=1, default=1)
    tags: list[str] = rows(max=2, item=field(max=3))


class Trip(Form):
    name: str | None = field(max=8)
    again: str | None
    start: dt.date | None
    end: dt.date | None
    fast: bool
    reason: str = field(default="")
    items: list[Item] = rows(min=1, max=3)
    extra: Item | None

    repeated = equal("again", "name")
    forwards = after("end", "start")
    because = required_if("reason", "fast", True)
    both = required_with("end", "start")
    unlike = different("reason", "name")


@needs_node
def test_server_and_browser_agree_on_whole_forms():
    chance = random.Random(7)

    def item():
        made = {"what": chance.choice(("", "a", "toolong")), "count": chance.choice(("1", "0", "x", ""))}
        if chance.random() < 0.3:
            made["tags"] = {str(i): chance.choice(("", "ab", "abcd")) for i in range(chance.randint(0, 4))}
        return made

    def tree():
        names = ("name", "again", "start", "end", "reason")
        words = ("", "a", "b", "2024-01-01", "2024-01-02", "2024-13-01")
        made = {name: chance.choice(words) for name in names if chance.random() < 0.9}
        if chance.random() < 0.5:
            made["fast"] = "on"
        made["items"] = {str(i * 2): item() for i in range(chance.randint(0, 5))}
        if chance.random() < 0.5:
            made["extra"] = item()
        return made

    trees = [tree() for _ in range(max(1000, MANY // 10))]
    found = in_node(schema_of(Trip.__group__(), Texts()), trees)
    differ = [(t, s, f) for t, s, f in zip(trees, (on_server(Trip, t) for t in trees), found, strict=True) if s != f]
    assert not differ, differ[:3]
    codes = {code for errors in found for _, code in errors}
    assert {"mismatch", "order", "required", "same", "too_many", "too_few", "too_long", "date"} <= codes


def test_the_module_is_in_step_with_the_tables():
    assert generated() in SCRIPT.read_text(encoding="utf-8")


def test_the_data_for_the_module_cannot_end_its_element():
    block = data_block({"title": "</script><b>&"}, "")
    assert len(re.findall("</script>", block)) == 1
    assert json.loads(block[block.index(">") + 1 : -9]) == {"schema": {"title": "</script><b>&"}, "scope": ""}


def test_the_form_carries_its_rules_and_sentences():
    block = Trip.bind(environ()).client()
    data = json.loads(block[block.index(">") + 1 : -9])
    assert data["schema"]["properties"]["name"]["x-errors"]["too_long"] == "Enter at most 8 characters"
    assert data["schema"]["x-rules"][0]["text"] == "Enter the same value again"
    assert nest([]) == ({}, {})
