"""From the start of the process to the first 200: python -m benchmarks.startup

A hello of each framework on wsgiref, each in a fresh interpreter, interleaved; the median of 15 counts. Target: the
recipe `hello` takes at most 1.2 times as long as Bottle.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request

from tests.servers import free_port

SERVE = """
from wsgiref.simple_server import make_server
import sys
{app}
make_server("127.0.0.1", int(sys.argv[2]), app).serve_forever()
"""

BOTTLE = """
import bottle
app = bottle.Bottle()
@app.get("/")
def hello(): return "Hello, world!"
"""

FLASK = """
import flask
app = flask.Flask("hello")
@app.get("/")
def hello(): return "Hello, world!"
"""

FALCON = """
import falcon
class Hello:
    def on_get(self, req, resp): resp.text = "Hello, world!"
app = falcon.App()
app.add_route("/", Hello())
"""

BARE = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello, world!"]
"""

PROGRAMS = {
    "Bottle": ["-c", SERVE.format(app=BOTTLE)],
    "kit: recipes.hello": ["-m", "recipes.hello"],
    "bare wsgiref": ["-c", SERVE.format(app=BARE)],
    "Falcon": ["-c", SERVE.format(app=FALCON)],
    "Flask": ["-c", SERVE.format(app=FLASK)],
}


def first_answer(program):
    """Seconds from the start of `program` to its first 200."""
    port = free_port()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, *program, "--port", str(port)], stdout=-3, stderr=-3)
    try:
        while time.perf_counter() - start < 30:
            try:
                with opener.open(f"http://127.0.0.1:{port}/") as answer:
                    if answer.status == 200:
                        return time.perf_counter() - start
            except OSError:
                time.sleep(0.001)
        raise TimeoutError(f"no answer from {program}")
    finally:
        process.kill()
        process.wait()


def main(rounds=15):
    for program in PROGRAMS.values():
        first_answer(program)  # writes the byte code
    times = {name: [] for name in PROGRAMS}
    for _ in range(rounds):
        for name, program in PROGRAMS.items():
            times[name].append(first_answer(program))
    base = statistics.median(times["Bottle"])
    print(f"process start to first 200, median of {rounds}")
    for name, took in times.items():
        median = statistics.median(took)
        print(f"  {name:<24} {median * 1000:8.1f} ms   {median / base:5.2f} x Bottle")


if __name__ == "__main__":
    main()
