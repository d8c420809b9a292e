"""Something to look at on the first start."""

from datetime import UTC, datetime

from kit.data import UniqueViolation

from .models import Question, ask

QUESTIONS = {
    "Which part of a framework would you miss first?": ("Routing", "Forms", "Templates", "The database", "Sessions"),
    "Tabs or spaces?": ("Spaces", "Tabs", "Whatever the formatter says"),
    "What does your project store its data in?": ("SQLite", "PostgreSQL", "MariaDB", "MongoDB"),
}


def add(db):
    """Store the questions if there are none; several processes may start at once."""
    if db[Question].everything().count():
        return
    for number, (text, choices) in enumerate(QUESTIONS.items(), 1):
        try:
            ask(db, text, choices, id=f"sample-{number}", created=datetime(2026, 1, number, tzinfo=UTC))
        except UniqueViolation:
            return  # another process was faster
