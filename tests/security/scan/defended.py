"""The same pages as the control's, built of kit: what a scanner finds here is a bug of kit."""

import re
from functools import partial
from pathlib import Path

from kit.audit import Audit
from kit.data import Field, Model, PerRequest, field, open_db
from kit.errors import Invalid, Missing
from kit.http import Response
from kit.render import ErrorPages, Templates
from kit.routing import Router
from kit.security import (
    BodyLimit,
    Csrf,
    Headers,
    Https,
    Isolation,
    Limits,
    Login,
    RateLimit,
    TrustedHosts,
    passwords,
    redirect_to,
    safe_join,
    session,
    sign_in,
)
from kit.sessions import Sessions
from kit.stores import MemoryStore
from kit.wsgi import compose

TEMPLATES = Templates(Path(__file__).parent / "templates")


class Item(Model):
    name: Field[str] = field(max=200)
    number: Field[int] = field(default=0)


class Comment(Model):
    text: Field[str] = field(max=500)


class User(Model):
    login: Field[str] = field(max=100, unique=True)
    password: Field[str] = field(max=200)


def page(request, title, **context):
    return TEMPLATES.response(request, "page.html", title=title, **context)


def defended(folder):
    """The app, over a database and files in `folder`."""
    folder = Path(folder)
    (folder / "files").mkdir()
    (folder / "files" / "hello.txt").write_text("hello")
    db = open_db(f"sqlite:///{folder}/defended.db", models=[Item, Comment, User])
    db.create()
    for number, name in enumerate(("tea", "coffee", "water"), 1):
        db[Item].add(Item(name=name, number=number))
    db[User].add(User(login="ann", password=passwords.hash("correct horse")))
    store = MemoryStore()
    return compose(
        partial(Audit, sink=lambda event: None),  # a scan makes thousands of events
        partial(TrustedHosts, hosts=["127.0.0.1"]),
        Https,
        Headers,
        Isolation,
        Limits,
        partial(BodyLimit, bytes=1_000_000),
        ErrorPages,
        partial(RateLimit, store=store, limit=1_000_000, per=60),
        partial(PerRequest, db=db),
        partial(Sessions, store=store),
        partial(Login, by=[session()]),
        Csrf,
        routes(folder),
    )


def routes(folder):
    router = Router()
    text = re.compile(r"[a-z-]{1,20}")

    @router.get("/")
    def home(request):
        comments = request.environ["kit.db"][Comment].order(Comment.id.desc()).limit(50).all()
        return page(request, "Home", comments=comments)

    @router.get("/item")
    def item(request):
        if not request.GET.get("id", "").isdecimal():
            raise Invalid("an item has a number")
        rows = request.environ["kit.db"][Item].where(Item.number == int(request.GET["id"][:9])).all()
        return page(request, "Item", lines=[row.name for row in rows])

    @router.get("/search")
    def search(request):
        return page(request, "Search", lines=["You searched for " + request.GET.get("q", "")])

    @router.post("/comment")
    def comment(request):
        request.environ["kit.db"][Comment].add(Comment(text=request.POST.get("text", "")[:500]))
        return redirect_to("/", default="/")

    @router.post("/login")
    def login(request):
        name = request.POST.get("login", "")[:100]
        user = request.environ["kit.db"][User].where(User.login == name).first()
        if not passwords.verify(user and user.password, request.POST.get("password") or "-"):
            return page(request, "Sign in", lines=["Wrong"])
        sign_in(request, name)
        return page(request, "Sign in", lines=["Welcome " + name])

    @router.get("/file")
    def file(request):
        path = safe_join(folder / "files", request.GET.get("name", ""))
        if not path.is_file():
            raise Missing("no such file")
        return Response(body=path.read_bytes(), content_type="text/plain", charset="utf-8")

    @router.get("/go")
    def go(request):
        return redirect_to(request.GET.get("to", ""), default="/")

    @router.get("/ping")
    def ping(request):
        return page(request, "Ping", lines=["No answer of " + request.GET.get("host", "")])

    @router.get("/lang")
    def lang(request):
        if not text.fullmatch(request.GET.get("set", "")):
            raise Invalid("a language is a short word")
        response = Response(body=b"Language set", content_type="text/plain")
        response.headers["X-Language"] = request.GET["set"]
        return response

    return router
