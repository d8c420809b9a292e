"""A line to a server that can be cut, can fall silent, and can be mended: the network of an outage."""

from __future__ import annotations

import contextlib
import socket
import threading


class Line:
    """Forwards a free port of 127.0.0.1 to `port`; `state` is "up", "cut" (connections end) or "silent"."""

    def __init__(self, port):
        self.target, self.state = port, "up"
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def turn(self, state):
        """Go to another state; what is connected is cut, or hangs."""
        self.state = state
        if state != "silent":
            for each in self._open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()
            self._open.clear()

    def close(self):
        self.turn("cut")
        self._server.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            self._open.append(client)
            if self.state == "cut":
                client.close()
                continue
            with contextlib.suppress(OSError):
                server = socket.create_connection(("127.0.0.1", self.target))
                self._open.append(server)
                threading.Thread(target=self._pump, args=(client, server), daemon=True).start()
                threading.Thread(target=self._pump, args=(server, client), daemon=True).start()

    def _pump(self, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if self.state == "silent":
                    return  # keeps both ends open and says nothing
                sink.sendall(data)
        if self.state != "silent":
            source.close(), sink.close()
