"""Make secret keys, and rotate them: the first key of a file seals, all of them open.

  kit keys new                 print a new key, for an environment variable
  kit keys new .kit-keys       make the file with one key, readable by its owner alone
  kit keys rotate .kit-keys    put a new key in front; sessions and tokens of the older ones stay valid
  kit keys rotate .kit-keys --keep 2     … and drop all but the two newest

Rotate, let every process load the file again, and drop the oldest key once nothing sealed with it can still be valid:
after the longest life of a session or token. A key that has leaked is dropped at once: --keep 1.
"""

from __future__ import annotations

import argparse
import os
import secrets
import stat
from pathlib import Path

from kit.errors import ConfigError
from kit.seal import KeyRing, new_key

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `kit keys`."""
    parser.add_argument("action", choices=("new", "rotate"))
    parser.add_argument("path", metavar="FILE", nargs="?", type=Path)
    parser.add_argument("--keep", metavar="N", type=int, help="rotate: how many keys the file has afterwards, at most")


def run(args: argparse.Namespace) -> None:
    """Make or rotate keys; a key is printed only where no file is named."""
    if args.keep is not None and (args.action == "new" or args.keep < 1):
        raise ConfigError("--keep is for rotate, and at least 1", hint="kit keys rotate FILE --keep 2")
    if args.action == "new" and args.path is None:
        print(new_key())
    elif args.action == "new":
        if args.path.exists():
            raise ConfigError(f"there is a file {args.path}", hint=f"kit keys rotate {args.path}")
        KeyRing.load(args.path.absolute(), create=True)  # a bare KEYS would be the name of a variable
        print(f"made {args.path}: keep it out of version control and out of backups that others read")
    elif args.path is None:
        raise ConfigError("rotate needs the file of keys", hint="kit keys rotate FILE")
    else:
        count = rotate(args.path, keep=args.keep)
        print(f"{args.path} has {count} keys now: load it again in every process")


def rotate(path: Path, *, keep: int | None = None) -> int:
    """Put a new key in front of those in `path`, all or nothing; how many the file has afterwards.

    A link stays a link, and the file keeps its owner, group and mode.
    """
    path = Path(os.path.realpath(path))
    lock = path.with_name(f"{path.name}.lock")
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise ConfigError(f"{path} is being rotated by another process", hint=f"if none is, remove {lock}") from None
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigError(f"no keys: there is no folder {path.parent}", hint="kit keys new FILE makes them") from None
    except OSError as error:
        what = f"cannot write in {path.parent} ({error.strerror})"
        raise ConfigError(what, hint="rotate as the user that the folder belongs to") from None
    try:
        kept, comments = _read(path, keep)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            if os.name == "posix":
                _give(file.fileno(), path)
            file.write("\n".join([*comments, *kept]) + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
        lock.unlink()
    return len(kept)


def _read(path: Path, keep: int | None) -> tuple[list[str], list[str]]:
    """The keys that stay, a new one first, and the comments of the file."""
    KeyRing.load(path)
    lines = [line.strip() for line in path.read_text("utf-8").splitlines() if line.strip()]
    keys = [line for line in lines if not line.startswith("#")]
    return [new_key(), *keys][:keep], [line for line in lines if line.startswith("#")]


def _give(handle: int, path: Path) -> None:
    """The owner, group and mode of `path` to the open file; refused if somebody who reads the keys no longer could."""
    old, new = path.stat(), os.fstat(handle)
    try:
        os.fchown(handle, old.st_uid, old.st_gid)
    except PermissionError:
        if old.st_uid != new.st_uid or old.st_mode & stat.S_IRWXG:
            what = f"{path} would no longer have its owner and group ({old.st_uid}:{old.st_gid})"
            raise ConfigError(what, hint="rotate as root, or as its owner and a member of its group") from None
    os.fchmod(handle, stat.S_IMODE(old.st_mode))
