"""kit.data against raw peewee, Django's ORM, SQLAlchemy's ORM, pymongo, MongoEngine and ODMantic, same work, one run.

    python -m benchmarks.data                      SQLite
    python -m benchmarks.data postgresql mongodb   these too, on throw-away servers

Targets on SQLite: get by id at most 1.5 of raw peewee's `.dicts()` and 0.6 of Django's; a list of 100 rows at most 0.6
of Django's and of SQLAlchemy's; 10,000 rows inserted in at most 0.5 of Django's time. On MongoDB, by the client's own
CPU time: at most 1.4 of raw pymongo. Every way gives whole objects of the same eight columns; peewee and pymongo give
dicts, which is the least there is. All SQLite files use the same journal and the same durability.
"""

import itertools
import sys
import tempfile
import time
import uuid
from contextlib import ExitStack
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from benchmarks.timing import compare
from kit.data import Field, Model, field, open_db
from kit.url import parse

ROWS = 1000
LONG = 10_000
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Post(Model, table="kit_post"):
    title: Field[str] = field(max=200)
    body: Field[str] = field(max=2000)
    hits: Field[int] = field(default=0, index=True)
    on: Field[bool] = field(default=True)
    rate: Field[float] = field(default=0.5)
    price: Field[Decimal] = field(places=2)
    at: Field[datetime] = field()


def row(number):
    return {
        "id": str(uuid.UUID(int=number)),
        "title": f"Post number {number}",
        "body": "lorem ipsum " * 10,
        "hits": number,
        "on": number % 2 == 0,
        "rate": number / 7,
        "price": Decimal(number) / 100,
        "at": NOW,
    }


def with_kit(url):
    db = open_db(url, models=[Post], timeout=30, slow=None)
    db.create()
    posts = db[Post]
    posts.add_many([Post(**row(n)) for n in range(ROWS)])
    key = row(500)["id"]
    newest = posts.where(Post.hits >= 100).order(Post.hits.desc()).limit(100)

    def fill(rows):
        posts.add_many([Post(**one) for one in rows])

    def update():
        posts.where(Post.id == key).update(Post.hits.add(1))

    def add():
        posts.remove(posts.add(Post(**{**row(1), "id": None})).id)

    return {"get": lambda: posts.get(key), "list": newest.all, "fill": fill, "update": update, "add and remove": add}


def with_peewee(url):
    import peewee

    name, database, options = parse(url).peewee_args(timeout=30)
    if name == "SqliteDatabase":
        options["pragmas"]["synchronous"] = "full"
    db = getattr(peewee, name)(database, **options)

    class PeeweePost(peewee.Model):
        id = peewee.CharField(primary_key=True, max_length=64)
        title = peewee.CharField(max_length=200)
        body = peewee.TextField()
        hits = peewee.BigIntegerField(index=True)
        on = peewee.BooleanField()
        rate = peewee.DoubleField()
        price = peewee.DecimalField(18, 2)
        at = peewee.DateTimeField()

        class Meta:
            database = db

    db.create_tables([PeeweePost])
    with db.atomic():
        for start in range(0, ROWS, 100):
            PeeweePost.insert_many([row(n) for n in range(start, start + 100)]).execute()
    key = row(500)["id"]

    def fill(rows):
        with db.atomic():
            for at in range(0, len(rows), 1000):
                PeeweePost.insert_many(rows[at : at + 1000]).execute()

    return {
        "get": lambda: PeeweePost.select().where(PeeweePost.id == key).dicts().get(),
        "list": lambda: list(
            PeeweePost.select().where(PeeweePost.hits >= 100).order_by(PeeweePost.hits.desc()).limit(100).dicts()
        ),
        "fill": fill,
        "update": lambda: PeeweePost.update(hits=PeeweePost.hits + 1).where(PeeweePost.id == key).execute(),
    }


def with_django(url):
    import django
    from django.conf import settings

    parts = parse(url)
    if parts.engine == "sqlite":
        start = "PRAGMA journal_mode=wal; PRAGMA synchronous=full;"
        database = {"ENGINE": "django.db.backends.sqlite3", "NAME": parts.name, "OPTIONS": {"init_command": start}}
    else:
        database = {"ENGINE": "django.db.backends.postgresql", "NAME": parts.name, "HOST": parts.host}
        database |= {"PORT": parts.port, "USER": parts.user, "PASSWORD": parts.password}
    database["CONN_MAX_AGE"] = None
    settings.configure(DATABASES={"default": database}, USE_TZ=True, DEFAULT_AUTO_FIELD="django.db.models.AutoField")
    django.setup()
    from django.db import connection, models, transaction

    class DjangoPost(models.Model):
        id = models.CharField(primary_key=True, max_length=64)
        title = models.CharField(max_length=200)
        body = models.TextField()
        hits = models.BigIntegerField(db_index=True)
        on = models.BooleanField()
        rate = models.FloatField()
        price = models.DecimalField(max_digits=18, decimal_places=2)
        at = models.DateTimeField()

        class Meta:
            app_label = "bench"

    with connection.schema_editor() as editor:
        editor.create_model(DjangoPost)
    DjangoPost.objects.bulk_create([DjangoPost(**row(n)) for n in range(ROWS)])
    key = row(500)["id"]

    def fill(rows):
        with transaction.atomic():
            DjangoPost.objects.bulk_create([DjangoPost(**one) for one in rows])

    return {
        "get": lambda: DjangoPost.objects.get(id=key),
        "list": lambda: list(DjangoPost.objects.filter(hits__gte=100).order_by("-hits", "id")[:100]),
        "fill": fill,
        "update": lambda: DjangoPost.objects.filter(id=key).update(hits=models.F("hits") + 1),
    }


def with_sqlalchemy(url):
    import sqlalchemy as sa
    from sqlalchemy import orm

    class Base(orm.DeclarativeBase):
        pass

    class AlchemyPost(Base):
        __tablename__ = "alchemy_post"
        id = orm.mapped_column(sa.String(64), primary_key=True)
        title = orm.mapped_column(sa.String(200))
        body = orm.mapped_column(sa.Text)
        hits = orm.mapped_column(sa.BigInteger, index=True)
        on = orm.mapped_column(sa.Boolean)
        rate = orm.mapped_column(sa.Double)
        # SQLite has no decimals: an integer of hundredths, as kit stores it, spares SQLAlchemy its warning
        price = orm.mapped_column(sa.BigInteger)
        at = orm.mapped_column(sa.DateTime(timezone=True))

    parts = parse(url)
    address = f"sqlite:///{parts.name}"
    if parts.engine == "postgresql":
        login = {"username": parts.user, "password": parts.password or None, "host": parts.host, "port": parts.port}
        address = sa.URL.create("postgresql+psycopg", database=parts.name, **login)
    engine = sa.create_engine(address)
    if parts.engine == "sqlite":

        @sa.event.listens_for(engine, "connect")
        def durable(connection, record):
            connection.execute("PRAGMA journal_mode=wal")
            connection.execute("PRAGMA synchronous=full")

    Base.metadata.create_all(engine)

    def fill(rows):
        with orm.Session(engine) as session, session.begin():
            session.add_all([AlchemyPost(**{**one, "price": one["hits"]}) for one in rows])

    fill([row(n) for n in range(ROWS)])
    key = row(500)["id"]
    newest = sa.select(AlchemyPost).where(AlchemyPost.hits >= 100).order_by(AlchemyPost.hits.desc(), AlchemyPost.id)
    newest = newest.limit(100)
    more = sa.update(AlchemyPost).where(AlchemyPost.id == key).values(hits=AlchemyPost.hits + 1)

    def get():
        with orm.Session(engine) as session:
            return session.get(AlchemyPost, key)

    def listed():
        with orm.Session(engine) as session:
            return session.scalars(newest).all()

    def update():
        with orm.Session(engine) as session, session.begin():
            session.execute(more)

    return {"get": get, "list": listed, "fill": fill, "update": update}


def with_pymongo(url):
    import pymongo
    from bson import Decimal128

    parts = parse(url)
    text, options = parts.mongo_args()
    client = pymongo.MongoClient(text, w="majority", journal=True, **options)
    posts = client[parts.name].raw

    def of(number):
        document = row(number)
        return {**document, "_id": document.pop("id"), "price": Decimal128(document["price"])}

    def shown(document):
        document["price"] = document["price"].to_decimal()
        return document

    def add():
        document = {**of(1), "_id": str(uuid.uuid4())}
        posts.insert_one(document)
        posts.delete_one({"_id": document["_id"]})

    posts.insert_many([of(n) for n in range(ROWS)])
    posts.create_index("hits")
    key, order = row(500)["id"], [("hits", -1), ("_id", 1)]
    return {
        "get": lambda: shown(posts.find_one({"_id": key})),
        "list": lambda: [shown(d) for d in posts.find({"hits": {"$gte": 100}}, sort=order, limit=100)],
        "update": lambda: posts.update_one({"_id": key}, {"$inc": {"hits": 1}}),
        "add and remove": add,
    }


def with_mongoengine(url):
    import mongoengine as me

    class EnginePost(me.Document):
        id = me.StringField(primary_key=True)
        title = me.StringField()
        body = me.StringField()
        hits = me.LongField()
        on = me.BooleanField()
        rate = me.FloatField()
        price = me.Decimal128Field()
        at = me.DateTimeField()
        meta = {"collection": "engine", "indexes": ["hits"]}

    parts = parse(url)
    me.connect(parts.name, host=url, tz_aware=True, uuidRepresentation="standard")
    EnginePost.objects.insert([EnginePost(**row(n)) for n in range(ROWS)])
    key = row(500)["id"]
    return {
        "get": lambda: EnginePost.objects.get(id=key),
        "list": lambda: list(EnginePost.objects(hits__gte=100).order_by("-hits", "id")[:100]),
        "update": lambda: EnginePost.objects(id=key).update(inc__hits=1),
    }


def with_odmantic(url):
    import odmantic
    import pymongo

    OdmanticPost = type("OdmanticPost", (odmantic.Model,), {
        "__annotations__": {"id": str, "title": str, "body": str, "hits": int, "on": bool, "rate": float,
                            "price": Decimal, "at": datetime},
        "__module__": __name__, "id": odmantic.Field(primary_field=True),
    })  # fmt: skip
    parts = parse(url)
    engine = odmantic.SyncEngine(pymongo.MongoClient(url), database=parts.name)
    engine.save_all([OdmanticPost(**{**row(n), "at": NOW.replace(tzinfo=None)}) for n in range(ROWS)])
    key = row(500)["id"]
    order = (odmantic.query.desc(OdmanticPost.hits), odmantic.query.asc(OdmanticPost.id))
    return {
        "get": lambda: engine.find_one(OdmanticPost, OdmanticPost.id == key),
        "list": lambda: list(engine.find(OdmanticPost, OdmanticPost.hits >= 100, sort=order, limit=100)),
    }


def table(ways, names, title, **options):
    for name in names:
        there = {way: tasks[name] for way, tasks in ways.items() if name in tasks}
        compare(there, base="kit", title=f"{title}: {name}", **options)


def filled(ways, title):
    for clock in (time.perf_counter, time.process_time):
        print(f"{title}: 10,000 rows, {'the time' if clock is time.perf_counter else 'the CPU time'}")
        best = dict.fromkeys(ways, float("inf"))
        for _ in range(4):  # interleaved, like `compare`
            for way, tasks in ways.items():
                best[way] = min(best[way], _took(tasks["fill"], clock))
        for way, took in best.items():
            print(f"  {way:<46} {took * 1e3:10.2f} ms   {took / best['kit']:7.2f} x")


STARTS = itertools.count(10**6, LONG)


def _took(fill, clock):
    start = next(STARTS)
    rows = [row(n) for n in range(start, start + LONG)]
    begin = clock()
    fill(rows)
    return clock() - begin


def main(*engines):
    from tests.servers import SERVERS

    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        ways = {}
        makers = {"kit": with_kit, "peewee .dicts()": with_peewee, "SQLAlchemy ORM": with_sqlalchemy}
        makers["Django ORM"] = with_django
        for name, make in makers.items():
            ways[name] = make(f"sqlite:///{folder}/{name.split()[0]}.db")
        table(ways, ("get", "list", "update"), "SQLite")
        filled(ways, "SQLite")
        if "postgresql" in engines:
            url = running.enter_context(SERVERS["postgresql"]())
            del makers["Django ORM"]  # Django is set up once in a process
            ways = {name: make(url) for name, make in makers.items()}
            table(ways, ("get", "list", "update"), "PostgreSQL")
            filled(ways, "PostgreSQL")
        if "mongodb" in engines:
            url = running.enter_context(SERVERS["mongodb"]())
            rivals = {"kit": with_kit, "pymongo": with_pymongo, "MongoEngine": with_mongoengine}
            rivals["ODMantic"] = with_odmantic
            ways = {name: make(url) for name, make in rivals.items()}
            cpu = {"clock": time.process_time}
            table(ways, ("get", "list", "update", "add and remove"), "MongoDB wire, the client's CPU time", **cpu)


if __name__ == "__main__":
    main(*sys.argv[1:])
