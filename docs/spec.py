"""Print SPEC.md from the contract's own code, so that the two cannot drift: python docs/spec.py > SPEC.md"""

from __future__ import annotations

from kit.wsgi.keys import KEYS
from kit.wsgi.layer import Layer
from kit.wsgi.rules import RULES

HEAD = """\
# The composition contract of kit

Printed by `python docs/spec.py > SPEC.md` from `kit/wsgi`; a test keeps it in step. It binds kit's own layers, and any
layer that calls itself one: `kit.wsgi.lint.check_layer(factory)` runs every rule below, on anybody's layer.

A layer is a WSGI app around a WSGI app, made by `Thing(app, *, option=…)`. One that subclasses `kit.wsgi.Layer` writes
only hooks, and gets the rest right by inheritance; one that does not is described by
`declare(obj, provides=…, requires=…, wants=…, rewrites=…)`.
"""


def sentence(text: str) -> str:
    """A docstring as one paragraph."""
    return " ".join(text.split())


def spec() -> str:
    """The whole text."""
    lines = [HEAD, "## Hooks\n", "| hook | what it does |", "|---|---|"]
    for name in ("before", "head", "failed", "after"):
        lines.append(f"| `{name}` | {sentence(getattr(Layer, name).__doc__)} |")
    lines += ["", "## Declarations\n", "| attribute | meaning |", "|---|---|"]
    for name, meaning in FACETS.items():
        lines.append(f"| `{name}` | {meaning} |")
    lines += ["", "## Rules\n", "Each is a function of `kit/wsgi/rules.py`; its name is what `LintError` reports.\n"]
    for rule in RULES:
        lines.append(f"- **{rule.__name__}**: {sentence(rule.__doc__ or '')}")
    lines += ["", "## Environ keys\n", "One owner each. A value that is no `str` has a dot in its key (PEP 3333).\n"]
    lines += ["| key | value | owner |", "|---|---|---|"]
    lines += [f"| `{key}` | {value} | {owner} |" for key, (value, owner) in KEYS.items()]
    return "\n".join(lines) + "\n"


FACETS = {
    "provides": "environ keys that it sets for the layers inside it; two providers of one key in a stack are an error",
    "requires": "keys that some layer outside must set; without one the stack is refused",
    "wants": "keys that, if anything sets or rewrites them, must be set outside; the stack is refused otherwise",
    "rewrites": "standard keys (`REMOTE_ADDR`, `wsgi.input` …) that it corrects for the layers inside; several may",
    "buffers": "True: it gathers the whole body before it passes any of it on",
    "streams": "True: it passes the body through an iterator of its own",
}

if __name__ == "__main__":
    print(spec(), end="")
