"""What kit says of a handler's parameters is what a call does."""

import functools
import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import ConfigError
from kit.http.signature import Signature, name_of

NAMES = ["request", "id", "page", "slug"]
REQUEST = object()


@st.composite
def functions(draw):
    """A function with any parameters, which returns what it was given."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True))
    split = draw(st.integers(0, len(names)))
    plain, named = names[:split], names[split:]
    optional = draw(st.integers(0, len(plain)))
    words = [name if at < len(plain) - optional else f"{name}=None" for at, name in enumerate(plain)]
    if draw(st.booleans()):
        words.append("*rest")
    elif named:
        words.append("*")
    words += [name if draw(st.booleans()) else f"{name}=None" for name in named]
    if draw(st.booleans()):
        words.append("**more")
    scope = {}
    exec(f"def fn({', '.join(words)}): return locals()", scope)
    return scope["fn"]


def decorated(fn):
    @functools.wraps(fn)
    def inner(*args, **named):
        return fn(*args, **named)

    return inner


class Holder:
    def __init__(self, fn):
        self.fn = fn

    def method(self, *args, **named):
        return self.fn(*args, **named)

    __call__ = method


WRAPPERS = [lambda fn: fn, decorated, functools.partial, lambda fn: decorated(functools.partial(fn))]


@given(functions(), st.sets(st.sampled_from(NAMES)), st.sampled_from(WRAPPERS))
def test_a_handler_that_passes_can_be_called_and_one_that_fails_cannot(fn, variables, wrap):
    handler, args = wrap(fn), dict.fromkeys(variables, "v")
    try:
        how = Signature(handler).request_for(frozenset(variables))
    except ConfigError:
        for given_args, given_names in (((), {}), ((REQUEST,), {}), *(((), {name: REQUEST}) for name in NAMES)):
            if not variables & set(given_names):
                with pytest.raises(TypeError):
                    inspect.signature(fn).bind(*given_args, **given_names, **args)
        return
    found = handler(REQUEST, **args) if how == "*" else handler(**args, **({how: REQUEST} if how else {}))
    free = [name for name in found if name not in variables and name not in ("rest", "more")]
    taken = [name for name in free if found[name] is REQUEST] or list(found.get("rest", ()))
    assert len(taken) == (1 if how else 0)
    assert how or not Signature(fn).positional or not [p for p in free if p not in Signature(fn).optional]


@pytest.mark.parametrize(
    ("fn", "name"),
    [
        (decorated(decorated), "decorated"),
        (functools.partial(decorated), "decorated"),
        (Holder(None).method, "Holder.method"),
        (Holder(None), "Holder"),
    ],
)
def test_a_handler_is_called_by_name_and_place(fn, name):
    assert name_of(fn).startswith(f"handler {name}")
    assert "test_signature.py:" in name_of(fn)


def test_what_has_no_code_is_called_by_its_name():
    assert name_of(len) == "handler len"
