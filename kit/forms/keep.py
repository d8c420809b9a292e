"""Files that survive a failed post: `Profile.bind(request, keys=ring, files=store)`.

A browser forgets a chosen file when a page comes back. With a store (kit.stores) and keys, the file is put there for an
hour, and the page carries a sealed token for it; the next post may leave the input empty. A token opens only for the
input it was made for. Larger files than `LARGEST` are not kept: they have to be chosen again.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any

from kit.forms.leaf import Leaf
from kit.forms.nodes import Group, Nest, Rows
from kit.forms.uploads import File
from kit.seal import BrokenSeal, KeyRing, Sealer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kit.stores.protocol import Store

__all__ = ["LARGEST", "keep", "kept"]

#: bytes; what every store takes as one value
LARGEST = 8 << 20
_TTL = 3600.0
_PREFIX = "_keep."


def kept(own: Mapping[str, Any], keys: KeyRing | None, files: Store | None) -> dict[str, File]:
    """The files of an earlier post, by the path of their input."""
    found: dict[str, File] = {}
    if keys is None or files is None:
        return found
    for name, token in own.items():
        if name.startswith(_PREFIX) and isinstance(token, str):
            file = _opened(name.removeprefix(_PREFIX), token, Sealer(keys, "form-file"), files)
            if file is not None:
                found[name.removeprefix(_PREFIX)] = file
    return found


def keep(
    group: Group, tree: Any, old: Mapping[str, File], keys: KeyRing | None, files: Store | None
) -> dict[str, tuple[str, str]]:
    """Put the files of a post into the store: (token, name) by path."""
    made: dict[str, tuple[str, str]] = {}
    if keys is None or files is None:
        return made
    sealer = Sealer(keys, "form-file")
    for path, file in {**old, **dict(_uploads(group, tree, ""))}.items():
        if file.size <= LARGEST:
            key = secrets.token_urlsafe(32)
            files.add(key, file.value, ttl=_TTL)
            file.file.seek(0)
            facts = json.dumps([key, file.sent_name, file.type]).encode()
            made[path] = sealer.seal(facts, bound=path.encode()), file.filename
    return made


def _opened(path: str, token: str, sealer: Sealer, files: Store) -> File | None:
    try:
        key, name, kind = json.loads(sealer.open(token, bound=path.encode()))
    except (BrokenSeal, UnicodeEncodeError):
        return None
    entry = files.get(key)
    return File(path, name, kind, BytesIO(entry.value), len(entry.value)) if entry else None


def _uploads(group: Group, tree: Any, prefix: str) -> Iterator[tuple[str, File]]:
    """The files in the inputs of a form that take one."""
    for part in group.parts if isinstance(tree, dict) else ():
        raw, path = tree.get(part.name), prefix + part.name
        if isinstance(part, Leaf) and isinstance(raw, File) and File in part.kind.takes:
            yield path, raw
        elif isinstance(part, Nest):
            yield from _uploads(part.item, raw, f"{path}.")
        elif isinstance(part, Rows) and isinstance(raw, dict):
            for key, row in raw.items():
                item = part.row(row)
                yield from _uploads(item, row, f"{path}.{key}.") if isinstance(item, Group) else ()
