"""Templates: escaped always, through every way that Mako has to write a value."""

from __future__ import annotations

import html
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from markupsafe import escape as reference

from kit.errors import ConfigError, MissingLayer
from kit.render import TemplateError, Templates, UndefinedName
from kit.render.escape import escape, safe_json, safe_url
from kit.testing import environ


@pytest.fixture
def page(tmp_path: Path) -> Any:
    """`page(text, **context)` renders one template text."""

    def render(text: str, part: str = "", **context: Any) -> str:
        (tmp_path / "page.html").write_text(text)
        templates = Templates(tmp_path)
        return templates.fragment("page.html", part, **context) if part else templates.render("page.html", **context)

    return render


BAD = "<a href='x'>&\"</a>"
GOOD = "&lt;a href=&#39;x&#39;&gt;&amp;&#34;&lt;/a&gt;"


class Tag:
    def __html__(self) -> str:
        return "<br>"


class Name(str):
    pass


VALUES = [BAD, Markup("<b>"), Tag(), Name("<n>"), 7, 7.5, True, None, b"<", ["<"], "", "é<", "\0<", "x" * 10_000 + "<"]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_escape_gives_the_text_that_markupsafe_gives(value: Any) -> None:
    assert escape(value) == str(reference(value))


def test_escape_runs_on_its_own_answer_as_markup_only_once() -> None:
    assert escape(Markup(escape(BAD))) == GOOD


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${x}", GOOD),
        ("${x | h}", GOOD),
        ("${x | h, h}", GOOD),
        ("${x | x}", GOOD),
        ("${x | entity}", GOOD),
        ("${x | str}", GOOD),
        ("${x | trim}", GOOD),
        ("${x | n}", BAD),
        ("${x | n, trim}", BAD),
        ("${7 | n}", "7"),
        ("${None | n}", "None"),
        ("${7 | trim}", "7"),
        ("${'a b&<' | u}", "a+b%26%3C"),
        ("${'a b&<' | n,u}", "a+b%26%3C"),
        ("${'a b' | u,h}", "a+b"),
        ("${(lambda: x)()}", GOOD),
        ("<%! shout = lambda v: v.upper() + '<' %>${'a' | shout}", "A&lt;"),
        ("<%! bold = lambda v: Markup('<b>{}</b>').format(v) %>${'<' | bold}", "<b>&lt;</b>"),
        ("<%def name='d()'>${x}</%def>${d()}", GOOD),
        ("<%def name='d()' buffered='True'><i>${x}</i></%def>${d()}", f"<i>{GOOD}</i>"),
        ("<%def name='d()' filter='trim'> <i>${x}</i> </%def>${d()}", f"<i>{GOOD}</i>"),
        ("<%def name='d()'><i>${x}</i></%def>${capture(d)}", f"<i>{GOOD}</i>"),
        ("<%def name='d()'><i>${x}</i></%def><% y = capture(d) %>${y}", f"<i>{GOOD}</i>"),
        ("<%block name='d'><i>${x}</i></%block>", f"<i>{GOOD}</i>"),
        ("<%block filter='trim'> ${x} </%block>", GOOD),
        ("<%def name='d()'><p>${caller.body()}</p></%def><%call expr='d()'>${x}</%call>", f"<p>{GOOD}</p>"),
        ("<%def name='d()'><p>${caller.body()}</p></%def><%self:d>${x}</%self:d>", f"<p>{GOOD}</p>"),
        ("<%call expr='x'></%call>", GOOD),
        ("<%page expression_filter='trim'/>${' <'}", "&lt;"),
        ("<%page expression_filter='u'/>${'a b'}${'<' | h}", "a+b%3C"),
        ("<%page expression_filter='n'/>${x}", BAD),
        ("% for i in range(2):\n${x | trim}\n% endfor\n", f"{GOOD}\n{GOOD}\n"),
        ("% if x:\n% if x:\n${x | h}\n% endif\n% else:\n${x}\n% endif\n", f"{GOOD}\n"),
        ("<script type='application/json'>${safe_json({'a': '</script>'})}</script>", None),
    ],
)
def test_every_way_to_write_a_value_escapes_it_exactly_once(page: Any, text: str, expected: str | None) -> None:
    if expected is None:
        expected = '<script type=\'application/json\'>{"a":"\\u003c/script\\u003e"}</script>'
    assert page(text, x=BAD) == expected


def test_included_inherited_and_imported_templates_escape_too(tmp_path: Path) -> None:
    (tmp_path / "base.html").write_text("<%def name='side()'>${x}</%def>[${self.body()}${next.title()}]")
    (tmp_path / "part.html").write_text("(${x | u}${x})")
    (tmp_path / "lib.html").write_text("<%def name='card(y)'>{${y}}</%def>")
    (tmp_path / "page.html").write_text(
        "<%inherit file='base.html'/><%namespace name='lib' file='lib.html'/><%def name='title()'>${x}</%def>"
        "${lib.card(x)}<%include file='part.html'/>${parent.side()}"
    )
    assert Templates(tmp_path).render("page.html", x="<") == "[{&lt;}(%3C&lt;)&lt;&lt;]"


def test_values_are_text_never_template_source(page: Any) -> None:
    assert page("${x}", x="${7*7} <%def name='x()'> % if") == "${7*7} &lt;%def name=&#39;x()&#39;&gt; % if"


def test_undefined_name_in_a_branch_not_taken_is_no_error(page: Any) -> None:
    assert page("% if False:\n${nobody}\n% endif\nok") == "ok"


@pytest.mark.parametrize(
    "use", ["${nobody}", "${nobody | n}", "${nobody.x}", "% if nobody:\n% endif", "${len(nobody)}", "${nobody == 1}"]
)
def test_undefined_name_says_its_name_where_it_is_used(page: Any, use: str) -> None:
    with pytest.raises(UndefinedName, match="'nobody' was not passed"):
        page(f"<p>\n{use}\n")


def test_undefined_name_in_an_included_template_says_its_name(tmp_path: Path) -> None:
    (tmp_path / "part.html").write_text("${nobody}")
    (tmp_path / "page.html").write_text("<%include file='part.html'/>")
    with pytest.raises(UndefinedName, match="nobody"):
        Templates(tmp_path).render("page.html")


def test_context_get_asks_without_error(page: Any) -> None:
    assert page("${context.get('nobody', 'none')}") == "none"


@pytest.mark.parametrize(
    "name", ["../page.html", "a/../../page.html", "//../page.html", "..\\page.html", "", "\0", "c:/x"]
)
def test_names_that_leave_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "page.html").write_text("secret")
    (tmp_path / "views").mkdir()
    with pytest.raises(TemplateError, match="no template name"):
        Templates(tmp_path / "views").render(name)


def test_missing_template_says_what_is_near(tmp_path: Path) -> None:
    (tmp_path / "post.html").write_text("")
    with pytest.raises(TemplateError, match=r"no template 'pots.html': did you mean post\.html"):
        Templates(tmp_path).render("pots.html")
    with pytest.raises(TemplateError, match="looked in"):
        Templates(tmp_path).render("zzz")


def test_broken_template_says_its_line(page: Any) -> None:
    with pytest.raises(TemplateError, match="line: 3") as caught:
        page("a\nb\n${x y}")
    assert caught.value.line == 3
    assert str(caught.value.filename).endswith("page.html")


def test_fragment_of_a_def_takes_its_arguments_by_name(page: Any) -> None:
    text = "<%def name='row(post, css=\"a\")'><tr class='${css}'>${post}${extra}</tr></%def>whole"
    assert page(text, "row", post="<", extra=1) == "<tr class='a'>&lt;1</tr>"
    assert page(text, "row", post="<", css="b", extra=1) == "<tr class='b'>&lt;1</tr>"


def test_fragment_of_a_page_that_inherits_leaves_the_layout_out(tmp_path: Path) -> None:
    (tmp_path / "base.html").write_text("<html>${self.body()}</html>")
    (tmp_path / "page.html").write_text("<%inherit file='base.html'/><%block name='list'><ul>${x}</ul></%block>")
    templates = Templates(tmp_path)
    assert templates.fragment("page.html", "list", x=1) == "<ul>1</ul>" == templates.render("page.html#list", x=1)
    assert templates.render("page.html", x=1) == "<html><ul>1</ul></html>"


def test_fragment_that_is_not_there_lists_those_that_are(page: Any) -> None:
    with pytest.raises(TemplateError, match="no def or block 'rows': it has: foot, row"):
        page("<%block name='row'/><%def name='foot()'></%def>", "rows")


def test_the_first_folder_that_has_a_name_wins(tmp_path: Path) -> None:
    for name, text in [("mine", "mine"), ("theirs", "theirs")]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.html").write_text(text)
    (tmp_path / "theirs" / "b.html").write_text("b")
    templates = Templates(tmp_path / "mine", tmp_path / "theirs")
    assert templates.render("a.html") + templates.render("b.html") == "mineb"


def test_changed_files_count_only_with_reload(tmp_path: Path) -> None:
    for name in ("a.html", "b.html"):
        (tmp_path / name).write_text("one")
    kept, watched = Templates(tmp_path), Templates(tmp_path, reload=True)
    assert kept.render("a.html") == watched.render("b.html") == "one"
    for name in ("a.html", "b.html"):
        (tmp_path / name).write_text("two")
        os.utime(tmp_path / name, (4e9, 4e9))
    assert (kept.render("a.html"), watched.render("b.html")) == ("one", "two")


def test_values_are_in_every_page_and_the_context_goes_first(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("${site} ${x}")
    templates = Templates(tmp_path, values={"site": "S", "x": 1})
    assert templates.render("a.html", x=2) == "S 2"


def test_templates_without_a_folder_say_so() -> None:
    with pytest.raises(ConfigError, match="wants folders"):
        Templates()


class Session:
    taken = 0

    def take_flashes(self) -> list[str]:
        self.taken += 1
        return ["saved <now>"]


def drawn(log: list[str], name: str) -> Any:
    def draw() -> str:
        log.append(name)
        return name

    return draw


def test_response_draws_nothing_that_the_page_does_not_use(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("hello\n% if False:\n${csrf} ${nonce} ${list(flashes)}\n% endif\n")
    log: list[str] = []
    session = Session()
    answer = Templates(tmp_path).response(
        environ(environ={"kit.csrf": drawn(log, "t"), "kit.session": session}), "a.html"
    )
    assert (answer.status_int, answer.text.strip(), answer.headers["Content-Type"]) == (
        200,
        "hello",
        "text/html; charset=utf-8",
    )
    assert not log and not session.taken


def test_response_gives_the_page_what_the_layers_left(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        "${url('post', id=7)} ${csrf} ${csrf.field} ${nonce} ${user} ${session.taken} ${locale}"
        " ${len(flashes)}\n% for text in flashes:\n${text}\n% endfor\n"
    )
    made = environ(
        environ={
            "kit.url": lambda name, /, **args: f"/{name}/{args['id']}",
            "kit.csrf": drawn([], "to<ken"),
            "kit.nonce": "n0nce",
            "kit.user": "ann",
            "kit.session": Session(),
            "kit.locale": "de",
        }
    )
    assert Templates(tmp_path).response(made, "a.html").text == (
        '/post/7 to&lt;ken <input type="hidden" name="_csrf" value="to&lt;ken"> n0nce ann 0 de 1\nsaved &lt;now&gt;\n'
    )


@pytest.mark.parametrize(
    ("use", "layer"),
    [
        ("url('a')", "Router"),
        ("csrf", "Csrf"),
        ("nonce", "Headers"),
        ("session['a']", "Sessions"),
        ("len(flashes)", "Sessions"),
    ],
)
def test_value_whose_layer_is_missing_names_the_layer_when_used(tmp_path: Path, use: str, layer: str) -> None:
    (tmp_path / "a.html").write_text(f"${{{use}}}")
    with pytest.raises(MissingLayer, match=f"add kit.*{layer} outside"):
        Templates(tmp_path).response(environ(), "a.html")


def test_without_layers_there_is_no_user_and_the_language_is_the_option(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("${user} ${locale}")
    assert Templates(tmp_path, lang="fr").response(environ(), "a.html").text == "None fr"


def test_response_takes_a_request_object_and_knows_the_type(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("${x}")
    (tmp_path / "a.xml").write_text("<a>${x}</a>")

    class Request:
        environ = {"REQUEST_METHOD": "GET"}

    templates = Templates(tmp_path)
    assert templates.response(Request(), "a.txt", x="é").headers["Content-Type"] == "text/plain; charset=utf-8"
    assert templates.response(Request(), "a.xml", x="é").headers["Content-Type"] == "application/xml; charset=utf-8"


def test_without_the_c_part_of_markupsafe_the_same_is_escaped() -> None:
    code = (
        "import sys; sys.modules['markupsafe._speedups'] = None\n"
        "from kit.render.escape import escape\n"
        "print(escape('<a href=\"x\">&\\'') + escape(7))"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "&lt;a href=&quot;x&quot;&gt;&amp;&#x27;7"


@given(st.text() | st.integers() | st.floats() | st.binary() | st.lists(st.text(), max_size=2))
def test_no_value_gets_out_of_text_or_a_quoted_attribute(value: Any) -> None:
    made = escape(value)
    assert not set(made) & set("<>\"'") and html.unescape(made) == str(value)


@given(st.text())
def test_safe_json_is_json_and_holds_no_end_of_a_script(text: str) -> None:
    made = safe_json([text])
    assert json.loads(made) == [text] and not set(made) & set("<>&\u2028\u2029")


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "JaVaScRiPt:x", " javascript:x", "java\nscript:x", "java\tscript:x", "\x00javascript:x",
     "\x1bjavascript:x", "data:text/html,x", "vbscript:x", "blob:x", "file:///etc/passwd", "javascript\t:x",
     "x-y.z+1:x"],
)  # fmt: skip
def test_safe_url_lets_no_other_scheme_through(url: str) -> None:
    assert safe_url(url) == "about:invalid"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/",
        "a",
        "a/b:c",
        "?q=a:b",
        "#a:b",
        "//host/x",
        "http://x",
        "HTTPS://x",
        "mailto:a@b.c",
        "tel:+49",
        "1:2",
        "é:x",
    ],
)
def test_safe_url_keeps_links(url: str) -> None:
    assert safe_url(url) == url


def test_traceback_names_the_line_of_the_template(tmp_path: Path) -> None:
    (tmp_path / "part.html").write_text("<p>\n${nobody}\n</p>")
    (tmp_path / "page.html").write_text("<%include file='part.html'/>")
    with pytest.raises(UndefinedName) as caught:
        Templates(tmp_path).render("page.html")
    assert caught.value.__notes__ == [f"in the template {tmp_path}/part.html, line 2: ${{nobody}}"]
