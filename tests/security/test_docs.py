"""docs/security.md says what the tests show."""

import re
from urllib.parse import urlencode

import kit.sessions  # noqa: F401  the page puts packages together: left out where one is tested alone
from kit.testing import call
from tests.security import rows

LOCAL = {"Host": "127.0.0.1", "Accept": "text/html"}


def test_the_login_page_of_the_docs_works():
    code = rows.PAGE.read_text().partition("## A login page")[2].partition("```python\n")[2].partition("```")[0]
    names = {}
    exec(compile(code, "docs/security.md", "exec"), names)
    app = names["app"]
    page = call(app, "/login", headers=LOCAL)
    form = {"_csrf": re.search(r'value="([^"]+)"', page.text)[1], "name": "ann", "next": "/admin/"}
    headers = LOCAL | {"Content-Type": "application/x-www-form-urlencoded"}
    headers["Cookie"] = page.headers["Set-Cookie"].partition(";")[0]
    wrong = call(app, "/login", method="POST", body=urlencode(form | {"password": "guess"}), headers=headers)
    assert wrong.status == 401
    form["password"] = "correct horse battery"
    right = call(app, "/login", method="POST", body=urlencode(form), headers=headers)
    assert (right.status, right.headers["Location"]) == (303, "/admin/")
    assert call(app, "/admin/", headers=LOCAL).headers["Location"] == "/login?next=/admin/"
    inside = LOCAL | {"Cookie": right.headers["Set-Cookie"].partition(";")[0]}
    assert call(app, "/admin/", headers=inside).text == "the inside"
    assert call(app, "/admin/wipe", method="POST", headers=inside).status == 403  # no token


def test_every_row_has_a_test():
    found = rows.tests_of_rows()
    assert [number for number in rows.ROWS if not found[number]] == []


def test_every_test_of_a_row_belongs_to_a_known_row():
    assert set(rows.tests_of_rows()) - set(rows.ROWS) <= set(range(55, 78))


def test_the_table_is_the_one_that_the_tests_give():
    assert rows.page() == rows.PAGE.read_text(), "python -m tests.security.rows"
