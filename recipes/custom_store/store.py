"""A store on Redis or Valkey: the seven methods of `kit.stores.Store`, each one step for the server.

Every entry is a hash; every user has a sorted set of the keys that are his. What must be atomic is a script that the
server runs without interruption, and it says the time itself only for the room: whether an entry has expired is decided
by `clock`, and the server deletes it an hour later by its own. For a Redis Cluster, put {…} into `prefix`.
"""

import contextlib
import time

from kit.errors import Unavailable
from kit.stores import Entry
from kit.stores.protocol import check_key, check_ttl, new_version

LATER = 3600

# KEYS: the entry.  ARGV: what, now, prefix of the sets; value, version, expires, milliseconds to keep, owner ("" keeps
# what is there); the version that `swap` wants
SCRIPT = """
local what, now, sets = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local value, version, expires, keep, owner, wanted = ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9]
local old = redis.call('HMGET', KEYS[1], 'expires', 'version', 'owner')
local live = old[1] and tonumber(old[1]) > now
if what == 'add' then
  if live then return 0 end
  redis.call('DEL', KEYS[1])
elseif not live or (what == 'swap' and old[2] ~= wanted) then
  return 0
end
if old[3] and (what == 'remove' or what == 'add' or owner ~= '') then
  redis.call('ZREM', sets .. old[3], KEYS[1])
end
if what == 'remove' then return redis.call('DEL', KEYS[1]) end
if what ~= 'touch' then redis.call('HSET', KEYS[1], 'value', value, 'version', version) end
if owner == '' and what ~= 'add' then owner = old[3] or '' end
if expires ~= '' then
  redis.call('HSET', KEYS[1], 'expires', expires)
  redis.call('PEXPIRE', KEYS[1], keep)
else
  expires = old[1]
end
if owner ~= '' then
  redis.call('HSET', KEYS[1], 'owner', owner)
  redis.call('ZADD', sets .. owner, expires, KEYS[1])
  redis.call('PEXPIRE', sets .. owner, math.max(tonumber(keep), redis.call('PTTL', sets .. owner)))
end
return 1
"""


class RedisStore:
    """Entries under `prefix` in the database that `url` names; `timeout` in seconds bounds every operation."""

    def __init__(self, url, *, prefix="kit:", timeout=5.0, clock=time.time):
        self.url, self.prefix, self.timeout, self.clock = url, prefix, timeout, clock
        self.client = self.script = None

    def get(self, key):
        """The entry, or None."""
        with self._redis() as client:
            return self._entry(check_key(key), client.hgetall(self._name(key)))

    def add(self, key, value, *, ttl, owner=None):
        """Insert; False if a live entry is there."""
        return self._run("add", key, value, ttl=check_ttl(ttl), owner=owner)

    def swap(self, key, value, *, version, ttl=None, owner=None):
        """Compare and set; False if the entry moved or is gone."""
        return self._run("swap", key, value, ttl=ttl, owner=owner, wanted=version)

    def touch(self, key, *, ttl):
        """New expiry, same version."""
        return self._run("touch", key, ttl=check_ttl(ttl))

    def remove(self, key):
        """Delete; True for exactly one of many callers."""
        return self._run("remove", key)

    def owned(self, owner):
        """All live entries of `owner`."""
        with self._redis() as client:
            names = client.zrange(self._set(check_key(owner, "owner")), 0, -1)
            pipe = client.pipeline(transaction=False)
            for name in names:
                pipe.hgetall(name)
            found = zip(names, pipe.execute(), strict=True)
        entries = [self._entry(name.decode()[len(self.prefix) + 2 :], fields) for name, fields in found]
        return [entry for entry in entries if entry is not None and entry.owner == owner]

    def sweep(self, limit=1000):
        """Nothing to do: the server deletes what has expired."""
        with self._redis() as client:
            client.ping()
        return 0

    def close(self):
        """Close the connections; a later call opens again."""
        client, self.client = self.client, None
        if client is not None:
            client.close()

    def _name(self, key):
        return f"{self.prefix}e:{key}"

    def _set(self, owner):
        return f"{self.prefix}o:{owner}"

    def _run(self, what, key, value=b"", *, ttl=None, owner=None, wanted=""):
        now = self.clock()
        expires, keep = ("", 0) if ttl is None else (repr(now + check_ttl(ttl)), int((ttl + LATER) * 1000))
        owner = "" if owner is None else check_key(owner, "owner")
        name = self._name(check_key(key))
        args = [what, repr(now), f"{self.prefix}o:", bytes(value), new_version(), expires, keep, owner, wanted]
        with self._redis():
            return self.script(keys=[name], args=args) == 1

    def _entry(self, key, fields):
        expires = float(fields[b"expires"]) if fields else 0.0
        if expires <= self.clock():
            return None
        owner = fields[b"owner"].decode() if b"owner" in fields else None
        return Entry(key, fields[b"value"], int(fields[b"version"]), expires, owner)

    @contextlib.contextmanager
    def _redis(self):
        import redis  # pip install redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        try:
            if self.client is None:
                # no silent second try: an `add` that was done but not confirmed would answer False
                limits = {"socket_timeout": self.timeout, "socket_connect_timeout": self.timeout}
                client = redis.Redis.from_url(self.url, retry=Retry(NoBackoff(), 0), **limits)
                self.script, self.client = client.register_script(SCRIPT), client
            yield self.client
        except redis.RedisError as exc:
            raise Unavailable(f"Redis fails ({exc})", hint="is the server up and within reach?") from exc
