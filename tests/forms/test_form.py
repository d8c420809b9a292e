"""The first things anyone does with a form: show it, post it, see what is wrong, save it."""

import json
from html.parser import HTMLParser

import pytest

from kit.errors import ConfigError, Invalid, Malformed, TooLarge
from kit.forms import Error, Form, action, field, rows, rule
from kit.testing import call, environ

URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}


class ChoiceForm(Form):
    text: str = field(max=200)


class QuestionForm(Form):
    text: str = field(min=1, max=200, label="Question", hint="End with a question mark")
    choices: list[ChoiceForm] = rows(min=2, max=4, each="Choice")


def post(body, method="POST", **headers):
    return environ("/", method=method, body=body, headers=URLENCODED | headers)


def as_json(value, method="POST"):
    return environ("/", method=method, body=json.dumps(value), headers={"Content-Type": "application/json"})


GOOD = "text=Why%3F&choices.0.text=so&choices.1.text=else"


def test_a_good_post_has_a_typed_value():
    form = QuestionForm.bind(post(GOOD))
    assert form.valid
    assert form.value == QuestionForm(text="Why?", choices=[ChoiceForm(text="so"), ChoiceForm(text="else")])
    assert form.changes == {"text": "Why?", "choices": [{"text": "so"}, {"text": "else"}]}


def test_json_and_multipart_give_the_same_value_as_urlencoded():
    pairs = [("text", "Why?"), ("choices.0.text", "so"), ("choices.1.text", "else")]
    parts = "".join(f'--x\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in pairs) + "--x--\r\n"
    multipart = environ(method="POST", body=parts, headers={"Content-Type": "multipart/form-data; boundary=x"})
    document = {"text": "Why?", "choices": [{"text": "so"}, {"text": "else"}]}
    wanted = QuestionForm.bind(post(GOOD)).value
    assert QuestionForm.bind(multipart).value == wanted
    assert QuestionForm.bind(as_json(document)).value == wanted


@pytest.mark.parametrize("names", ["choices-0-text=a&choices-1-text=b", "choices[0][text]=a&choices[1][text]=b"])
def test_the_names_of_other_libraries_are_understood(names):
    form = QuestionForm.bind(post("text=x&" + names))
    assert [choice.text for choice in form.value.choices] == ["a", "b"]


def test_a_get_shows_an_empty_form_with_as_many_rows_as_there_must_be():
    form = QuestionForm.bind(environ())
    assert not form.valid
    assert not form.errors
    html = str(form)
    assert 'name="choices.1.text"' in html
    assert 'name="choices.2.text"' not in html


def test_a_get_shows_what_is_stored_in_records_and_in_mappings():
    stored = QuestionForm(text="Old", choices=[ChoiceForm(text=t) for t in "abc"])
    for data in (stored, {"text": "Old", "choices": [{"text": t} for t in "abc"]}):
        form = QuestionForm.bind(environ(), data)
        assert form.text.value == "Old"
        assert [row.text.value for row in form.choices] == ["a", "b", "c"]


def test_the_value_of_a_form_with_errors_cannot_be_had():
    form = QuestionForm.bind(post("text=&choices.0.text=a&choices.1.text=b"))
    assert form.errors == (("text", "required", {}),)
    with pytest.raises(Invalid, match="text: required"):
        _ = form.value


def test_what_was_posted_is_shown_again_escaped():
    form = QuestionForm.bind(post("text=%22%3E%3Cscript%3E&choices.0.text=%3Cb%3E"))
    html = str(form)
    assert "<script>" not in html
    assert 'value="&quot;&gt;&lt;script&gt;"' in html
    assert 'value="&lt;b&gt;"' in html


def test_a_row_left_blank_is_no_row():
    form = QuestionForm.bind(post(GOOD + "&choices.2.text=+&choices.3.text="))
    assert len(form.value.choices) == 2


def test_rows_that_must_be_there_and_are_blank_get_the_error_themselves():
    form = QuestionForm.bind(post("text=x&choices.0.text=a&choices.1.text="))
    assert form.errors == (("choices.1.text", "required", {}),)


def test_too_few_and_too_many_rows_are_errors():
    assert QuestionForm.bind(post("text=x")).errors == (("choices", "too_few", {"min": 2}),)
    many = "&".join(f"choices.{i}.text=x" for i in range(5))
    assert QuestionForm.bind(post("text=x&" + many)).errors == (("choices", "too_many", {"max": 4}),)


def test_an_unknown_name_is_an_error_and_a_name_of_kits_own_is_not():
    form = QuestionForm.bind(post(GOOD + "&is_admin=1&choices.0.votes=9&_csrf=x"))
    assert {(e.path, e.code) for e in form.errors} == {("is_admin", "unknown"), ("choices.0.votes", "unknown")}
    assert "is_admin" not in form.changes


def test_of_very_many_unknown_names_some_are_reported():
    form = QuestionForm.check({"text": "x", "choices": [], **{f"k{i}": 1 for i in range(10_000)}})
    assert len(form.errors) < 30


def test_a_search_form_is_read_from_the_query_and_its_token_is_in_no_url():
    class Search(Form, method="get"):
        q: str = field(max=9)
        page: int = field(default=1, required=False)

    assert not Search.bind(environ(query="utm=1")).bound
    assert Search.bind(environ(query="q=a&utm=1")).value.q == "a"
    assert Search.bind(environ(query="q=" + "a" * 10)).errors[0].code == "too_long"
    html = str(Search.bind(environ("/find", query="q=a", environ={"kit.csrf": lambda: "secret"})))
    assert "secret" not in html
    assert 'method="get" action="/find"' in html


def test_a_name_given_twice_is_an_error():
    assert QuestionForm.bind(post(GOOD + "&text=b")).errors == (("text", "duplicate", {}),)


def test_a_name_that_is_a_value_and_a_group_is_malformed():
    with pytest.raises(Malformed, match="both a value and a group"):
        QuestionForm.bind(post("choices=1&choices.0.text=a"))


def test_too_deep_names_and_too_many_fields_are_refused():
    with pytest.raises(TooLarge, match="levels"):
        QuestionForm.bind(post(".".join(["a"] * 100) + "=1"))
    with pytest.raises(TooLarge):
        QuestionForm.bind(post("&".join(f"a{i}=" for i in range(2000))))


def test_a_row_key_that_is_no_number_is_an_error():
    form = QuestionForm.bind(post('text=x&choices.0.text=a&choices.1.text=b&choices."><b>.text=c'))
    assert form.errors == (('choices."><b>', "unknown", {}),)
    assert "<b>" not in str(form)


def test_the_add_button_adds_a_row_without_javascript_and_saves_nothing():
    form = QuestionForm.bind(post("text=&choices.0.text=a&choices.1.text=b&_do=choices.add"))
    assert form.intent == "choices.add"
    assert not form.valid
    shown = form.apply_intent()
    assert [row.text.name for row in shown.choices] == ["choices.0.text", "choices.1.text", "choices.2.text"]
    assert "autofocus" in str(shown.choices)
    assert not shown.errors


def test_the_remove_button_removes_its_row_and_the_others_keep_their_names():
    form = QuestionForm.bind(post(GOOD + "&choices.2.text=c&_do=choices.0.remove")).apply_intent()
    assert [(row.text.name, row.text.value) for row in form.choices] == [
        ("choices.1.text", "else"),
        ("choices.2.text", "c"),
    ]


def test_a_full_list_offers_no_more_rows_and_a_short_one_no_removal():
    full = QuestionForm.bind(post("text=x&" + "&".join(f"choices.{i}.text=x" for i in range(4)) + "&_do=choices.add"))
    shown = full.apply_intent()
    assert len(shown.choices) == 4
    assert not shown.choices.add_button
    assert not next(iter(QuestionForm.bind(environ()).choices)).remove_button


def test_enter_does_not_press_a_row_button():
    class Buttons(HTMLParser):
        found: list = []

        def handle_starttag(self, tag, attrs):
            if tag == "button":
                self.found.append(dict(attrs))

    parser = Buttons()
    parser.feed(str(QuestionForm.bind(post(GOOD + "&choices.2.text=c&_do=choices.add")).apply_intent()))
    assert "hidden" in parser.found[0]
    assert "name" not in parser.found[0]


def test_a_changeset_and_a_value_never_change():
    form = QuestionForm.bind(post(GOOD))
    with pytest.raises(AttributeError, match="is a value"):
        form.errors = ()
    with pytest.raises(AttributeError, match="does not change"):
        form.value.text = "other"
    assert form.refuse(KeyError("x")).errors == (("", "refused", {}),)
    assert form.valid


class UniqueViolation(Exception):
    fields = ("text",)


def test_what_a_store_refuses_becomes_an_error_of_its_field():
    form = QuestionForm.bind(post(GOOD)).refuse(UniqueViolation("SQL secret"))
    assert form.errors == (("text", "taken", {}),)
    assert "secret" not in str(form)
    assert not form.valid


def test_the_csrf_token_is_in_the_form_if_the_layer_is_there():
    assert "_csrf" not in str(QuestionForm.bind(environ()))
    html = str(QuestionForm.bind(environ(environ={"kit.csrf": lambda: 'a"b'})))
    assert '<input type="hidden" name="_csrf" value="a&quot;b">' in html


def test_a_page_with_errors_is_422_and_has_a_summary_with_links():
    form = QuestionForm.bind(post("text=&choices.0.text=a&choices.1.text=b"))
    answer = call(form.respond(environ(), lambda form: str(form)), headers={"Accept": "text/html"})
    assert answer.status == 422
    assert '<a href="#text">Question: Enter a value</a>' in answer.text
    assert 'aria-describedby="text-hint text-error" aria-invalid="true"' in answer.text
    assert form.page_title("Ask") == "Error: Ask"


def test_a_program_gets_problem_json():
    request = as_json({"choices": [{"text": "a"}, {"text": 1}]})
    answer = call(QuestionForm.bind(request).respond(request, str))
    assert answer.status == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert [(e["path"], e["pointer"], e["code"]) for e in answer.json()["errors"]] == [
        ("text", "#/text", "required"),
        ("choices.1.text", "#/choices/1/text", "type"),
    ]


def test_a_form_without_errors_is_answered_by_200():
    request = post(GOOD + "&_do=choices.add")
    assert call(QuestionForm.bind(request).respond(request, str)).status == 200


class Account(Form):
    name: str = field(max=20)
    age: int | None = field(ge=0, le=150)
    admin: bool = field(default=False)

    @action("save")
    class save:
        permit = "name age"

    @rule("name", code="reserved")
    def free(self):
        return self.name != "root"


def test_a_field_outside_the_permit_list_changes_nothing():
    form = Account.bind(post("name=a&age=&admin=on"), {"name": "old", "age": 3, "admin": False})
    assert form.valid
    assert form.changes == {"name": "a", "age": None}
    assert form.value.admin is False


def test_patch_keeps_what_is_missing_and_empties_what_is_empty():
    stored = {"name": "ann", "age": 3, "admin": True}
    assert Account.bind(as_json({"age": None}, "PATCH"), stored).changes == {"age": None}
    assert Account.bind(as_json({}, "PATCH"), stored).value == Account(name="ann", age=3, admin=True)
    assert Account.bind(as_json({"name": ""}, "PATCH"), stored).errors == (("name", "required", {}),)


def test_zero_is_a_value():
    assert Account.bind(post("name=a&age=0")).changes == {"name": "a", "age": 0}


def test_a_rule_runs_once_its_fields_are_good():
    assert Account.bind(post("name=root")).errors == (("name", "reserved", {}),)
    assert Account.bind(post("name=")).errors == (("name", "required", {}),)


def test_a_wrong_class_fails_when_it_is_made():
    with pytest.raises(ConfigError, match="hide the form's own"):

        class Hides(Form):
            errors: str

    with pytest.raises(ConfigError, match="ge= means nothing"):

        class Words(Form):
            name: str = field(ge=3)

    with pytest.raises(ConfigError, match="rows"):

        class Listed(Form):
            choices: list[ChoiceForm] = field()

    with pytest.raises(ConfigError, match="no such field"):

        class Permits(Form):
            name: str

            @action("save")
            class save:
                permit = "nme"


def test_an_error_is_a_plain_tuple():
    path, code, params = Error("a", "b", {})
    assert (path, code, params) == ("a", "b", {})


def test_the_form_goes_back_to_its_own_page_and_never_to_another_host():
    def action(path, query=""):
        return str(QuestionForm.bind(environ(path, query=query)).attrs())

    assert action("/a%20b", "x=1") == ' method="post" action="/a%20b?x=1"'
    assert action("/a", '"><b') == ' method="post" action="/a?&quot;&gt;&lt;b"'
    assert "//evil" not in action("//evil.example/")
    assert action("/\\evil.example/") == ' method="post" action="/%5Cevil.example/"'
    assert str(QuestionForm.bind(environ()).attrs(action="/x")) == ' method="post" action="/x"'
