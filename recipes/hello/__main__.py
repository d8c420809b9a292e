"""Serve it with the standard library alone: python -m recipes.hello --port 8000"""

import argparse
from wsgiref.simple_server import make_server

from .app import make_app

parser = argparse.ArgumentParser(prog="hello")
parser.add_argument("--port", type=int, default=8000)
parser.add_argument("--data", help="taken and not needed: this recipe stores nothing")
options = parser.parse_args()

with make_server("127.0.0.1", options.port, make_app(data=options.data)) as server:
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
