"""StoreContract: the tests that every store passes. Subclass it, say how yours is opened, and run pytest.

    class TestMine(StoreContract):
        @pytest.fixture
        def opener(self, tmp_path):
            return partial(MyStore, f"myscheme://{tmp_path}")     # called as opener(clock=…); on empty data

`opener` is picklable and opens the same data each time: the contract races several handles, threads and processes, and
kills processes with signal 9 while they write. `clock` is a function that gives the time in seconds since 1970. A store
with `one_process = True` is opened once and spared the processes. `unreachable` may return an opener of a store whose
server is not there, to prove the outage.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from functools import partial
from typing import TYPE_CHECKING

from kit.errors import Unavailable
from kit.stores.racing import (
    SPAWN,
    Clock,
    count_up,
    counting,
    drain,
    in_child,
    opened,
    race,
    refused,
    there,
    writing,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Opener = Callable[..., Any]

__all__ = ["Clock", "StoreContract"]


class StoreContract:
    """Tests of the protocol of `kit.stores.Store`; see the module's text for what a subclass gives."""

    #: how hard the races are; a slow server may do with less
    threads = 8
    rounds = 25
    processes = 2

    def opener(self) -> Opener:
        """A pytest fixture in the subclass: how the store is opened."""
        raise TypeError("give the contract an `opener` fixture: see kit.stores.contract")

    def unreachable(self) -> Opener | None:
        """An opener of the same kind of store whose server does not answer; None if there can be none."""
        return None

    # --- one caller --------------------------------------------------------------------------------------------------

    def test_an_entry_is_kept_as_it_was_given(self, opener: Opener) -> None:
        with opened(opener, clock := Clock()) as store:
            value = bytes(range(256)) * 40
            assert store.add("k", value, ttl=60, owner="ann") is True
            entry = there(store, "k")
            assert (entry.key, entry.value, entry.owner) == ("k", value, "ann")
            assert (type(entry.version), type(entry.value)) == (int, bytes)
            assert abs(entry.expires - clock.now - 60) < 0.01

    def test_what_is_not_there_is_none_or_false(self, opener: Opener) -> None:
        with opened(opener, Clock()) as store:
            assert store.get("k") is None
            assert store.swap("k", b"", version=1) is False
            assert store.touch("k", ttl=9) is False
            assert store.remove("k") is False
            assert store.owned("ann") == []
            assert store.sweep() == 0

    def test_add_inserts_only_once(self, opener: Opener) -> None:
        with opened(opener, Clock()) as store:
            assert store.add("k", b"1", ttl=60) is True
            assert store.add("k", b"2", ttl=60, owner="eve") is False
            entry = there(store, "k")
            assert (entry.value, entry.owner) == (b"1", None)

    def test_swap_replaces_only_the_version_it_names(self, opener: Opener) -> None:
        with opened(opener, Clock()) as store:
            store.add("k", b"1", ttl=60)
            first = there(store, "k").version
            assert store.swap("k", b"2", version=first) is True
            assert store.swap("k", b"3", version=first) is False
            assert there(store, "k").value == b"2"

    def test_swap_with_an_equal_value_succeeds_and_still_moves_the_version(self, opener: Opener) -> None:
        with opened(opener, Clock()) as store:
            store.add("k", b"1", ttl=60)
            first = there(store, "k").version
            assert store.swap("k", b"1", version=first) is True
            assert there(store, "k").version != first

    def test_swap_keeps_expiry_and_owner_unless_they_are_given(self, opener: Opener) -> None:
        with opened(opener, clock := Clock()) as store:
            store.add("k", b"1", ttl=60, owner="ann")
            old = there(store, "k")
            clock.now += 10
            assert store.swap("k", b"2", version=old.version)
            kept = there(store, "k")
            assert (kept.owner, kept.expires) == ("ann", old.expires)
            assert store.swap("k", b"3", version=kept.version, ttl=100, owner="bob")
            assert abs(there(store, "k").expires - clock.now - 100) < 0.01
            assert store.owned("ann") == []
            assert [entry.value for entry in store.owned("bob")] == [b"3"]

    def test_touch_moves_the_expiry_and_nothing_else(self, opener: Opener) -> None:
        with opened(opener, clock := Clock()) as store:
            store.add("k", b"1", ttl=60, owner="ann")
            old = there(store, "k")
            clock.now += 30
            assert store.touch("k", ttl=60) is True
            assert store.touch("k", ttl=60) is True
            new = there(store, "k")
            assert abs(new.expires - clock.now - 60) < 0.01
            assert (new.value, new.version, new.owner) == (old.value, old.version, old.owner)

    def test_remove_is_true_once(self, opener: Opener) -> None:
        with opened(opener, Clock()) as store:
            store.add("k", b"1", ttl=60)
            assert store.remove("k") is True
            assert store.remove("k") is False
            assert store.get("k") is None

    def test_owned_finds_all_and_only_the_owners_entries(self, opener: Opener) -> None:
        with opened(opener, clock := Clock()) as store:
            for number in range(5):
                store.add(f"a{number}", b"", ttl=60 + number, owner="ann")
            for key, owner in [("b", "Ann"), ("c", "ann "), ("d", "änn"), ("e", None)]:
                store.add(key, b"", ttl=60, owner=owner)
            store.remove("a0")
            assert sorted(entry.key for entry in store.owned("ann")) == ["a1", "a2", "a3", "a4"]
            clock.now += 62
            assert sorted(entry.key for entry in store.owned("ann")) == ["a3", "a4"]

    def test_keys_differ_by_case_blank_and_accent(self, opener: Opener) -> None:
        with opened(opener, Clock()) as store:
            keys = ["a", "A", "a ", " a", "á", "a\u0301", "%", "_", "'", '"', "\\", "$where", "a.b", "🔑" * 63]
            keys.append("x" * 255)
            assert [store.add(key, key.encode(), ttl=60) for key in keys] == [True] * len(keys)
            assert [there(store, key).value for key in keys] == [key.encode() for key in keys]

    def test_what_breaks_the_rules_is_refused_before_it_is_sent(self, opener: Opener) -> None:
        with opened(opener, Clock()) as store:
            wrong: Any
            for wrong in ["", "x" * 256, "é" * 128, "a\0b", "\ud800", 7, None, b"k"]:
                refused(store.get, wrong)
                refused(store.add, wrong, b"", ttl=9)
                refused(store.swap, wrong, b"", version=1)
                refused(store.touch, wrong, ttl=9)
                refused(store.remove, wrong)
                refused(store.owned, wrong)
            for ttl in [0, -1, float("nan"), float("inf")]:
                refused(store.add, "k", b"", ttl=ttl)
                refused(store.touch, "k", ttl=ttl)
            assert store.get("k") is None

    # --- time --------------------------------------------------------------------------------------------------------

    def test_an_expired_entry_is_absent_from_everything(self, opener: Opener) -> None:
        with opened(opener, clock := Clock()) as store:
            store.add("k", b"1", ttl=60, owner="ann")
            version = there(store, "k").version
            clock.now += 59.5
            assert store.get("k") is not None
            clock.now += 0.5
            assert store.get("k") is None
            assert store.swap("k", b"2", version=version, ttl=60) is False
            assert store.touch("k", ttl=60) is False
            assert store.owned("ann") == []
            assert store.remove("k") is False

    def test_add_takes_the_place_of_an_expired_entry(self, opener: Opener) -> None:
        with opened(opener, clock := Clock()) as store:
            store.add("k", b"old", ttl=60, owner="ann")
            clock.now += 60
            assert store.add("k", b"new", ttl=60) is True
            entry = there(store, "k")
            assert (entry.value, entry.owner) == (b"new", None)
            assert abs(entry.expires - clock.now - 60) < 0.01
            assert store.owned("ann") == []

    def test_sweep_deletes_what_has_expired_in_bounded_batches(self, opener: Opener) -> None:
        with opened(opener, clock := Clock()) as store:
            for number in range(30):
                store.add(f"old{number}", b"", ttl=10)
            store.add("live", b"", ttl=100)
            clock.now += 50
            counts = [store.sweep(20), store.sweep(20), store.sweep(20)]
            assert max(counts) <= 20
            assert sum(counts) <= 30  # a server may delete by itself
            assert store.get("live") is not None

    # --- versions ----------------------------------------------------------------------------------------------------

    def test_no_version_comes_back_even_after_removal_and_expiry(self, opener: Opener) -> None:
        with opened(opener, clock := Clock()) as store:
            seen = []
            for number in range(20):
                assert store.add("k", b"", ttl=10)
                seen.append(there(store, "k").version)
                assert store.swap("k", b"", version=seen[-1])
                seen.append(there(store, "k").version)
                if number % 2:
                    store.remove("k")
                else:
                    clock.now += 10
            assert len(set(seen)) == len(seen)
            store.add("k", b"last", ttl=10)
            assert not any(store.swap("k", b"revived", version=version) for version in seen)

    # --- races of threads --------------------------------------------------------------------------------------------

    def test_of_many_adds_one_wins(self, opener: Opener) -> None:
        with opened(opener, time.time) as store:
            for number in range(self.rounds):
                won = race(self.threads, lambda n, k: store.add(k, b"%d" % n, ttl=60), f"k{number}")
                assert won.count(True) == 1
                assert there(store, f"k{number}").value == b"%d" % won.index(True)

    def test_of_many_adds_over_an_expired_entry_one_wins(self, opener: Opener) -> None:
        with opened(opener, clock := Clock()) as store:
            for _ in range(self.rounds):
                clock.now += 100
                won = race(self.threads, lambda n: store.add("k", b"%d" % n, ttl=60))
                assert won.count(True) == 1
                assert there(store, "k").value == b"%d" % won.index(True)

    def test_of_many_swaps_of_one_version_one_wins(self, opener: Opener) -> None:
        with opened(opener, time.time) as store:
            store.add("k", b"", ttl=60)
            for _ in range(self.rounds):
                version = there(store, "k").version
                won = race(self.threads, lambda n, v: store.swap("k", b"%d" % n, version=v), version)
                assert won.count(True) == 1
                assert there(store, "k").value == b"%d" % won.index(True)

    def test_of_many_removes_one_wins(self, opener: Opener) -> None:
        with opened(opener, time.time) as store:
            for _ in range(self.rounds):
                store.add("k", b"", ttl=60)
                assert race(self.threads, lambda n: store.remove("k")).count(True) == 1

    def test_a_swap_that_meets_a_remove_revives_nothing(self, opener: Opener) -> None:
        with opened(opener, time.time) as store:
            for _ in range(self.rounds):
                store.add("k", b"1", ttl=60)
                version = there(store, "k").version
                calls = [partial(store.remove, "k"), partial(store.swap, "k", b"2", version=version)]
                removed, _ = race(2, lambda n, calls: calls[n](), calls)
                assert removed is True
                assert store.get("k") is None

    def test_a_counter_loses_nothing(self, opener: Opener) -> None:
        with opened(opener, time.time) as store:
            store.add("k", b"0", ttl=60)
            race(self.threads, lambda n: count_up(store, 10))
            assert there(store, "k").value == b"%d" % (self.threads * 10)

    # --- races of processes, and their death -------------------------------------------------------------------------

    def test_processes_and_their_threads_lose_nothing(self, opener: Opener) -> None:
        with opened(opener, time.time) as store:
            if getattr(store, "one_process", False):
                return
            store.add("k", b"0", ttl=600)
            workers = [SPAWN.Process(target=counting, args=(opener, 4, 10)) for _ in range(self.processes)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join(120)
            assert [worker.exitcode for worker in workers] == [0] * self.processes
            assert there(store, "k").value == b"%d" % (self.processes * 4 * 10)

    def test_a_killed_process_loses_no_write_it_was_told_of_and_blocks_nobody(self, opener: Opener) -> None:
        with opened(opener, time.time) as store:
            if getattr(store, "one_process", False) or os.name != "posix":
                return
            for round_ in range(2):
                mine, theirs = SPAWN.Pipe(duplex=False)
                worker = SPAWN.Process(target=writing, args=(opener, theirs, f"r{round_}."))
                worker.start()
                theirs.close()
                told = [mine.recv() for _ in range(20)]
                os.kill(worker.pid or 0, signal.SIGKILL)
                worker.join(60)
                told += drain(mine)
                assert [key for key in told if store.get(key) is None] == []
                assert store.add(f"after{round_}", b"", ttl=60) is True
                worker.close()

    def test_a_forked_child_and_its_parent_go_on_side_by_side(self, opener: Opener) -> None:
        with opened(opener, time.time) as store:
            if getattr(store, "one_process", False) or not hasattr(os, "fork"):
                return
            store.add("k", b"0", ttl=600)
            worker = multiprocessing.get_context("fork").Process(target=in_child, args=(store,))
            worker.start()
            count_up(store, 10)
            worker.join(60)
            assert worker.exitcode == 0
            assert there(store, "k").value == b"20"

    # --- outage ------------------------------------------------------------------------------------------------------

    def test_a_store_that_cannot_be_reached_says_so_in_time(self) -> None:
        opener = self.unreachable()
        if opener is None:
            return
        with opened(opener, time.time) as store:
            calls: list[Callable[[], object]] = [
                lambda: store.get("k"),
                lambda: store.add("k", b"", ttl=9),
                lambda: store.swap("k", b"", version=1),
                lambda: store.touch("k", ttl=9),
                lambda: store.remove("k"),
                lambda: store.owned("ann"),
                lambda: store.sweep(),
            ]
            for call in calls:
                start = time.monotonic()
                try:
                    call()
                except Unavailable:
                    assert time.monotonic() - start < 10
                else:
                    raise AssertionError("an unreachable store answered")
