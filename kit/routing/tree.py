"""Compile ranked rules to one function: a decision tree that only discards rules which cannot fit, written as Python.

>>> from kit.routing.rules import Rule
>>> find = compile_rules([
...     Rule("show", heads=("", "posts", None), variables=[(2, "id", None)], methods=["GET"]),
...     Rule("home", heads=("", ""))])
>>> find("/posts/7", "GET"), find("/", "PUT"), find("/nothing", "GET")
(('show', {'id': '7'}), ('home', {}), None)
>>> find("/posts/7", "PUT")
(None, ('GET',))

The survivors at a leaf stay in order of rank, and each is verified there as far as the way to it has not done so.
Hence the answer is that of trying all rules in turn. A branch is taken on the number of segments, then on the segment
that divides the rules best; few literals become an if-chain, many one dict. Functions of equal form share their code.
"""

from __future__ import annotations

from itertools import groupby

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from kit.routing.rules import Find, Rule

    Known = frozenset[int]
    Answer = tuple[Any, dict[str, Any]]
    Exact = dict[str, tuple[dict[str | None, Answer], Answer | None]]

__all__ = ["compile_rules", "leaves", "shortcuts"]

_CHAIN = 3  # up to so many literals are compared one by one; measured: a dict and a call cost as much as four
_COUNTS = 8
_SMALL = 2  # groups that are not worth another branch
_DEEP = 8  # levels of one function


def compile_rules(rules: Sequence[Rule], exact: Exact | None = None) -> Find:
    """`find(path, method, environ=None)`: (target, variables), or None, or (None, methods) where only the method is
    wrong.

    The method None asks for the first rule of any method. `exact` are the answers that need no tree: see `shortcuts`.
    """
    find: Find = _Writer(len(rules)).root(list(rules), shortcuts([list(rules)]) if exact is None else exact)
    return find


def shortcuts(buckets: Iterable[list[Rule]]) -> Exact:
    """The answers for paths that one rule fits literally, by path and method, where nothing of higher rank could fit.

    A bucket is a run of rules that could stand in each other's way: those of one static prefix.
    """
    found: Exact = {}
    closed: set[str] = set()
    for bucket in buckets:
        for rule in bucket:
            if not rule.static:
                break  # what follows in this bucket is left to the tree
            path, answer = rule.path, (rule.target, rule.defaults)
            if path in closed:
                continue
            if rule.condition or rule.methods is None:
                closed.add(path)  # nothing behind it can be told here
            if not rule.condition:
                by_method, _ = found.get(path, ({}, None))
                for method in (None, *(rule.methods or ())):
                    by_method.setdefault(method, answer)
                found[path] = (by_method, answer if rule.methods is None else None)
    return found


def leaves(rules: Sequence[Rule]) -> Iterable[list[Rule]]:
    """Runs of rules, in order of rank, of which two may fit one URL: whatever two do is in one of them together."""
    writer = _Writer(len(rules))
    for number in sorted({len(rule.heads) for rule in rules}):
        inside = [rule for rule in rules if len(rule.heads) == number or (rule.more and len(rule.heads) < number)]
        yield from writer.leaves(inside, frozenset(), number)


class _Group:
    """Rules of one shape, next to each other in rank."""

    def __init__(self, rules: list[Rule]) -> None:
        self.first = first = rules[0]
        self.rules: list[Rule] = []
        self.heads, self.condition, self.verify = first.heads, first.condition, first.verify
        self.any: Rule | None = None
        self.by_method: dict[str | None, Rule] = {None: first}
        for rule in rules:
            self.rules.append(rule)
            if rule.methods is None:
                self.any = rule
                break  # those behind it are dead
            for method in rule.methods:
                self.by_method.setdefault(method, rule)
        self.allowed = tuple(sorted(method for method in self.by_method if method)) if first.tells else ()


def _groups(rules: Iterable[Rule]) -> list[_Group]:
    found: list[_Group] = []
    for _, same in groupby(rules, lambda rule: rule.shape or id(rule)):
        found.append(_Group(list(same)))
    return found


class _Source:
    """The lines of one function, and the constants it uses."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.constants: list[Any] = []
        self._names: dict[Any, str] = {}

    def put(self, indent: int, line: str) -> None:
        self.lines.append("    " * indent + line)

    def constant(self, value: Any) -> str:
        key = value if isinstance(value, str) else id(value)
        if key not in self._names:
            self._names[key] = f"K{len(self.constants)}"
            self.constants.append(value)
        return self._names[key]


class _Writer:
    """Writes the functions of one tree."""

    def __init__(self, count: int) -> None:
        self.makers: dict[str, Any] = {}
        self.copies = 16 * count + 4096  # how many more times rules may be copied into branches

    def root(self, rules: list[Rule], exact: Any) -> Any:
        out = _Source()
        if exact:
            out.put(2, f"s = {out.constant(exact)}.get(path)")
            out.put(2, "if s is not None:")
            out.put(3, "s = s[0].get(method, s[1])")
            out.put(3, "if s is not None:")
            out.put(4, "return s[0], s[1].copy()" if _any_defaults(exact) else "return s[0], {}")
        out.put(2, "p = path.split('/')")
        self.counts(out, rules)
        return self.make(out, "path, method, environ=None")

    def make(self, out: _Source, arguments: str = "path, method, environ, p") -> Any:
        names = ", ".join(f"K{at}" for at in range(len(out.constants)))
        source = "\n".join([f"def make({names}):", f"    def find({arguments}):", *out.lines, "    return find"])
        maker = self.makers.get(source)
        if maker is None:
            scope: dict[str, Any] = {}
            exec(compile(source, "<kit.routing.tree>", "exec"), scope)  # built of indexes and constants' names alone
            maker = self.makers[source] = scope["make"]
        return maker(*out.constants)

    def counts(self, out: _Source, rules: list[Rule]) -> None:
        """Branch on the number of segments: the exact numbers first, the commonest of them before the others."""
        numbers = [len(rule.heads) for rule in rules if not rule.more]
        exact = sorted(set(numbers), key=lambda n: (-numbers.count(n), n))
        branches = {
            n: [rule for rule in rules if len(rule.heads) == n or (rule.more and len(rule.heads) <= n)] for n in exact
        }
        out.put(2, "n = len(p)")
        if len(exact) <= _COUNTS:
            for n, inside in branches.items():
                out.put(2, f"if n == {n}:")
                self.body(out, 3, inside, frozenset(), n, 0)
        else:
            jump = {n: self.function(inside, frozenset(), n) for n, inside in branches.items()}
            self.jump(out, 2, jump, "n")
        for least in sorted({len(rule.heads) for rule in rules if rule.more}, reverse=True):
            out.put(2, f"if n >= {least}:")
            self.body(out, 3, [rule for rule in rules if rule.more and len(rule.heads) <= least], frozenset(), least, 0)
        out.put(2, "return None")

    def leaves(self, rules: list[Rule], known: Known, least: int) -> Iterable[list[Rule]]:
        """The rules that stand side by side when nothing divides them any more, leaf by leaf."""
        groups = _groups(rules)
        at = self.best(groups, known, least)
        if at is None:
            yield rules
            return
        branches, rest = _divide(rules, at)
        self.copies -= sum(map(len, branches.values())) + len(rest) - len(rules)
        for inside in (*branches.values(), rest):
            if inside:
                yield from self.leaves(inside, known | {at}, least)

    def jump(self, out: _Source, indent: int, branches: dict[Any, Any], on: str) -> None:
        out.put(indent, f"f = {out.constant(branches)}.get({on})")
        out.put(indent, "if f is not None:")
        out.put(indent + 1, "return f(path, method, environ, p)")

    def function(self, rules: list[Rule], known: Known, least: int) -> Any:
        out = _Source()
        self.body(out, 2, rules, known, least, 0)
        return self.make(out)

    def body(self, out: _Source, indent: int, rules: list[Rule], known: Known, least: int, depth: int) -> None:
        """Lines that answer for `rules`, whose segments `known` are verified, out of `least` or more."""
        groups = _groups(rules)
        at = self.best(groups, known, least) if len(groups) > _SMALL else None
        if at is None:
            return self.leaf(out, indent, groups, known)
        if depth > _DEEP:
            call = out.constant(self.function(rules, known, least))
            return out.put(indent, f"return {call}(path, method, environ, p)")
        branches, rest = _divide(rules, at)
        self.copies -= sum(map(len, branches.values())) + len(rest) - len(rules)
        if len(branches) > _CHAIN:
            self.jump(
                out, indent, {text: self.function(r, known | {at}, least) for text, r in branches.items()}, f"p[{at}]"
            )
        else:
            for text, inside in branches.items():
                out.put(indent, f"if p[{at}] == {out.constant(text)}:")
                self.body(out, indent + 1, inside, known | {at}, least, depth + 1)
        if rest:
            return self.body(out, indent, rest, known, least, depth + 1)
        return out.put(indent, "return None")

    def best(self, groups: list[_Group], known: Known, least: int) -> int | None:
        """The segment to branch on: the one that leaves the fewest groups to try; None if none divides them."""
        found, lowest = None, len(groups) * len(groups)
        for at in range(least):
            if at in known:
                continue
            literals: dict[str, int] = {}
            for group in groups:
                head = group.heads[at] if at < len(group.heads) else None
                if head is not None:
                    literals[head] = literals.get(head, 0) + 1
            rest = len(groups) - sum(literals.values())
            if rest * (len(literals) - 1) > self.copies:
                continue
            cost = sum((size + rest) ** 2 for size in literals.values()) + rest * rest
            if literals and cost // (len(literals) + bool(rest)) < lowest and rest < len(groups):
                found, lowest = at, cost // (len(literals) + bool(rest))
        return found

    def leaf(self, out: _Source, indent: int, groups: list[_Group], known: Known) -> None:
        """Try the groups one after the other."""
        counts = [group for group in groups if group.allowed and group.any is None]
        alone = len(groups) == 1
        if counts and not alone:
            out.put(indent, "a = ()")
        for group in groups:
            left = [(at, head) for at, head in enumerate(group.heads) if head is not None and at not in known]
            tests = [f"p[{at}] == {out.constant(head)}" for at, head in left] + self.fits(out, group)
            inner = indent
            if tests:
                out.put(indent, f"if {' and '.join(tests)}:")
                inner += 1
            self.answer(out, inner, group, alone)
            if not tests and group.any and not group.condition:
                return
        out.put(indent, "return (None, a) if a else None" if counts and not alone else "return None")

    def fits(self, out: _Source, group: _Group) -> list[str]:
        """The tests that the variables of a group need."""
        if group.verify:
            return [f"(d := {out.constant(group.verify)}(path, environ)) is not False"]
        at, _, kind = group.first.tail or (0, "", "")
        tail = {"+": [f"(t := path.split('/', {at})[{at}])"], "/": [f"p[{at}]"]}.get(kind, [])
        tests = tail + [f"p[{at}]" for at, _, convert in group.first.variables if convert is None]
        return tests + [
            f"(v{at} := {out.constant(convert)}(p[{at}])) is not None"
            for at, _, convert in group.first.variables
            if convert
        ]

    def answer(self, out: _Source, indent: int, group: _Group, alone: bool) -> None:
        """Return what the group says to this method."""
        target, variables = self.target(out, group)
        if group.any is not group.first:
            fallback = "" if group.any is None else f", {out.constant(self.named(group.any, group))}"
            table = {method: self.named(rule, group) for method, rule in group.by_method.items()}
            out.put(indent, f"r = {out.constant(table)}.get(method{fallback})")
            if group.any is None:
                out.put(indent, "if r is not None:")
                self.give(out, indent + 1, group, target, variables)
                return self.mismatch(out, indent, group, alone)
        return self.give(out, indent, group, target, variables)

    def give(self, out: _Source, indent: int, group: _Group, target: str, variables: str) -> None:
        if group.condition is None:
            return out.put(indent, f"return {target}, {variables}")
        out.put(indent, f"d = {variables}")
        out.put(indent, f"if {out.constant(group.condition)}(environ, d):")
        return out.put(indent + 1, f"return {target}, d")

    def mismatch(self, out: _Source, indent: int, group: _Group, alone: bool) -> None:
        """The path fits, the method does not: note the methods that would."""
        if not group.allowed:
            return
        if group.condition is not None:
            out.put(indent, f"elif {out.constant(group.condition)}(environ, {'d' if group.verify else '{}'}):")
            indent += 1
        if alone:
            out.put(indent, f"return {out.constant((None, group.allowed))}")
        else:
            out.put(indent, f"a += {out.constant(group.allowed)}")

    def named(self, rule: Rule, group: _Group) -> Any:
        return (rule.target, rule.defaults) if self.mixed(group) else rule.target

    @staticmethod
    def mixed(group: _Group) -> bool:
        """Whether the rules of a group have different defaults."""
        return any(rule.defaults != group.first.defaults for rule in group.rules)

    def target(self, out: _Source, group: _Group) -> tuple[str, str]:
        """The expressions for the target and for the variables."""
        target = out.constant(group.first.target) if group.any is group.first else "r"
        if group.verify:
            return target, "d"
        values = [(name, f"v{at}" if convert else f"p[{at}]") for at, name, convert in group.first.variables]
        if group.first.tail:
            at, name, kind = group.first.tail
            values.append((name, "t" if kind == "+" else f"path.split('/', {at})[{at}]"))
        own = [f"{out.constant(name)}: {value}" for name, value in values]
        if self.mixed(group):
            return "r[0]", "{" + ", ".join(["**r[1]", *own]) + "}"
        names = {name for name, _ in values}
        defaults = [f"{out.constant(k)}: {out.constant(v)}" for k, v in group.first.defaults.items() if k not in names]
        return target, "{" + ", ".join(defaults + own) + "}"


def _divide(rules: list[Rule], at: int) -> tuple[dict[str, list[Rule]], list[Rule]]:
    """The rules by their literal at one segment, those with none there copied into each; and the latter alone."""
    branches: dict[str, list[Rule]] = {}
    for rule in rules:
        head = rule.heads[at] if at < len(rule.heads) else None
        if head is not None:
            branches.setdefault(head, [])
    rest: list[Rule] = []
    for rule in rules:
        head = rule.heads[at] if at < len(rule.heads) else None
        if head is not None:
            branches[head].append(rule)
        else:
            rest.append(rule)
            for inside in branches.values():
                inside.append(rule)
    return branches, rest


def _any_defaults(exact: Any) -> bool:
    return any(answer and answer[1] for answers, rest in exact.values() for answer in (*answers.values(), rest))
