"""Two gunicorn nodes behind nginx on one store, killed with signal 9 in turn under load: no acknowledged write is lost.

KIT_LONG=1 python -m pytest tests/sessions/test_nodes.py        # 200 clients, 20 kills
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

from tests.conftest import missing
from tests.servers import ROOT, _open, folder, free_port, process

LONG = bool(os.environ.get("KIT_LONG"))
CLIENTS, KILLS, THREADS = (200, 20, 16) if LONG else (12, 2, 4)

NGINX = """
daemon off; pid {where}/nginx.pid; error_log stderr; {user}
events {{ }}
http {{
  access_log off;
  client_body_temp_path {where}/b; proxy_temp_path {where}/p; fastcgi_temp_path {where}/f;
  uwsgi_temp_path {where}/u; scgi_temp_path {where}/s;
  upstream nodes {{ {servers} }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://nodes; proxy_set_header Host $http_host;
      proxy_connect_timeout 1s; proxy_next_upstream off;  # or it would send a write twice
    }}
  }}
}}
"""


class Node:
    """One gunicorn that can be killed and started again on its port."""

    def __init__(self, url):
        self.port, self.url = free_port(), url
        self.start()

    def start(self):
        command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{self.port}", "--workers", "1"]
        command += ["--threads", "8", "--log-level", "error", "tests.sessions.node:make()"]
        env = {**os.environ, "KIT_STORE": self.url}
        self.running = subprocess.Popen(command, cwd=ROOT, env=env, start_new_session=True, stderr=subprocess.DEVNULL)
        ready, deadline = _open(self.port), time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if ready():
                    return
            time.sleep(0.05)
        raise TimeoutError("gunicorn does not start")

    def kill(self):
        os.killpg(self.running.pid, signal.SIGKILL)
        self.running.wait()


class Client:
    """A browser: it keeps its cookie, and remembers what it was told to be saved."""

    def __init__(self, port):
        self.port, self.cookie, self.told, self.tries, self.strange = port, "", {}, 0, []

    def get(self, query=""):
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            line.request("GET", f"/?{query}", headers={"Cookie": self.cookie} if self.cookie else {})
            answer = line.getresponse()
            body = answer.read()
            if answer.status != 200:
                return None
            if answer.headers["Set-Cookie"]:
                self.strange += [self.cookie] if self.cookie else []  # a second session would be a lost first one
                self.cookie = answer.headers["Set-Cookie"].partition(";")[0]
            return json.loads(body)
        except (OSError, http.client.HTTPException, ValueError):
            return None  # killed in the middle: nobody has told us anything
        finally:
            line.close()

    def write(self):
        self.tries += 1
        if self.get(f"k{self.tries}=v") is not None:
            self.told[f"k{self.tries}"] = "v"


@pytest.fixture
def nginx():
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        missing("no nginx: apt-get install nginx-light")

    @contextlib.contextmanager
    def serve(ports):
        port = free_port()
        with folder() as where:
            servers = " ".join(f"server 127.0.0.1:{each} max_fails=0;" for each in ports)
            user = "user root;" if os.getuid() == 0 else ""
            (where / "conf").write_text(NGINX.format(where=where, port=port, servers=servers, user=user))
            command = [program, "-p", str(where), "-e", "stderr", "-c", str(where / "conf")]
            with process(command, where=where, ready=_open(port), stop=signal.SIGQUIT):
                yield port

    return serve


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="gunicorn and signals")
@pytest.mark.parametrize("name", ["sqlite", "postgresql"] if LONG else ["postgresql"])
def test_killed_nodes_lose_no_acknowledged_write_and_no_session(nginx, database, name):
    url = database(name)
    nodes = [Node(url) for _ in range(2)]
    try:
        with nginx([node.port for node in nodes]) as port:
            clients = [Client(port) for _ in range(CLIENTS)]
            for client in clients:
                while not client.cookie:
                    client.write()
            stop = threading.Event()
            load = [threading.Thread(target=_load, args=(clients[n::THREADS], stop)) for n in range(THREADS)]
            for thread in load:
                thread.start()
            for number in range(KILLS):
                time.sleep(0.3)
                nodes[number % 2].kill()
                time.sleep(0.3)
                nodes[number % 2].start()
            stop.set()
            for thread in load:
                thread.join()
            lost, told = 0, 0
            for client in clients:
                data = client.get()
                assert data is not None
                lost += sum(key not in data for key in client.told)
                told += len(client.told)
                assert len(client.told) <= data["count"] <= client.tries
                assert client.strange == []
    finally:
        for node in nodes:
            node.kill()
    print(f"{name}: {CLIENTS} clients, {KILLS} kills, {told} acknowledged writes, {lost} lost")
    assert lost == 0 and told > CLIENTS


def _load(clients, stop):
    while not stop.is_set():
        for client in clients:
            client.write()
