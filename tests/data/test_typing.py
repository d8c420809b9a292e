"""mypy sees wrong names and wrong types in records, conditions and updates."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mypy import api

CASES = """
from __future__ import annotations
from datetime import datetime
from decimal import Decimal
from kit.data import Database, Field, Model, Ref, field, many, ref

class Author(Model):
    email: Field[str] = field(max=200, unique=True, fold=True)
    posts = many("Post.author")

class Post(Model):
    author: Ref[Author] = ref(on_delete="cascade")
    title: Field[str] = field(max=200)
    price: Field[Decimal | None] = field(places=2)
    hits: Field[int] = field(default=0)
    at: Field[datetime] = field(stamp="add")

def right(db: Database, ann: Author) -> str:
    post = db[Post].add(Post(author=ann.id, title="x"))
    Post(author=ann, title="x", price=None, hits=3)
    page = db[Post].where((Post.hits > 3) & ~Post.title.contains("draft")).order(Post.id.desc()).page(size=20)
    db[Post].where(Post.author == ann.id, Post.price == None).update(Post.hits.add(1), Post.title.to("y"))
    db[Author].upsert(ann, on=Author.email)
    number: int = page.rows[0].hits + db.run(lambda tx: tx[Post].where(Post.id.in_(["1"])).count())
    return page.rows[0].author.id + page.rows[0].author.row.email + post.title * number

def wrong(db: Database, post: Post) -> None:
    Post(author="1", titel="x")  # E: Unexpected keyword argument "titel"
    Post(author="1", title=5)  # E: Argument "title" to "Post" has incompatible type "int"
    Post.titel  # E: has no attribute "titel"
    Post.title > 5  # E: Unsupported operand types for >
    db[Post].where(Post.title == 5)  # E: Argument 1 to "where" of "Rows" has incompatible type "bool"
    Post.hits.add("1")  # E: Argument 1 to "add" of "Field" has incompatible type "str"
    Post.title.to(3)  # E: Argument 1 to "to" of "Field" has incompatible type "int"
    Post.hits.to(None)  # E: Argument 1 to "to" of "Field" has incompatible type "None"
    Post.hits.in_(["1"])  # E: List item 0 has incompatible type "str"
    db[Post].where(post.hits > 3)  # E: Argument 1 to "where" of "Rows" has incompatible type "bool"
    db[Author].add(post)  # E: Argument 1 to "add" of "Table" has incompatible type "Post"
    db[Post].where(Post.hits > 1).update(hits=3)  # E: Unexpected keyword argument "hits"
    post.author.row.emial  # E: "Author" has no attribute "emial"
    number: int = post.title  # E: Incompatible types in assignment
"""


@pytest.mark.slow
def test_mypy_flags_every_wrong_line_and_no_right_one(tmp_path: Path) -> None:
    file = tmp_path / "cases.py"
    file.write_text(CASES)
    out, _, _ = api.run(
        [
            "--strict",
            "--no-error-summary",
            "--config-file=setup.cfg",
            str(file),
        ]
    )
    said: dict[int, str] = {}
    for line in out.splitlines():
        if match := re.search(r"cases\.py:(\d+): error: (.*)", line):
            said[int(match[1])] = said.get(int(match[1]), "") + match[2]
    expected = {
        number: line.partition("# E: ")[2] for number, line in enumerate(CASES.splitlines(), 1) if "# E: " in line
    }
    assert said.keys() == expected.keys(), out
    for number, text in expected.items():
        assert text in said[number], out
