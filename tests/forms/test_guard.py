"""Robots, haste and double posts."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

from kit.errors import ConfigError
from kit.forms import Form, Guard
from kit.seal import KeyRing, new_key
from kit.stores import MemoryStore
from kit.testing import environ

KEYS = KeyRing([new_key()])


class Contact(Form, guard=Guard(seconds=2, hours=1)):
    text: str


def shown(clock=lambda: 1000.0, form=Contact):
    html = str(form.bind(environ(), keys=KEYS, clock=clock))
    return html.split('name="_once" value="')[1].split('"')[0]


def post(token, now=1010.0, **more):
    body = urlencode({"text": "hello", "_once": token, **more})
    request = environ(method="POST", body=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
    return Contact.bind(request, keys=KEYS, clock=lambda: now)


def test_a_person_passes():
    assert post(shown()).valid


@pytest.mark.parametrize(
    ("now", "more", "code"),
    [
        (1001.0, {}, "pace"),
        (1000 + 3601.0, {}, "pace"),
        (1010.0, {"_website": "x"}, "trap"),
        (1010.0, {"_once": "forged"}, "pace"),
    ],
)
def test_a_robot_does_not(now, more, code):
    form = post(shown(), now, **more)
    assert form.errors == (("", code, {}),)
    assert "tabindex" in form.summary()


def test_a_program_needs_the_token_too():
    request = environ(method="POST", body=b'{"text": "x"}', headers={"Content-Type": "application/json"})
    assert Contact.bind(request, keys=KEYS).errors == (("", "pace", {}),)


def test_a_page_shown_again_keeps_its_time_and_its_id():
    token = shown()
    again = str(post(token, now=1001.0)).split('name="_once" value="')[1].split('"')[0]
    assert again != token
    assert post(again, now=1003.0).valid
    store = MemoryStore()
    assert post(token).claim(store)
    assert not post(again).claim(store)


def test_of_many_double_posts_exactly_one_is_claimed():
    token, store = shown(), MemoryStore()
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: post(token).claim(store), range(40)))
    assert claims.count(True) == 1


def test_a_guard_without_keys_fails_with_the_cure():
    with pytest.raises(ConfigError, match="keys="):
        str(Contact.bind(environ()))

    class Plain(Form):
        text: str

    with pytest.raises(ConfigError, match="Guard"):
        Plain.check({"text": "x"}).claim(MemoryStore())


def test_a_row_button_is_not_held_up_by_the_guard():
    assert not post(shown(), 1000.5, _do="nothing").valid
