"""What is stored: questions, their choices, and who has voted; and the one way to vote."""

from datetime import datetime

from kit.data import Field, Model, Ref, field, many, ref, unique


class Question(Model):
    text: Field[str] = field(max=200)
    created: Field[datetime] = field(stamp="add")
    choices = many("Choice.question")


class Choice(Model):
    question: Ref[Question] = ref(on_delete="cascade")
    position: Field[int] = field(ge=0)
    text: Field[str] = field(max=200)
    votes: Field[int] = field(default=0, ge=0)


class Vote(Model):
    """One voter, one question, one vote: the database refuses a second one."""

    question: Ref[Question] = ref(on_delete="cascade")
    choice: Ref[Choice] = ref(on_delete="cascade")
    voter: Field[str] = field(max=64)
    indexes = (unique("question", "voter"),)


ALL = (Question, Choice, Vote)


def ask(db, text, choices, **values):
    """Store a question with its choices and return it: all or nothing, where the database has transactions."""

    def add(tx):
        question = tx[Question].add(Question(text=text, **values))
        tx[Choice].add_many(
            Choice(question=question.id, position=place, text=choice) for place, choice in enumerate(choices)
        )
        return question

    return db.run(add, stepwise=True)


def choices_of(db, question):
    """The choices of a question, in their order."""
    return db[Choice].where(Choice.question == question.id).order(Choice.position).all()


def vote(db, choice, voter):
    """Count one vote; `UniqueViolation` if this voter has voted on the question before.

    The row of the vote comes first: if two requests race, one is refused before it counts anything. That also holds
    where a database has no transactions (a single MongoDB server) and stores the two steps one by one; there, a crash
    between the two leaves one vote uncounted.
    """

    def count(tx):
        tx[Vote].add(Vote(question=choice.question.id, choice=choice.id, voter=voter))
        tx[Choice].where(Choice.id == choice.id).update(Choice.votes.add(1))

    db.run(count, stepwise=True)
