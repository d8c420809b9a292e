"""Models, fields and records, without any database."""

from __future__ import annotations

import enum
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

import kit.data
from kit.data import Field, Invalid, Model, NotIncluded, Ref, field, index, many, open_db, ref, unique, version
from kit.data.evaluate import holds
from kit.data.fuzz import Sample, _value, tree
from kit.data.predicate import NOTHING, normal
from kit.data.schema import Column
from kit.errors import ConfigError


class Size(enum.Enum):
    SMALL = 1
    LARGE = 2


class Author(Model):
    name: Field[str] = field(max=20)
    books = many("Book.author")


class Book(Model):
    author: Ref[Author] = ref()
    sequel: Ref[Book | None] = ref(on_delete="set_null")
    title: Field[str] = field(max=20, min=1, check=lambda text: text != "bad")
    size: Field[Size] = field(default=Size.SMALL)
    price: Field[Decimal | None] = field(places=2, ge=0)
    tags: Field[list[Any]] = field(factory=list)
    at: Field[datetime] = field(stamp="add")
    version: Field[int] = version()


def test_a_record_is_checked_whole_when_it_is_made() -> None:
    with pytest.raises(Invalid) as refused:
        Book(title="", size="large", price=Decimal("-1"))
    assert refused.value.fields == ("author", "title", "size", "price")
    assert [code for _, code, _ in refused.value.errors] == ["required", "min", "type", "ge"]
    assert refused.value.status == 422


def test_an_unknown_field_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="titel"):
        Book(author="1", titel="x")  # type: ignore[call-arg]


def test_records_are_values() -> None:
    book = Book(author="1", title="a")
    assert book == Book(author="1", title="a")
    assert book.replace(title="b") != book
    assert hash(book) == hash(book.replace(title="b"))
    assert (book.id, book.at, book.version, book.sequel, book.price) == (None,) * 5
    with pytest.raises(AttributeError, match="replace"):
        book.title = "c"
    with pytest.raises(AttributeError):
        del book.title
    assert book.as_dict()["size"] is Size.SMALL


def test_what_a_caller_changes_later_is_not_in_the_record() -> None:
    tags = ["a"]
    book = Book(author="1", title="a", tags=tags)
    tags.append("b")
    assert book.tags == ["a"]
    assert Book(author="1", title="a").tags == []


def test_a_reference_is_the_id_as_text() -> None:
    book = Book(author=Author(name="x").replace(id="7"), title="a")
    assert book.author == "7"
    assert book.author.id == "7"
    assert type(book.author.id) is str
    with pytest.raises(NotIncluded, match=r"add \.include\(Book\.author\)"):
        _ = book.author.row


def test_conditions_are_no_truth_values() -> None:
    with pytest.raises(TypeError, match="&"):
        _ = Book.title == "a" and Book.title == "b"
    with pytest.raises(TypeError):
        _ = 1 < Book.version < 3


@pytest.mark.parametrize(
    ("make", "cure"),
    [
        (lambda: field(default=[]), "factory"),
        (lambda: field(stamp="never"), "stamp"),
        (lambda: field(places=30), "0 to 17"),
        (lambda: ref(on_delete="ignore"), "cascade"),
        (lambda: many("Book"), "Post.author"),
        (lambda: type("X", (Model,), {"__annotations__": {"a": Field[Decimal]}}), "places"),
        (lambda: type("X", (Model,), {"__annotations__": {"a": Field[complex]}}), "no field holds"),
        (lambda: type("X", (Model,), {"__annotations__": {"a": Field[int | str]}}), "one type"),
        (lambda: type("X", (Model,), {"__annotations__": {"replace": Field[int]}}), "cannot be a field"),
        (lambda: type("X", (Model,), {"a": field()}), "has no type"),
        (lambda: type("X", (Model,), {"__annotations__": {"a": Field[str]}, "a": field(unique=True)}).schema(), "700"),
        (lambda: type("X", (Model,), {"indexes": (index("b"),)}).schema(), "index"),
        (lambda: type("X", (Model,), {"__annotations__": {"a": Ref[Author]}, "a": ref(on_delete="set_null")}), "None"),
        (lambda: open_db("memory:", models=[Book]), "Author"),
        (lambda: open_db("memory:", models=[Author]), "Book"),
        (lambda: open_db("memory:", models=[], pool=0), "above 0"),
        (lambda: open_db("memory:", models=[])[Book], "Book"),
    ],
)
def test_a_wrong_declaration_fails_at_once_with_the_cure(make: Any, cure: str) -> None:
    with pytest.raises(ConfigError, match=cure):
        make()


def test_indexes_know_their_fields() -> None:
    class Thing(Model):
        email: Field[str] = field(max=100, fold=True)
        at: Field[datetime] = field()
        indexes = (unique("email", "at"), index("email", "-at"))

    schema = Thing.schema()
    assert [one.fields for one in schema.indexes] == [("email", "at"), ("email", "at")]
    assert schema.unique_fields(columns=("email_fold", "at")) == ("email", "at")
    assert all(len(schema.index_name(one)) <= 60 for one in schema.indexes)


@given(some.randoms(use_true_random=False))
def test_the_normal_form_means_the_same(rng: Any) -> None:
    condition = tree(rng, 5)
    row = {one.name: _value(rng, one) for one in Sample._fields.values() if one.name != "id"}
    row["word_fold"] = None if row["word"] is None else row["word"].casefold()
    done = normal(condition)
    assert holds(condition, row) == (done is None or (done is not NOTHING and holds(done, row)))


@given(some.text(max_size=6), some.text(max_size=6))
def test_a_prefix_is_a_range(text: str, prefix: str) -> None:
    from kit.data.predicate import Cmp

    column = Column("a", "text")
    done = normal(Cmp(column, "startswith", prefix))
    assert text.startswith(prefix) == (done is None or holds(done, {"a": text}))


def test_ids_ascend_though_the_clock_steps_back() -> None:
    times = iter([2.0, 2.0, 1.0, 3.0])
    db = open_db("memory:", models=[Author, Book], clock=lambda: next(times))
    ids = [db.new_id() for _ in range(4)]
    assert ids == sorted(set(ids))


def test_stamps_and_versions_are_given_by_the_database() -> None:
    now = [1_800_000_000.1239]
    db = open_db("memory:", models=[Author, Book], clock=lambda: now[0])
    book = db[Book].add(Book(author=db[Author].add(Author(name="x")), title="a"))
    assert (book.version, book.at) == (1, datetime.fromtimestamp(1_800_000_000.123, UTC))
    now[0] += 5
    assert db[Book].save(book.replace(title="b")).at == book.at
    assert db[Book].get(book.id).version == 2


def test_importing_kit_data_loads_no_driver_and_no_sibling() -> None:
    code = (
        "import sys, kit.data; bad = {'peewee', 'pymongo', 'psycopg', 'pymysql', 'pytest', 'webob', 'kit.forms',"
        " 'kit.render', 'kit.sessions', 'kit.security', 'kit.routing', 'asyncio'} & sys.modules.keys();"
        " sys.exit(str(bad) if bad else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_readme_runs(capsys: pytest.CaptureFixture[str]) -> None:
    text = (Path(kit.data.__file__).parent / "README.md").read_text()
    code = text.partition("```python\n")[2].partition("```")[0]
    names: dict[str, Any] = {"__name__": "readme"}
    exec(compile(code, "README.md", "exec"), names)
    assert capsys.readouterr().out == "('author', 'title')\nAnn None\n"
    names["db"].close()
