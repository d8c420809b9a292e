"""Sentences: English and German, plurals, your own catalogues. `KIT_WRITE=1` compiles kit's catalogues anew."""

import ast
import gettext
import os
import string
import struct
from io import BytesIO
from pathlib import Path

import pytest

import kit.forms
from kit.forms import Catalogue, Form, field, rows
from kit.forms.look import _BUTTONS
from kit.forms.messages import MESSAGES, Texts
from kit.testing import environ

LOCALE = Path(kit.forms.__file__).with_name("locale")
CATALOGUES = sorted(LOCALE.glob("*/LC_MESSAGES/*.po"))


def entries(po):
    """(msgid, msgid_plural, [msgstr …]) of a catalogue."""
    for block in po.split("\n\n"):
        found = {}
        key = ""
        for line in block.splitlines():
            if line.startswith("msg"):
                key, _, line = line.partition(" ")
            if line.startswith('"'):
                found[key] = found.get(key, "") + ast.literal_eval(line)
        if found:
            yield found["msgid"], found.get("msgid_plural"), [v for k, v in found.items() if k.startswith("msgstr")]


def compiled(po):
    """The binary catalogue (GNU gettext manual, 10.3)."""
    pairs = [
        ("\0".join(filter(None, [one, many])) if many else one, "\0".join(texts)) for one, many, texts in entries(po)
    ]
    pairs = sorted((key.encode(), value.encode()) for key, value in pairs)
    at = 28 + 16 * len(pairs)
    heads = [b"", b""]
    data = b""
    for column in (0, 1):
        for pair in pairs:
            heads[column] += struct.pack("<II", len(pair[column]), at + len(data))
            data += pair[column] + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, at)
    return head + heads[0] + heads[1] + data


def holes(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_the_compiled_catalogue_is_in_step(path):
    data = compiled(path.read_text(encoding="utf-8"))
    if os.environ.get("KIT_WRITE"):
        path.with_suffix(".mo").write_bytes(data)
    ours = gettext.GNUTranslations(BytesIO(data))
    shipped = gettext.GNUTranslations(BytesIO(path.with_suffix(".mo").read_bytes()))
    assert ours._catalog == shipped._catalog


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_every_sentence_of_kit_is_translated_with_its_parameters(path):
    known = {one: (many, texts) for one, many, texts in entries(path.read_text(encoding="utf-8"))}
    wanted = [m if isinstance(m, str) else m[1] for m in MESSAGES.values()]
    wanted += [*_BUTTONS.values(), "optional", "Error", "There is a problem", "Choose …", "Kept: {name}", "Save"]
    wanted += ["Tick this to go on", "Choose at least {min}", "Choose at most {max}", "Choose each only once"]
    for text in wanted:
        assert text in known, text
        for translated in known[text][1]:
            assert holes(translated) == holes(known[text][0] or text), text


def test_plurals_are_chosen_by_number():
    german = Catalogue().texts("de")
    assert german.message("too_few", {"min": 1}) == "Fügen Sie mindestens 1 Eintrag hinzu"
    assert german.message("too_few", {"min": 2}) == "Fügen Sie mindestens 2 Einträge hinzu"


class Choice(Form):
    text: str


class Ask(Form):
    text: str = field(label="Save")
    choices: list[Choice] = rows(min=1, max=2, each="Choice")


@pytest.mark.parametrize(
    ("locale", "word"), [("de", "Speichern"), ("de-CH", "Speichern"), ("fr", "Save"), ("../x", "Save")]
)
def test_the_locale_of_the_request_decides(locale, word):
    form = Ask.bind(environ(method="POST", environ={"kit.locale": locale}))
    html = str(form)
    assert f">{word}</label>" in html
    assert ("Es gibt ein Problem" in html) is (word == "Speichern")
    assert form.page_title("x").startswith("Fehler: " if word == "Speichern" else "Error: ")


def test_a_catalogue_of_ones_own_comes_first(tmp_path):
    folder = tmp_path / "pt_BR" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    po = head + 'msgid "Save"\nmsgstr "Salvar"\n\nmsgid "Enter a value"\nmsgstr "Preencha"\n'
    (folder / "shop.mo").write_bytes(compiled(po))

    class Localised(Ask, catalogue=Catalogue(tmp_path, domain="shop")):
        pass

    form = Localised.bind(environ(method="POST", environ={"kit.locale": "pt-BR"}))
    assert form.text.label == "Salvar"
    assert form.text.error == "Preencha"
    assert Localised.bind(environ(environ={"kit.locale": "de"})).text.label == "Speichern"


def test_hostile_locales_do_not_fill_the_memory():
    looks = {id(Ask.bind(environ(environ={"kit.locale": f"x{i}"})).look) for i in range(1000)}
    assert len(looks) == 1


def test_an_unknown_code_is_made_readable():
    assert Texts().message("minor_plan", {}) == "Minor plan"
