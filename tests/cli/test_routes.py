"""`kit routes --match`, `--check` and `--openapi`: questions to the table."""

import json

ADMIN = """
from functools import partial
from kit.routing import Router
from kit.wsgi import Layer, compose

class Outer(Layer): pass
class Inner(Layer): pass

def users(request, id):
    "One user."

admin = Router()
group = admin.group("/users", layers=[Inner], guard=lambda request: None)
group.get("/{id:int}", users, name="user")
router = Router(check="off")
router.mount("/admin", compose(admin), name="admin")
router.get("/posts/{id}", users, name="post")
app = compose(Outer, router)
"""
DOUBLE = "router.get('/posts/{name}', lambda name: '')\n"


def test_match_names_layers_guards_handler_and_lines_through_a_mount(kit, folder):
    (folder / "site_a.py").write_text(ADMIN)
    told = kit("routes", "site_a:app", "--match", "GET /admin/users/7").stdout
    at = [
        told.index(word) for word in ("layer Outer", "/admin/{_rest", "layer Inner", "guard <lambda>", "handler: users")
    ]
    assert at == sorted(at)
    assert "site_a.py:9)" in told
    assert "{'id': 7}" in told


def test_mounts_and_links_are_one_line_each(kit, folder):
    (folder / "site_a.py").write_text(
        ADMIN + "router._frozen = False; router.link('cdn', 'https://cdn.example.com/{f}')\n"
    )
    lines = [line.split() for line in kit("routes", "site_a:app").stdout.splitlines()[1:]]
    assert [line[:3] for line in lines] == [
        ["any", "/admin/*", "admin"], ["GET", "/posts/{id}", "post"], ["LINK", "/{f}", "cdn"],
        ["GET", "/admin/users/{id:int}", "user"],
    ]  # fmt: skip


def test_match_says_why_nothing_answers(kit, folder):
    (folder / "site_a.py").write_text(ADMIN)
    assert "405 Method Not Allowed" in kit("routes", "site_a:app", "--match", "POST /posts/7").stdout
    assert "'x' is no int (id)" in kit("routes", "site_a:app", "--match", "/admin/users/x").stdout


def test_check_names_faults_and_fails(kit, folder):
    (folder / "site_a.py").write_text(ADMIN)
    ended = kit("routes", "site_a:app", "--check")
    assert (ended.returncode, ended.stdout) == (0, "4 routes, no fault\n")
    (folder / "site_b.py").write_text(ADMIN + DOUBLE.replace("router.", "router._frozen = False; router."))
    ended = kit("routes", "site_b:app", "--check")
    assert ended.returncode == 1
    assert "duplicate: GET /posts/{name}" in ended.stdout


def test_openapi_prints_the_paths(kit, folder):
    (folder / "site_a.py").write_text(ADMIN.replace("compose(Outer, router)", "admin"))
    paths = json.loads(kit("routes", "site_a:app", "--openapi").stdout)
    assert paths["/users/{id}"]["get"]["operationId"] == "user"


def test_a_question_to_an_app_without_a_router_is_an_error(kit, folder):
    (folder / "bare_site.py").write_text("def app(environ, start_response): ...\n")
    assert "no router in bare_site:app" in kit("routes", "bare_site:app", "--match", "GET /").stderr
