"""Pages, every other output format, files and error pages: everything that leaves an application.

`Templates` (Mako, escaped always), `renders` (one object, many formats, negotiated), and the layers `Static`,
`Compress`, `Locale` and `ErrorPages`.
"""

from kit.render.assets import Assets
from kit.render.compress import Compress
from kit.render.engine import Engine, TemplateError, UndefinedName
from kit.render.errors import ErrorPages
from kit.render.escape import Markup, safe_json, safe_url
from kit.render.formats import Format
from kit.render.locale import Locale
from kit.render.renders import renders
from kit.render.static import Static
from kit.render.templates import Templates

__all__ = [
    "Assets",
    "Compress",
    "Engine",
    "ErrorPages",
    "Format",
    "Locale",
    "Markup",
    "Static",
    "TemplateError",
    "Templates",
    "UndefinedName",
    "renders",
    "safe_json",
    "safe_url",
]
