"""Security events: OWASP's words, no secrets, one safe line each."""

import io
import json
import logging

import pytest

from kit.audit import Audit, event, line, stamp, to_stream
from kit.testing import call, environ


def recorded(name="authz_fail", request=None, **fields):
    found = []
    event({**(request or environ("/x")), "kit.audit": found.append}, name, clock=lambda: 0, **fields)
    return found[0]


def test_an_event_says_who_did_what_where():
    request = environ("/caf%C3%A9", headers={"User-Agent": "probe"}, environ={"kit.request_id": "r", "kit.user": "7"})
    assert recorded("session_created", request, device="phone", tries=3) == {
        "datetime": "1970-01-01T00:00:00.000Z",
        "level": "INFO",
        "event": "session_created",
        "source_ip": "127.0.0.1",
        "host": "localhost",
        "method": "GET",
        "path": "/café",
        "request_id": "r",
        "user": "7",
        "useragent": "probe",
        "device": "phone",
        "tries": 3,
    }


@pytest.mark.parametrize(
    "name", ["password", "new_password", "Token", "csrf_token", "api_key", "session_id", "sid", "cookie"]
)
def test_a_field_that_sounds_secret_is_masked(name):
    assert "s3cret" not in str(recorded(**{name: "s3cret"}))


def test_fields_cannot_replace_what_the_log_is_sorted_by():
    assert recorded(level="INFO", event="x", datetime="y")["level"] == "CRITICAL"


@pytest.mark.parametrize(
    ("name", "level"), [("authn_login_success", "INFO"), ("authn_login_fail", "WARN"), ("malicious_csrf", "CRITICAL")]
)
def test_levels_are_owasps(name, level):
    assert recorded(name)["level"] == level


@pytest.mark.parametrize("name", ["", "A", "two words", "a\nb", "authn_login_fail:ann"])
def test_a_name_outside_the_vocabulary_is_an_error(name):
    with pytest.raises(ValueError, match="event name"):
        event(environ(), name)


def test_what_clients_send_stays_in_its_line():
    hostile = "ann\r\n{}\u2028\u202e\x1b[2J\ud800" + "x" * 5000
    out = io.StringIO()
    event({**environ(headers={"User-Agent": hostile}), "kit.audit": to_stream(out)}, "authn_login_fail", user=hostile)
    text = out.getvalue()
    assert text.count("\n") == 1
    assert text.isascii() and text[:-1].isprintable()
    assert json.loads(text)["user"] == hostile[:1000] + "…"


def test_without_a_sink_events_go_to_the_log(caplog):
    with caplog.at_level(logging.INFO, logger="kit.audit"):
        event(environ(), "authn_login_fail", user="ann\n")
        event(environ(), "session_created")
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert json.loads(caplog.messages[0])["user"] == "ann\n"


def test_the_layer_passes_its_sink_inside():
    def app(environ, start_response):
        event(environ, "malicious_csrf")
        start_response("403 Forbidden", [])
        return []

    found = []
    call(Audit(app, sink=found.append))
    assert [record["event"] for record in found] == ["malicious_csrf"]


def test_a_stamp_is_rfc_3339_in_utc():
    assert [stamp(0), stamp(1.9996), stamp(1700000000.123)] == [
        "1970-01-01T00:00:00.000Z",
        "1970-01-01T00:00:02.000Z",
        "2023-11-14T22:13:20.123Z",
    ]


def test_a_value_json_has_no_type_for_is_written_as_text():
    assert json.loads(line({"a": ValueError("x")})) == {"a": "x"}


def test_a_sink_that_fails_leaves_a_refusal_a_refusal_and_the_event_in_the_log(caplog):
    def full(record):
        raise OSError("disk full\nforged line")

    def app(environ, start_response):
        event(environ, "malicious_csrf")
        start_response("403 Forbidden", [])
        return []

    assert call(Audit(app, sink=full)).status == 403
    assert [(record.name, record.levelname) for record in caplog.records] == [("kit.audit", "ERROR")]
    told = json.loads(caplog.messages[0])
    assert told["event"] == "malicious_csrf" and "disk full" in told["sink_error"]
    assert "\n" not in caplog.messages[0]


def test_a_log_that_fails_as_well_raises_nothing():
    class Broken(logging.Handler):
        def emit(self, record):
            raise OSError("closed")

    def full(record):
        raise OSError("disk full")

    handler = Broken()
    logging.getLogger("kit.audit").addHandler(handler)
    try:
        event({**environ(), "kit.audit": full}, "authn_login_fail")
    finally:
        logging.getLogger("kit.audit").removeHandler(handler)


def test_a_request_to_stop_passes_through_the_sink():
    def stopping(record):
        raise SystemExit(0)

    with pytest.raises(SystemExit):
        event({**environ(), "kit.audit": stopping}, "authn_login_fail")
