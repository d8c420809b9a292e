"""The control: every page has the hole that a scanner is to find. Serve it to scanners on this machine alone."""

import shutil
import sqlite3
import subprocess
from html import escape
from pathlib import Path
from urllib.parse import parse_qsl

FORM = (
    '<form method="post" action="/comment"><input name="text"><button>Say</button></form>'
    '<form method="post" action="/login"><input name="login"><input name="password" type="password">'
    "<button>Sign in</button></form>"
    '<form action="/search"><input name="q"><button>Search</button></form>'
)
LINKS = ("/item?id=1", "/search?q=tea", "/file?name=hello.txt", "/go?to=/", "/ping?host=localhost", "/lang?set=en")


class Control:
    """A WSGI app over a database and files in `folder`."""

    def __init__(self, folder):
        self.folder = Path(folder)
        (self.folder / "files").mkdir()
        (self.folder / "files" / "hello.txt").write_text("hello")
        self.comments = []
        self.db = sqlite3.connect(self.folder / "control.db", check_same_thread=False, isolation_level=None)
        self.db.execute("CREATE TABLE item (id INTEGER, name TEXT)")
        self.db.executemany("INSERT INTO item VALUES (?, ?)", [(1, "tea"), (2, "coffee"), (3, "water")])
        self.db.execute("CREATE TABLE user (login TEXT, password TEXT)")
        self.db.execute("INSERT INTO user VALUES ('ann', 'correct horse')")

    def __call__(self, environ, start_response):
        query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True, encoding="latin-1"))
        if environ["REQUEST_METHOD"] == "POST":
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            query |= dict(parse_qsl(body.decode("latin-1"), keep_blank_values=True))
        page = getattr(self, "page_" + (environ["PATH_INFO"].strip("/") or "home"), None)
        try:
            status, headers, text = page(query) if page else ("404 Not Found", [], "not found")
        except (sqlite3.Error, sqlite3.Warning) as exc:
            status, headers, text = "500 Internal Server Error", [], f"sqlite3.OperationalError: {exc}"
        except (OSError, KeyError, ValueError, subprocess.SubprocessError) as exc:
            status, headers, text = "500 Internal Server Error", [], f"Warning: {escape(str(exc))}"
        start_response(status, [("Content-Type", "text/html; charset=latin-1"), ("Set-Cookie", "sid=1"), *headers])
        return [f"<html><body>{text}</body></html>".encode("latin-1", "replace")]

    def page_home(self, query):
        links = "".join(f'<a href="{link}">{link}</a> ' for link in LINKS)
        return "200 OK", [], links + FORM + "".join(f"<p>{text}</p>" for text in self.comments)

    def page_item(self, query):
        rows = self.db.execute(f"SELECT name FROM item WHERE id = {query['id']}").fetchall()  # the hole: SQL
        return "200 OK", [], "".join(f"<p>{row[0]}</p>" for row in rows)

    def page_search(self, query):
        return "200 OK", [], f"<p>You searched for {query['q']}</p>"  # the hole: XSS

    def page_comment(self, query):
        self.comments = [*self.comments[-50:], query["text"]]  # the hole: stored XSS, and CSRF
        return "303 See Other", [("Location", "/")], ""

    def page_login(self, query):
        sql = f"SELECT login FROM user WHERE login = '{query['login']}' AND password = '{query['password']}'"
        found = self.db.execute(sql).fetchall()
        return "200 OK", [], f"<p>Welcome {found[0][0]}</p>" if found else "<p>Wrong</p>"

    def page_file(self, query):
        text = (self.folder / "files" / query["name"]).read_text("latin-1")  # the hole: any path
        return "200 OK", [], f"<pre>{text}</pre>"

    def page_go(self, query):
        return "302 Found", [("Location", query["to"])], ""  # the hole: any place

    def page_ping(self, query):
        shell = shutil.which("sh")
        run = subprocess.run([shell, "-c", f"echo {query['host']}"], capture_output=True, timeout=20, cwd=self.folder)
        return "200 OK", [], f"<pre>{run.stdout.decode('latin-1')}</pre>"  # the hole: any command

    def page_lang(self, query):
        return "200 OK", [("X-Language", query["set"])], "<p>Language set</p>"  # the hole: any header
