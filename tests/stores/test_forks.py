"""A fork while another thread is inside a store: the child neither hangs nor touches what is the parent's."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import textwrap
import weakref

import pytest

from kit.stores import MemoryStore
from kit.stores.forks import _living

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

FORK = """
    import os, signal, sys, threading, time

    def in_child(act, *, seconds=20):
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            signal.alarm(seconds)  # ends a child that hangs
            try:
                act()
                sys.stdout.flush()
            finally:
                os._exit(0)
        status = os.waitpid(pid, 0)[1]
        print("hung" if os.WIFSIGNALED(status) else "ended")

    held, go_on = threading.Event(), threading.Event()

    def clock():
        if threading.current_thread().name == "slow":
            held.set()
            go_on.wait(30)
        return 0.0

    def inside(act):
        threading.Thread(target=act, name="slow", daemon=True).start()
        assert held.wait(10)
"""


def printed(script: str) -> list[str]:
    code = textwrap.dedent(FORK) + textwrap.dedent(script)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[:-1]


def test_a_child_does_not_wait_for_a_thread_of_its_parent_in_the_memory_store():
    script = """
        from kit.stores import MemoryStore
        store = MemoryStore(clock=clock)
        inside(lambda: store.add("slow", b"", ttl=60))
        in_child(lambda: print(store.add("k", b"", ttl=60)))
    """
    assert printed(script) == ["True", "ended"]


def test_a_child_does_not_wait_for_a_thread_of_its_parent_in_the_breaker():
    script = """
        from kit.errors import Unavailable
        from kit.stores import Breaker, MemoryStore

        class Down(MemoryStore):
            def get(self, key):
                raise Unavailable("down")

        store = Breaker(Down(), failures=1, clock=clock)
        def ask():
            try: store.get("k")
            except Unavailable: print("refused")
        ask()
        inside(ask)
        in_child(ask)
    """
    assert printed(script) == ["refused", "refused", "ended"]


def test_a_child_does_not_wait_for_a_thread_of_its_parent_in_the_pool():
    script = """
        from kit.stores.pool import Pool
        pool = Pool(list)
        def act():
            with pool._lock:
                clock()
        inside(act)
        def borrow():
            with pool.connection() as connection:
                print(connection)
        in_child(borrow)
    """
    assert printed(script) == ["[]", "ended"]


def test_a_child_does_not_wait_for_a_thread_of_its_parent_that_connects_to_mongodb():
    script = """
        import socket
        from kit.errors import Unavailable
        from kit.stores.mongo import MongoStore
        mute = socket.create_server(("127.0.0.1", 0))  # takes connections and says nothing
        store = MongoStore(f"mongodb://127.0.0.1:{mute.getsockname()[1]}/kit", timeout=2)
        def ask():
            try: store.get("k")
            except Unavailable: print("unavailable")
        thread = threading.Thread(target=ask)
        thread.start()
        mute.accept()
        in_child(ask)
        thread.join()
    """
    assert sorted(printed(script)) == ["ended", "unavailable", "unavailable"]


def test_what_a_thread_of_the_parent_left_half_done_is_whole_in_the_child():
    script = """
        from kit.stores import MemoryStore
        store = MemoryStore()
        store.add("k", b"", ttl=60, owner="ann")
        store._owners.clear()  # as between the two steps of an insertion
        in_child(lambda: print(len(store.owned("ann")), store.remove("k")))
    """
    assert printed(script) == ["1 True", "ended"]


def test_a_grandchild_keeps_the_connections_of_both_forks_open():
    script = """
        from kit.stores.pool import Pool

        class Connection:
            def __init__(self):
                self.pid = os.getpid()
            def __del__(self):
                if self.pid != os.getpid():
                    print("said goodbye in the name of another process")

        pool = Pool(Connection)
        def borrow():
            with pool.connection() as connection:
                print(connection.pid == os.getpid())
        def generation():
            borrow()
            in_child(borrow)
        borrow()
        in_child(generation)
    """
    assert printed(script) == ["True", "True", "True", "ended", "ended"]


def test_a_child_has_a_client_of_its_own_and_closes_none_of_its_parents(database):
    script = f"""
        from kit.stores.mongo import MongoStore
        store = MongoStore({database("mongodb")!r})
        print(store.add("k", b"1", ttl=60))
        first = store._client[1]
        def child():
            store.close()
            print(store.get("k").value, store._client[1] is not first)
        in_child(child)
        print(store.get("k").value, store._client[1] is first)
        store.close()
    """
    assert printed(script) == ["True", "b'1' True", "ended", "b'1' True"]


def test_a_store_is_not_kept_alive_to_be_renewed():
    store = MemoryStore()
    key, seen = id(store), weakref.ref(store)
    assert _living.get(key) is store
    del store
    gc.collect()
    assert seen() is None and key not in _living
