"""The template lint: what escaping does not protect is found, what it protects is let through."""

from __future__ import annotations

import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import KitError
from kit.render import TemplateError
from kit.render.html_context import Place
from kit.render.lint import lint

FINE = [
    "<p>${x}</p>",
    "<p title=\"${x}\" data-x='${x}'>",
    '<a href="${url(x)}">',
    '<a href="${url(x)}?page=${x}">',
    '<a href="${safe_url(x)}">',
    '<a href="/posts/${x}">',
    '<a href="https://example.com/${x}">',
    '<a href="?q=${x | u}">',
    '<a href="#${x}">',
    '<a href="mailto:${x}">',
    '<img src="${assets.url(x)}">',
    '<link href="${static_url(x)}">',
    "<option ${'selected' if x else ''}>",
    "<li class=${'on' if x else 'off'}>",
    "<li${' aria-current=\"step\"' if x else '' | n}>",
    "<form ${form.attrs(action=url('create'))}>",
    "<form${form.attrs()}>${x}<input${part.attrs()} value='${x}'>",
    "<textarea>${x}</textarea><title>${x}</title>",
    '<script type="application/json">${safe_json(x)}</script>',
    '<script nonce="${nonce}">let x = ${safe_json(x)}; f(${safe_json(x)}, [${safe_json(x)}])</script>',
    "<!-- ${x} -->",
    "${csrf.field}",
    "<%def name='d(x)'>${x}</%def><p>${d(1)}</p>",
    "<a\n  href = '/x/${x}'\n>",
    "<b>a < b && ${x} > c</b>",
    "<script>if (a < b) {}</script><p>${x}</p>",
    "<%text><a href=${x}></%text><p>${x}</p>",
    '<a href="/x" onclick="f()">${x}</a>',
    "## lint: ok, checked by hand\n${x | n}",
    "<p ${'a' if x else 'b' if y else None}>",
    "<br/>${x}<input value='${x}'/>",
    "<%block name='a' cached='True'>${x}</%block>${user}",
    "<%block name='a' cached='True' cache_key='${user}'>${user}</%block>",
    "<svg><rect width='${x}' x=\"${x}\"/></svg>",
    "% for i in x:\n<p>${i}</p>\n% endfor\n",
]

FAULTY = [
    ("<p title=${x}>", "unquoted"),
    ("<p title=a${x}>", "unquoted"),
    ("<p title = ${x}>", "unquoted"),
    ("<p ${x}>", "name"),
    ("<p data-${x}='1'>", "name"),
    ("<${x}>", "name"),
    ("</${x}>", "name"),
    ("<p ${'a' if x else y}>", "name"),
    ("<p ${'a' if x else y | n}>", "raw"),
    ("<p class=${form.attrs()}>", "unquoted"),
    ('<a href="${x}">', "link"),
    ("<a href='${x}'>", "link"),
    ('<a href=" ${x}">', "link"),
    ('<a href="${x}/y">', "link"),
    ('<a href="java${x}">', "link"),
    ('<a href="javascript:${x}">', "link"),
    ('<a href="data:${x}">', "link"),
    ('<a href="${x | u}">', "link"),
    ('<a HREF="${x}">', "link"),
    ('<form action="${x}">', "link"),
    ('<button formaction="${x}">', "link"),
    ('<iframe src="${x}">', "link"),
    ('<object data="${x}">', "link"),
    ('<a xlink:href="${x}">', "link"),
    ('<a href="${x}${url(x)}">', "link"),
    ('<a href="${myurl(x)}">', "link"),
    ("<p onclick=\"f('${x}')\">", "code"),
    ('<p OnClick="${x}">', "code"),
    ('<p style="color: ${x}">', "code"),
    ('<iframe srcdoc="${x}">', "code"),
    ("<style>p { color: ${x} }</style>", "code"),
    ("<script>let x = ${x}</script>", "script"),
    ("<script>let x = '${x}'</script>", "script"),
    ("<script>let x = '${safe_json(x)}'</script>", "script"),
    ("<script>let x = `${safe_json(x)}`</script>", "script"),
    ("<SCRIPT>${x}</SCRIPT>", "script"),
    ("<script>//</scriptx>\n${x}</script>", "script"),
    ("${x | n}", "raw"),
    ("${x | n, trim}", "raw"),
    ("<% context.write(x) %>", "raw"),
    ("<%block name='a' cached='True'>${csrf.field}</%block>", "cached"),
    ("<%def name='a()' cached='True'>\n% if x:\n${user}\n% endif\n</%def>", "cached"),
    ("<p>${x}</p>\n<p title=${x}>", "unquoted"),
    ("<%block name='a'><p title=${x}></%block>", "unquoted"),
    ("<%def name='a()'><a href='${x}'></%def>", "link"),
    ("% if x:\n<p title=${x}>\n% endif\n", "unquoted"),
    ("<!-- > --><p title=${x}>", "unquoted"),
    ("<%! import os %><p ${x}>", "name"),
]


@pytest.mark.parametrize("text", FINE)
def test_what_escaping_protects_is_let_through(text: str) -> None:
    assert list(lint(text)) == []


@pytest.mark.parametrize(("text", "rule"), FAULTY)
def test_what_escaping_does_not_protect_is_found(text: str, rule: str) -> None:
    found = list(lint(text))
    assert [finding.rule for finding in found] == [rule]
    assert found[0].line == text[: text.rindex("${" if "${" in text else "<%")].count("\n") + 1


def test_finding_says_where_and_what_to_write() -> None:
    (found,) = lint("<p>\n<a href='${x}'>", "a.html")
    assert str(found).startswith("a.html:2: link: ${x} decides where href leads") and "safe_url" in str(found)


def test_template_that_cannot_be_read_is_an_error_with_its_line() -> None:
    with pytest.raises(TemplateError) as caught:
        list(lint("a\n% if x:\n", "a.html"))
    assert (caught.value.filename, caught.value.line) == ("a.html", 2)


@given(st.text(alphabet="<>/= \n\"'!-abscriptyle&"))
def test_any_page_can_be_followed(text: str) -> None:
    whole, pieces = Place(), Place()
    whole.feed(text)
    for piece in text.split("&"):
        pieces.feed(piece)
    assert whole.state in ("text", "tag-name", "tag", "name", "before-value", "value", "comment", "raw")


def run(*args: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kit.cli", "templates", *map(str, args)], capture_output=True, text=True
    )


class TestCommand:
    def test_lint_exits_with_1_when_it_finds_something(self, tmp_path: Path) -> None:
        (tmp_path / "a.html").write_text("<p>${x}</p>")
        assert run("lint", tmp_path).returncode == 0
        (tmp_path / "b.html").write_text("<p ${x}>")
        done = run("lint", tmp_path)
        assert done.returncode == 1 and "b.html:1: name" in done.stdout

    def test_compiled_templates_are_used_without_the_compiler(self, tmp_path: Path) -> None:
        from kit.render import Templates

        (tmp_path / "views").mkdir()
        (tmp_path / "views" / "a.html").write_text("<p>${x}</p>")
        assert run("compile", tmp_path / "views", "--to", tmp_path / "build").stdout.startswith("1 templates")
        (module,) = (tmp_path / "build").rglob("*.py")
        module.write_text(module.read_text().replace("<p>", "<b>"))
        assert Templates(tmp_path / "views", compiled=tmp_path / "build").render("a.html", x="<") == "<b>&lt;</p>"

    def test_modules_of_another_version_are_not_loaded(self, tmp_path: Path) -> None:
        """Plain Mako would write unescaped code to the same place."""
        from mako.lookup import TemplateLookup

        from kit.render import Templates

        (tmp_path / "a.html").write_text("${x}")
        plain = TemplateLookup([str(tmp_path)], module_directory=str(tmp_path / "build"))
        assert plain.get_template("a.html").render(x="<") == "<"
        assert Templates(tmp_path, compiled=tmp_path / "build").render("a.html", x="<") == "&lt;"

    def test_assets_writes_copies_that_are_smaller(self, tmp_path: Path) -> None:
        (tmp_path / "a.css").write_text("p{color:red}" * 100)
        (tmp_path / "a.png").write_bytes(secrets.token_bytes(256))
        done = run("assets", tmp_path)
        assert '"copies"' in done.stdout
        assert {path.name for path in tmp_path.iterdir()} == {"a.css", "a.css.gz", "a.css.br", "a.css.zst", "a.png"}

    def test_what_is_not_there_is_an_error_with_exit_code_2(self, tmp_path: Path) -> None:
        assert run("lint", tmp_path / "nope").returncode == run("compile", tmp_path).returncode == 2


def test_compile_stops_at_a_broken_template(tmp_path: Path) -> None:
    from kit.render.engines.mako import MakoEngine

    (tmp_path / "a.html").write_text("% if x:\n")
    with pytest.raises(KitError, match=r"a\.html"):
        MakoEngine([tmp_path], compiled=tmp_path / "build").compile()
