"""Serve the control or the defended app over TLS on 127.0.0.1, and log each answer: what the scanners talk to."""

import contextlib
import datetime
import io
import ipaddress
import socketserver
import ssl
import threading
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def setup_environ(self):
        super().setup_environ()
        self.base_environ["HTTPS"] = "on"

    def handle_error(self, request, client_address):
        """A scanner hangs up in the middle of a handshake: nothing to say."""


class _Handler(WSGIRequestHandler):
    def log_message(self, *args):
        """The access log is kept by `serving`."""

    def handle(self):
        """Serve one connection; a scanner may hang up at any moment."""
        with contextlib.suppress(OSError):
            super().handle()

    def get_stderr(self):
        """Tracebacks of connections that were cut say nothing about the app, whose errors ErrorPages logs."""
        return io.StringIO()


def certificate(folder):
    """A self-signed certificate for 127.0.0.1 with its key, as one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "tls.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@contextlib.contextmanager
def serving(app, folder):
    """Yields the URL and the access log: a list of (method, path, status)."""
    log = []

    def logged(environ, start_response):
        def start(status, headers, exc_info=None):
            log.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], int(status[:3])))
            return start_response(status, headers)

        return app(environ, start)

    server = make_server("127.0.0.1", 0, logged, server_class=_Server, handler_class=_Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(folder))
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"https://127.0.0.1:{server.server_port}", log
    finally:
        server.shutdown()
        server.server_close()
