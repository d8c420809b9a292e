"""What may be sent in: a new question with its choices, and a vote."""

from kit.forms import Form, field, rows


class NewChoice(Form):
    text: str = field(max=200, label="Answer")


class NewQuestion(Form):
    text: str = field(min=3, max=200, label="Question", hint="A short sentence that ends in a question mark.")
    choices: list[NewChoice] = rows(min=2, max=10, label="Answers", each="Answer")


class Ballot(Form):
    choice: str = field(max=64, label="Answer", messages={"required": "Choose one of the answers."})
