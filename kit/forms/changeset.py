"""Changeset: a form filled in, as a value: what was posted, what it is worth, what is wrong with it, and how it looks.

Nothing about it changes. What looks like a change gives a new one: `refuse`, `apply_intent`, `with_error`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from kit.errors import ConfigError, Invalid
from kit.forms.draw import draw_group
from kit.forms.html import Html, attributes, escape
from kit.forms.intents import applied, is_intent
from kit.forms.keep import keep, kept
from kit.forms.leaf import Leaf
from kit.forms.look import Look, holed, look
from kit.forms.node import Error, Node, Run, held
from kit.forms.nodes import Either, Group, Nest, Rows
from kit.forms.respond import respond
from kit.forms.schema import schema_of
from kit.forms.setting import Call, Setting
from kit.forms.source import Source
from kit.forms.spec import MISSING
from kit.forms.view import view

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kit.stores.protocol import Store

__all__ = ["Changeset"]

F = TypeVar("F")


class Changeset(Generic[F]):
    """What `SomeForm.bind(request)` gives; F is the form class. Write it whole in a template, or field by field.

    Its own names are few, and a field may not be called like one of them (the class says so, with the cure).
    """

    #: what was found wrong: (path, code, params) each
    errors: tuple[Error, ...]
    #: the button that adds, removes or moves a row, if it was that: "choices.2.remove"
    intent: str
    #: the path of the input or button that takes the focus
    focus: str
    #: the name of the chosen action; None for a form without actions
    action: str | None

    def __init__(
        self, group: Group, source: Source | None, data: Any, setting: Setting, call: Call, action: str | None
    ) -> None:
        own, values = self.__dict__, {}
        own.update(_group=group, _source=source, _data=data, _setting=setting, _call=call, focus="", _kept={})
        own.update(errors=(), intent="", action=action or next(iter(group.actions), None))
        if source is not None:
            values = self._read(group, source, action)
        own["_values"] = values

    def _read(self, group: Group, source: Source, action: str | None) -> dict[str, Any]:
        own, do, permit, data = self.__dict__, source.own.get("_do", ""), None, MISSING
        run = Run(json=source.json, partial=source.partial)
        if source.own:
            run.kept = own["_kept"] = kept(source.own, self._call.keys, self._call.files)
        if do:
            do = do if isinstance(do, str) else "?"
            if do in group.actions:
                own["action"] = action or do
            elif not source.json and is_intent(group, do):
                own["intent"] = do
            elif group.actions:
                run.wrong("", "intent")
        if self.action:
            permit = group.actions[self.action].permit
        if permit is not None or source.partial:
            data = self._data
        values = group.cast(source.tree, "", run, data, permit)
        if self._setting.guard is not None and not self.intent:
            fault = self._setting.guard.fault(source.own, self._call.keys, self._call.clock())
            if fault:
                run.wrong("", fault)
        if not self.intent:
            own["errors"] = tuple(run.errors)
        return values

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a changeset is a value: .{name} cannot be set")

    def __repr__(self) -> str:
        state = "valid" if self.valid else f"{len(self.errors)} errors" if self.bound else "not posted"
        return f"<{self._group.make.__name__} {state}>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Any:
        """The field `name` for a template."""
        return view(self, self._group, name, "", *self._input())

    def __iter__(self) -> Iterator[Any]:
        """The fields, in their order."""
        return (self[part.attribute] for part in self._group.parts)

    @property
    def bound(self) -> bool:
        """Whether anything was posted."""
        return self._source is not None

    @property
    def came_as_json(self) -> bool:
        """Whether it was posted as JSON."""
        return self._source is not None and self._source.json

    @property
    def valid(self) -> bool:
        """Whether everything was posted, is right, and is meant to be saved: not with a button that adds a row."""
        return self._source is not None and not self.errors and not self.intent

    @property
    def value(self) -> F:
        """The form's value, an instance of its class; `Invalid` if there is none."""
        if not self.valid:
            wrong = ", ".join(f"{e.path or 'form'}: {e.code}" for e in self.errors[:5])
            raise Invalid(f"no value: {wrong or repr(self)}", hint="ask .valid first")
        group, data = self._group, self._data
        values = self._values if data is None else group.over(self._values, data)
        made: F = group.build(values)
        return made

    @property
    def changes(self) -> dict[str, Any]:
        """What the post changes, by attribute, as plain values: what differs from `data`; without `data`, all of it."""
        made = {}
        for part in self._group.parts:
            if part.stored and part.attribute in self._values:
                value = plain(self._values[part.attribute], part)
                if plain(held(self._data, part.attribute), part) != value:
                    made[part.attribute] = value
        return made

    def refuse(self, exc: BaseException) -> Changeset[F]:
        """This form with what a store refused: each of `exc.fields` gets the error "taken".

        An exception without `.fields` that the form knows makes an error of the whole form. What else the exception
        says is for logs, not for users.
        """
        fields = getattr(exc, "fields", None) or ()
        code = "taken" if fields else "refused"
        known = {part.attribute: part.name for part in self._group.parts}
        paths = [known[name] for name in ([fields] if isinstance(fields, str) else fields) if name in known]
        return self._with(errors=(*self.errors, *(Error(path, code, {}) for path in paths or [""])))

    def with_error(self, path: str, code: str, **params: Any) -> Changeset[F]:
        """This form with one more error; `path` is the name of an input, "" for the form as a whole."""
        return self._with(errors=(*self.errors, Error(path, code, params)))

    def apply_intent(self) -> Changeset[F]:
        """This form after its button has added, removed or moved a row: to be shown again, with no errors yet."""
        if not self.intent or self._source is None:
            return self
        tree, focus = applied(self._group, self._source.tree, self.intent)
        return self._with(_source=self._source._replace(tree=tree), focus=focus, errors=())

    def respond(self, environ_or_request: Any, page: Callable[[Any], Any]) -> Any:
        """The answer that shows this form again: 422 with errors, 200 without.

        `page(form)` makes it for browsers; a client that prefers JSON gets problem+json. A button that adds or removes
        a row has done so. It may be called for a form that is valid or was never posted, too.
        """
        return respond(self.apply_intent(), environ_or_request, page)

    # -- for templates

    @cached_property
    def look(self) -> Look:
        """Theme and locale (`kit.locale` of the request)."""
        setting = self._setting
        return look(setting.theme, setting.catalogue, str(self._call.environ.get("kit.locale", "en")), setting.scope)

    @cached_property
    def faults(self) -> Mapping[str, list[Error]]:
        """Errors by path."""
        found: dict[str, list[Error]] = {}
        for error in self.errors:
            found.setdefault(error.path, []).append(error)
        return found

    @cached_property
    def keepsakes(self) -> Mapping[str, tuple[str, str]]:
        """Files kept from this post: (token, name) by path. They go to the store when the page is drawn."""
        tree = None if self._source is None else self._source.tree
        return keep(self._group, tree, self._kept, self._call.keys, self._call.files)

    def claim(self, store: Store, *, ttl: float = 86400) -> bool:
        """True for exactly one of many posts of the same page: ask before you save. Needs a guard.

        The page's id is kept in `store` for `ttl` seconds, which should not be less than the guard's `hours`.
        """
        guard, source = self._setting.guard, self._source
        opened = guard.opened(source.own, self._call.keys) if guard and source else None
        if opened is None:
            raise ConfigError(
                "this form has no token to claim", hint="give its class guard=Guard() and ask .valid first"
            )
        return store.add(f"form-once:{opened[0]}", b"1", ttl=ttl)

    def attrs(self, **extra: Any) -> Html:
        """The attributes of the form element, which posts to the page it is on: `<form${form.attrs()}>`."""
        made: dict[str, Any] = {
            "method": self._setting.method,
            "action": _here(self._call.environ, self._setting.method),
        }
        if self._group.has_files:
            made["enctype"] = "multipart/form-data"
        return attributes({**made, **extra})

    def csrf(self) -> Html:
        """The hidden inputs: the token of kit.security's Csrf, if it is there, and a first button for the Enter key.

        Browsers press the first button of a form on Enter; that must not be the one that removes a row.
        """
        html = ""
        if self._group.has_rows:
            name = f' name="_do" value="{self.action}"' if self.action else ""
            html = f'<button type="submit"{name} hidden></button>'
        token = self._call.environ.get("kit.csrf")
        if token is not None and self._setting.method == "post":  # never in a URL
            html = f'<input type="hidden" name="_csrf" value="{escape(token())}">{html}'
        if self._setting.guard is not None:
            own = {} if self._source is None else self._source.own
            html += self._setting.guard.inputs(own, self._call.keys, self._call.clock())
        return Html(html)

    def client(self) -> Html:
        """The form's rules for the JavaScript module (kit.forms.client.SCRIPT), to stand inside the form element."""
        from kit.forms.client import data_block  # few pages need it

        return data_block(schema_of(self._group, self.look.texts), self._setting.scope)

    def summary(self) -> Html:
        """All errors with links to their inputs, to stand on top of the page; nothing if there is none."""
        if not self.errors:
            return Html()
        items = []
        for error in self.errors:
            labels, part = self._where(error.path)
            target = escape(self._setting.scope + error.path) if part else ""
            items.append((target, escape(self._sentence(error, labels, part))))
        return Html(self.look.theme.summary(self.look.text("There is a problem"), list(dict.fromkeys(items))))

    def submit(self, action: str = "", label: str = "") -> Html:
        """A submit button: of an action of the form, or (without actions) with any word: `submit("save")`."""
        known = self._group.actions.get(action)
        text = self.look.text(label or (known.label if known else action.replace("_", " ").capitalize() or "Save"))
        if known:
            return Html(holed(self.look.button(action, text, main=True))("", "", "", "", "", ""))
        return Html(self.look.theme.button(text, ' type="submit"', main=True))

    def page_title(self, title: str) -> str:
        """The title of the page, marked when there are errors, so that it is heard first: "Error: Sign up"."""
        return f"{self.look.texts.text('Error')}: {title}" if self.errors else title

    def render(self, **attrs: Any) -> Html:
        """The whole form; `attrs` are further attributes of its element."""
        body = draw_group(self, self._group, "", *self._input())
        submits = "".join(map(self.submit, self._group.actions or [""]))
        return Html(self.look.theme.form(self.attrs(**attrs), f"{self.csrf()}{self.summary()}{body}{submits}"))

    def __html__(self) -> str:
        return self.render()

    def __str__(self) -> str:
        return self.render()

    def _input(self) -> tuple[Any, Any]:
        """What was posted and what is stored."""
        data = MISSING if self._data is None else self._data
        return (MISSING if self._source is None else self._source.tree), data

    def sentence(self, error: Error) -> str:
        """What is wrong, for people, and where: "Choice 2, Text: Enter a value"."""
        return self._sentence(error, *self._where(error.path))

    def _sentence(self, error: Error, labels: list[str], part: Node | None) -> str:
        own = part.messages if isinstance(part, Leaf) else None
        return ": ".join([", ".join(labels)] * bool(labels) + [self.look.texts.message(error.code, error.params, own)])

    def _where(self, path: str) -> tuple[list[str], Node | None]:
        """The labels on the way to an input, and its part; None if there is no such input."""
        part: Node | None = self._group
        labels: list[str] = []
        tree = None if self._source is None else self._source.tree
        for step in path.split(".") if path else ():
            if isinstance(part, Rows):
                keys = list(tree) if isinstance(tree, dict) else [step]
                number = keys.index(step) + 1 if step in keys else step
                labels[-1] = f"{self.look.texts.text(part.each)} {number}"
                part = part.row(tree.get(step) if isinstance(tree, dict) else None)
            else:
                part = part.item if isinstance(part, Nest) else part
                part = part.by_name.get(step) if isinstance(part, Group) else None
                labels.append(self.look.texts.text(part.label) if part else step)
            tree = tree.get(step) if isinstance(tree, dict) else None
        return labels, None if part is self._group else part

    def _with(self, **changes: Any) -> Changeset[F]:
        new: Changeset[F] = object.__new__(type(self))
        new.__dict__.update(self.__dict__)
        for name in ("faults", "keepsakes"):
            new.__dict__.pop(name, None)
        new.__dict__.update(changes)
        return new


_PLAIN = re.compile(r"[\w/.~\-]*", re.ASCII).fullmatch  # what needs no quoting


def _here(environ: Mapping[str, Any], method: str) -> str | None:
    """The URL of this page without the fragment that a link of the summary leaves: browsers would focus that again."""
    path = f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}"
    if not _PLAIN(path):
        path = quote(path, encoding="latin-1")
    query = environ.get("QUERY_STRING")
    if not path.startswith("/") or path.startswith("//"):  # the latter would be another host
        return None
    return f"{path}?{query}" if query and method == "post" else path


def plain(value: Any, part: Node) -> Any:
    """A value with forms in it as dicts, ready for a store; rows of several forms have their `_kind`."""
    if isinstance(value, list):
        tagged = isinstance(part, Rows) and isinstance(part.item, Either)
        return [{"_kind": type(item).__name__, **item.asdict()} if tagged else plain(item, part) for item in value]
    return value.asdict() if hasattr(value, "__group__") else value
