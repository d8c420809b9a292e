"""No payload of the corpus runs in a browser through any context that the lint allows; unescaped, every one does.

The pages have no Content-Security-Policy: escaping alone must hold.
"""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from mako.template import Template

from kit.render import Templates
from kit.render.lint import lint
from tests.render.xss import corpus

#: every kind of place that the lint lets a value stand in
ALLOWED = """
<%def name="row(p)" buffered="True"><i>${p}</i></%def><%def name="raw(p)">${p}</%def>
<p>${p}</p><p title="${p}">a</p><p title='${p}'>b</p><p data-x="${p}" class="a ${p} b">c</p>
${row(p)} ${capture(raw, p)} ${p | h} ${p | trim} <%block name="b">${p}</%block>
<a href="${safe_url(p)}">d</a><a href="/x/${p}">e</a><a href="?q=${p | u}&amp;r=${p}">f</a><a href="#${p}">g</a>
<form action="${safe_url(p)}"><button formaction="${safe_url(p)}">h</button></form>
<iframe src="${safe_url(p)}"></iframe>
<textarea>${p}</textarea><select><option value="${p}">${p}</option></select><input value="${p}">
<!-- ${p} --><svg><text x="${p}">${p}</text></svg><math><mtext>${p}</mtext></math><noscript>${p}</noscript>
<table><tr><td>${p}</td></tr></table><meta name="x" content="${p}"><template>${p}</template>
<script type="application/json">${safe_json(p)}</script>
<script>{ let v = ${safe_json(p)}; let w = [${safe_json(p)}] }</script>
<title>${p}</title>
"""

#: the same places in plain Mako, one a page
CONTROL = {
    "text": "<p>${p}</p>",
    "double": '<p title="${p}">x</p>',
    "single": "<p title='${p}'>x</p>",
    "link": '<a href="${p}">x</a>',
    "textarea": "<textarea>${p}</textarea>",
    "title": "<title>${p}</title>",
    "comment": "<!-- ${p} -->",
    "script": "<script>let v = '${p}'</script>",
}

HOOK = """
window.alert = function () {
  let place = window;
  while (!place.name && place !== top) place = place.parent;
  top.hits.push(place.name);
};
if (window === top) window.hits = [];
"""

PROVOKE = """
() => { for (const frame of document.querySelectorAll('iframe.case')) {
  const inner = frame.contentWindow;
  for (const element of inner.document.querySelectorAll('*')) {
    element.dispatchEvent(new inner.MouseEvent('click', { bubbles: true, cancelable: true }));
    for (const type of ['mouseover', 'pointerenter', 'focus'])
      try { element.dispatchEvent(new inner.Event(type)); } catch (e) {}
  } } }
"""


def hits(browser: Any, pages: dict[str, str]) -> list[str]:
    """The name of a page for each time that a script in it called alert."""
    found: list[str] = []
    names = list(pages)
    context = browser.new_context()
    context.add_init_script(HOOK)
    page = context.new_page()
    page.goto("about:blank")
    for start in range(0, len(names), 60):
        frames = "".join(
            f'<iframe class="case" name="{name}" srcdoc="{html.escape(pages[name])}"></iframe>'
            for name in names[start : start + 60]
        )
        page.evaluate("text => { window.hits = []; document.body.innerHTML = text }", frames)
        page.wait_for_function(
            "[...document.querySelectorAll('iframe.case')].every(f => f.contentDocument.readyState == 'complete')"
        )
        page.evaluate(PROVOKE)
        page.wait_for_timeout(250)
        found.extend(page.evaluate("window.hits"))
    context.close()
    return found


def test_corpus_has_200_payloads() -> None:
    assert len(corpus()) >= 200


def test_lint_allows_the_page_of_all_contexts() -> None:
    assert list(lint(ALLOWED)) == []


def test_control_every_payload_runs_where_nothing_escapes_it(browser: Any) -> None:
    plain = {name: Template(text) for name, text in CONTROL.items()}
    pages = {str(n): plain[place].render(p=payload) for n, (payload, place) in enumerate(corpus().items())}
    ran = hits(browser, pages)
    assert [payload for n, payload in enumerate(corpus()) if str(n) not in ran] == []


def test_no_payload_runs_through_any_allowed_context(browser: Any, tmp_path: Path) -> None:
    (tmp_path / "all.html").write_text(ALLOWED)
    templates = Templates(tmp_path)
    payloads = list(corpus())
    pages = {}
    for start in range(0, len(payloads), 10):
        whole = "".join(templates.render("all.html", p=payload) for payload in payloads[start : start + 10])
        pages[f"{start}"] = whole + "<script>alert('the page is whole')</script>"
    assert sorted(hits(browser, pages)) == sorted(pages)
