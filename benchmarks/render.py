"""Pages and JSON by kit and its peers, escaping on, equal output asserted: python -m benchmarks.render

Targets: the fortunes page (12 rows, TechEmpower's) at most 0.75 of the time of Jinja2 and of Chameleon, a table of
1,000 rows and 6 columns at most 0.4; a browser's Accept header, once seen, at most a tenth of WebOb's time.
Times are of the processor, so that a busy machine does not decide.
"""

from __future__ import annotations

import html
import re
import sys
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

from benchmarks.timing import compare

FORTUNES = [
    (1, "fortune: No such file or directory"),
    (2, "A computer scientist is someone who fixes things that aren't broken."),
    (3, "After enough decimal places, nobody gives a damn."),
    (4, "A bad random number generator: 1, 1, 1, 1, 1, 4.33e+67, 1, 1, 1"),
    (5, "A computer program does what you tell it to do, not what you want it to do."),
    (6, "Emacs is a nice operating system, but I prefer UNIX. — Tom Christaensen"),
    (7, "Any program that runs right is obsolete."),
    (8, "A list is only as strong as its weakest link. — Donald Knuth"),
    (9, "Feature: A bug with seniority."),
    (10, "Computers make very fast, very accurate mistakes."),
    (11, '<script>alert("This should not be displayed in a browser alert box.");</script>'),
    (12, "フレームワークのベンチマーク"),
]
ROWS = [(n, f"name {n}", f"<b>{n}</b>", f"a & b {n}", n * 3, "plain text of some length") for n in range(1000)]
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"

HEAD = "<!DOCTYPE html><html><head><title>Fortunes</title></head><body><table><tr><th>id</th><th>message</th></tr>"
MAKO = {
    "fortunes": f"{HEAD}\n% for id, message in rows:\n<tr><td>${{id}}</td><td>${{message}}</td></tr>\n% endfor\n"
    "</table></body></html>",
    "table": "<table>\n% for row in rows:\n<tr>\\\n% for cell in row:\n<td>${cell}</td>\\\n% endfor\n</tr>\n"
    "% endfor\n</table>",
}
JINJA = {
    "fortunes": f"{HEAD}{{% for id, message in rows %}}<tr><td>{{{{ id }}}}</td><td>{{{{ message }}}}</td></tr>\n"
    "{% endfor %}</table></body></html>",
    "table": "<table>{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>\n"
    "{% endfor %}</table>",
}
CHAMELEON = {
    "fortunes": f'{HEAD}<tr tal:repeat="(id, message) rows"><td>${{id}}</td><td>${{message}}</td></tr>'
    "</table></body></html>",
    "table": '<table><tr tal:repeat="row rows"><td tal:repeat="cell row">${cell}</td></tr></table>',
}


def pages(folder):
    """name of the page -> ways to render it"""
    import django
    from chameleon import PageTemplate
    from django.conf import settings
    from django.template import Context, Engine
    from jinja2 import Environment

    from kit.render import Templates

    if not settings.configured:
        settings.configure()
        django.setup()
    ways = {}
    for name, rows in (("fortunes", FORTUNES), ("table", ROWS)):
        (folder / f"{name}.html").write_text(MAKO[name])
        templates = Templates(folder)
        jinja = Environment(autoescape=True).from_string(JINJA[name])
        chameleon = PageTemplate(CHAMELEON[name])
        slow = Engine().from_string(JINJA[name])
        ways[name] = {
            "kit (Mako)": lambda t=templates, n=f"{name}.html", r=rows: t.render(n, rows=r),
            "Jinja2": lambda t=jinja, r=rows: t.render(rows=r),
            "Chameleon": lambda t=chameleon, r=rows: t(rows=r),
            "Django": lambda t=slow, r=rows: t.render(Context({"rows": r})),
        }
    return ways


def same(ways):
    """Assert that all ways give the same page, but for white space between tags and the spelling of quotes."""
    texts = {
        name: re.sub(r">\s+<", "><", html.unescape(way().replace("&lt;", "⟨"))).strip() for name, way in ways.items()
    }
    assert len(set(texts.values())) == 1, {name: text[:300] for name, text in texts.items()}


def json_ways():
    """1,000 records as JSON."""
    import falcon.media
    import flask
    from rest_framework.renderers import JSONRenderer

    from kit.render.formats import JSON

    records = [
        {"id": n, "title": f"title {n}", "tags": ["a", "b"], "price": n / 4, "day": str(date(2026, 1, 1))}
        for n in range(1000)
    ]
    app = flask.Flask("bench")
    app.json.compact, app.json.sort_keys, app.json.ensure_ascii = True, False, False
    handler, renderer = falcon.media.JSONHandler(), JSONRenderer()
    return {
        "kit": lambda: JSON.encode(records),
        "Flask": lambda: app.json.dumps(records).encode(),
        "Django REST framework": lambda: renderer.render(records),
        "Falcon": lambda: handler.serialize(records, "application/json"),
    }


def accept_ways():
    """Choosing for a browser's Accept header, seen before."""
    from webob.acceptparse import create_accept_header

    from kit.http.negotiate import best

    parsed = create_accept_header(BROWSER)
    offers = ["text/html", "application/json", "text/csv"]
    assert best(BROWSER, tuple(offers)) == create_accept_header(BROWSER).acceptable_offers(offers)[0][0]
    return {
        "kit": lambda: best(BROWSER, offers),
        "WebOb acceptable_offers": lambda: create_accept_header(BROWSER).acceptable_offers(offers),
        "WebOb, header already parsed": lambda: parsed.acceptable_offers(offers),
    }


def main():
    import json

    met = []
    with TemporaryDirectory() as folder:
        for name, ways in pages(Path(folder)).items():
            same(ways)
            ratios = compare(ways, base="kit (Mako)", title=name, rounds=20, clock=process_time)
            bound = {"fortunes": 0.75, "table": 0.4}[name]
            for peer in ("Jinja2", "Chameleon"):
                share = 1 / ratios[peer]
                met.append(share <= bound)
                print(f"  {name}: {share:.2f} of {peer}'s time (target {bound}): {'met' if met[-1] else 'MISSED'}")
            print(f"  {name}: kit takes {1 / ratios['Django']:.2f} of Django's time")
    ways = json_ways()
    values = [json.loads(way()) for way in ways.values()]
    assert all(value == values[0] for value in values)
    compare(ways, base="kit", title="JSON of 1,000 records", clock=process_time)
    ratios = compare(accept_ways(), base="kit", title="negotiation", clock=process_time)
    share = 1 / min(ratios["WebOb acceptable_offers"], ratios["WebOb, header already parsed"])
    met.append(share <= 0.1)
    print(f"  negotiation: kit takes {share:.3f} of WebOb's time (target 0.1): {'met' if met[-1] else 'MISSED'}")
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
