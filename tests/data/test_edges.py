"""The parts at the edge: filters from outside, the layer, the log, faults."""

from __future__ import annotations

import logging
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kit.data import (
    Conflict,
    Database,
    Event,
    Field,
    Handle,
    Invalid,
    Lost,
    Model,
    PerRequest,
    Timeout,
    field,
    of,
    open_db,
    parse_filter,
)
from kit.data.faults import Faulty, once
from kit.data.watch import Unexpected
from kit.errors import ConfigError, MissingLayer
from kit.testing import call
from kit.wsgi.lint import check_layer

Opened = Callable[..., Database]


class Item(Model):
    name: Field[str] = field(max=40, unique=True)
    price: Field[Decimal | None] = field(places=2)
    hits: Field[int] = field(default=0)
    on: Field[bool] = field(default=True)


ALLOW = {"name": ("eq", "contains", "in"), "price": ("lt", "none"), "hits": ("ge", "ne"), "on": ("eq",)}


def shop(**options: Any) -> Database:
    return open_db("memory:", models=[Item], **options)


def test_a_filter_finds_what_it_says() -> None:
    db = shop()
    db[Item].add_many([Item(name="a,b", price=Decimal(1), hits=2), Item(name="c", on=False)])
    for query, names in (
        ({"name__in": "c,d"}, ["c"]),
        ({"price__lt": "1.5"}, ["a,b"]),
        ({"price__none": "true"}, ["c"]),
        ({"hits__ge": "1", "on": "true", "page": "2"}, ["a,b"]),
        ([("hits__ne", "2"), ("hits__ne", "3")], ["c"]),
        ({}, ["a,b", "c"]),
    ):
        rows = db[Item].where(parse_filter(Item, query, allow=ALLOW, ignore=["page"]))  # type: ignore[arg-type]
        assert [row.name for row in rows.all()] == names


def test_a_wrong_filter_is_refused_with_all_that_is_wrong() -> None:
    query = {
        "hits__ge": "many",
        "price__lt": "1.001",
        "id": "7",
        "name__endswith": "x",
        "on": "yes",
        "name": "x" * 2000,
    }
    with pytest.raises(Invalid) as refused:
        parse_filter(Item, query, allow=ALLOW)
    assert [(path[0], code) for path, code, _ in refused.value.errors] == [
        ("hits", "type"), ("price", "places"), ("id", "unknown"), ("name", "operator"), ("on", "type"), ("name", "max"),
    ]  # fmt: skip
    with pytest.raises(Invalid, match="too_many"):
        parse_filter(Item, [("hits__ne", "1")] * 1000, allow=ALLOW)
    with pytest.raises(ConfigError):
        parse_filter(Item, {}, allow={"name": ("regex",)})


@given(
    some.dictionaries(some.sampled_from(["name", "name__in", "price__lt", "hits__ge", "on"]), some.text(max_size=30))
)
def test_no_filter_does_anything_but_find_or_refuse(query: dict[str, str]) -> None:
    refused = ()
    try:
        condition = parse_filter(Item, query, allow=ALLOW)
    except Invalid as exc:
        refused = exc.errors
    assert refused or shop()[Item].where(condition).count() == 0


def test_the_layer_is_a_good_layer() -> None:
    db = shop()
    check_layer(lambda app: PerRequest(app, db=db))
    check_layer(lambda app: PerRequest(app, db=db, deadline=5))


def test_a_request_has_the_database_and_its_deadline() -> None:
    def app(environ: Any, start: Any) -> list[bytes]:
        start("200 OK", [("Content-Type", "text/plain")])
        return [str(of(environ)[Item].count()).encode()]

    assert call(PerRequest(app, db=shop())).text == "0"
    assert call(PerRequest(app, db=shop(), deadline=9, key="kit.db")).text == "0"
    with pytest.raises(Timeout):
        call(PerRequest(app, db=shop(), deadline=1e-9))
    with pytest.raises(MissingLayer, match=r"kit\.data\.PerRequest"):
        of({})
    with pytest.raises(ConfigError):
        PerRequest(app, db="sqlite:///app.db")  # type: ignore[arg-type]


def test_the_log_shows_what_was_asked_and_no_value(caplog: pytest.LogCaptureFixture) -> None:
    events: list[Event] = []
    db = shop(log=events.append, slow=0.0)
    with caplog.at_level(logging.WARNING, "kit.data"):
        db[Item].add(Item(name="s3cret"))
        db[Item].where((Item.name == "s3cret") | ~Item.price.in_([Decimal(1)])).all()
    assert [(event.verb, event.table, event.rows) for event in events] == [("add", "item", 1), ("find", "item", 1)]
    assert str(events[1]) == "find item where (name eq ? or price not in ?): 1 rows"
    assert "slow" in caplog.text
    assert "s3cret" not in caplog.text


def test_expect_counts_this_threads_queries() -> None:
    db = shop()
    with db.expect(1), db.transaction() as tx:
        tx[Item].count()
    with pytest.raises(Unexpected, match="2 queries, not 1\n  count item"), db.expect(1):
        db[Item].count()
        db[Item].count()


def test_a_lost_answer_is_asked_for_again_only_where_that_is_safe() -> None:
    db = open_db(Faulty("memory:", plan=once("find", Lost("as if"))), models=[Item])
    assert db[Item].all() == []
    db = open_db(Faulty("memory:", plan=once("insert", Lost("as if"))), models=[Item])
    with pytest.raises(Lost):
        db[Item].add(Item(name="a"))
    db = open_db(Faulty("memory:", plan=once("committed", Lost("as if"))), models=[Item])
    with pytest.raises(Lost):
        db.run(lambda tx: tx[Item].add(Item(name="a")))
    assert db[Item].count() == 1


def test_run_gives_up_in_the_end() -> None:
    tries: list[int] = []

    def work(tx: Handle) -> None:
        tries.append(1)
        raise Conflict("as if")

    with pytest.raises(Conflict):
        shop().run(work, retries=3)
    assert len(tries) == 4


def test_without_transactions_run_refuses_unless_it_may_go_step_by_step(url: str, backend: str) -> None:
    from kit.data import Unsupported

    class Single(Faulty):
        capabilities = frozenset({"shared"})  # type: ignore[assignment]

    db = open_db(Single(url, plan=lambda step: None), models=[Item])
    db.create()
    with pytest.raises(Unsupported, match="stepwise"):
        db.run(lambda tx: tx[Item].count())
    with pytest.raises(Unsupported, match="no transactions"), db.transaction():
        pass
    assert db.run(lambda tx: tx[Item].add(Item(name="a")), stepwise=True).name == "a"
    assert db[Item].upsert(Item(name="a", hits=5), on=Item.name).hits == 5
    db.close()


def test_a_table_that_was_never_made_says_how_to_make_it(url: str, backend: str) -> None:
    from kit.data import DataError

    if backend in ("memory", "mongodb"):
        pytest.skip("makes its tables at the first row")
    db = open_db(url, models=[Item])
    with pytest.raises(DataError, match=r"db\.create\(\)"):
        db[Item].count()
    db.close()


def test_the_end_of_a_text_is_its_end_and_not_a_line_before_it(opened: Opened) -> None:
    db = opened(Item)
    db[Item].add(Item(name="a\n"))
    assert db[Item].where(Item.name.endswith("a")).count() == 0
    assert db[Item].where(Item.name.endswith("a\n")).count() == 1
    assert db[Item].where(Item.name.contains("^a")).count() == 0
