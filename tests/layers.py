"""Every layer of kit, as the tests make it: how it is built, what it needs from outside, what it shows for itself."""

from __future__ import annotations

import importlib
import io
import pkgutil
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import kit
from kit.wsgi import Layer

__all__ = ["LAYERS", "Case", "found"]


class Case(NamedTuple):
    """One layer: `make(app)`; the environ keys of the layers outside; a header that its answers carry."""

    make: Callable[[Any], Any]
    environ: Mapping[str, Any] = {}
    header: str = ""


def found() -> set[str]:
    """The dotted name of every public layer in kit."""
    names = set()
    for module in pkgutil.walk_packages(kit.__path__, "kit."):
        if not module.name.startswith(("kit._recipes", "kit.wsgi", "kit.cli")):
            for each in vars(importlib.import_module(module.name)).values():
                if isinstance(each, type) and issubclass(each, Layer) and each.__module__ == module.name:
                    names.add(f"{each.__module__}.{each.__name__}")
    return {name for name in names if not name.rpartition(".")[2].startswith("_")}


def _layer(name: str, **options: Any) -> Callable[[Any], Any]:
    def make(app: Any) -> Any:
        module, _, attribute = name.rpartition(".")
        made = {key: value() if callable(value) else value for key, value in options.items()}
        return getattr(importlib.import_module(module), attribute)(app, **made)

    return make


def _ring() -> Any:
    from kit.seal import KeyRing

    return KeyRing([sha256(b"tests").digest()])


def _db() -> Any:
    from kit.data import open_db

    return open_db("memory:", models=[])


def _store() -> Any:
    from kit.stores import MemoryStore

    return MemoryStore()


def _bearer() -> Any:
    from kit.security.ways import bearer

    return bearer({"t": "ann"}.get)


HTTPS = {"wsgi.url_scheme": "https"}

LAYERS: dict[str, Case] = {
    "kit.observe.RequestId": Case(_layer("kit.observe.RequestId"), header="X-Request-Id"),
    "kit.observe.AccessLog": Case(_layer("kit.observe.AccessLog", sink=io.StringIO)),
    "kit.audit.Audit": Case(_layer("kit.audit.Audit", sink=lambda: lambda record: None)),
    "kit.security.proxy.TrustedProxy": Case(_layer("kit.security.proxy.TrustedProxy", proxies=lambda: ["127.0.0.1"])),
    "kit.security.host.TrustedHosts": Case(_layer("kit.security.host.TrustedHosts", hosts=lambda: ["127.0.0.1"])),
    "kit.security.https.Https": Case(_layer("kit.security.https.Https"), HTTPS),
    "kit.security.headers.Headers": Case(_layer("kit.security.headers.Headers"), header="Content-Security-Policy"),
    "kit.security.cors.Cors": Case(
        _layer("kit.security.cors.Cors", origins=lambda: ["https://a.example"]), header="Vary"
    ),
    "kit.security.isolation.Isolation": Case(_layer("kit.security.isolation.Isolation")),
    "kit.security.limits.Limits": Case(_layer("kit.security.limits.Limits")),
    "kit.security.body_limit.BodyLimit": Case(_layer("kit.security.body_limit.BodyLimit", bytes=65536)),
    "kit.security.rate_limit.RateLimit": Case(
        _layer("kit.security.rate_limit.RateLimit", store=_store, limit=10_000, per=60), header="RateLimit"
    ),
    "kit.security.csrf.Csrf": Case(_layer("kit.security.csrf.Csrf", keys=_ring)),
    "kit.render.errors.ErrorPages": Case(_layer("kit.render.errors.ErrorPages")),
    "kit.render.static.Static": Case(
        _layer("kit.render.static.Static", folder=Path(__file__).parent, prefix="/static")
    ),
    "kit.security.login.Login": Case(_layer("kit.security.login.Login", by=lambda: [_bearer()])),
    "kit.render.locale.Locale": Case(_layer("kit.render.locale.Locale", locales=lambda: ["en", "de"])),
    "kit.render.compress.Compress": Case(_layer("kit.render.compress.Compress")),
    "kit.routing.conditions.Varies": Case(_layer("kit.routing.conditions.Varies", header="Accept"), header="Vary"),
    "kit.data.request.PerRequest": Case(_layer("kit.data.request.PerRequest", db=_db)),
    "kit.sessions.layer.Sessions": Case(_layer("kit.sessions.Sessions", store=_store)),
}
