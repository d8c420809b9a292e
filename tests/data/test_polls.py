"""What the polls recipe needs, as it is written there, on every backend."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from kit.data import Database, Field, Handle, Model, Ref, UniqueViolation, field, many, ref, unique


class Question(Model):
    text: Field[str] = field(max=200)
    created: Field[datetime] = field(stamp="add")
    choices = many("Choice.question")


class Choice(Model):
    question: Ref[Question] = ref(on_delete="cascade")
    text: Field[str] = field(max=200)
    votes: Field[int] = field(default=0)
    position: Field[int] = field(default=0)


class Vote(Model):
    session: Field[str] = field(max=64)
    question: Ref[Question] = ref(on_delete="cascade")
    indexes = (unique("session", "question"),)


MODELS = (Question, Choice, Vote)
Opened = Callable[..., Database]


def ask(db: Database, text: str, *choices: str) -> Question:
    def work(tx: Handle) -> Question:
        question = tx[Question].add(Question(text=text))
        tx[Choice].add_many([Choice(question=question.id, text=c, position=i) for i, c in enumerate(choices)])
        return question

    return db.run(work)


def vote(db: Database, session: str, choice: Choice) -> bool:
    def work(tx: Handle) -> None:
        tx[Vote].add(Vote(session=session, question=choice.question.id))
        tx[Choice].where(Choice.id == choice.id).update(Choice.votes.add(1))

    try:
        db.run(work, stepwise=True)
    except UniqueViolation:
        return False
    return True


def at_once(threads: int, work: Callable[[int], object]) -> None:
    errors: list[BaseException] = []
    gate = threading.Barrier(threads)

    def one(number: int) -> None:
        gate.wait()
        try:
            work(number)
        except BaseException as error:
            errors.append(error)

    running = [threading.Thread(target=one, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    if errors:
        raise errors[0]


def test_questions_come_with_their_choices_in_two_queries(opened: Opened) -> None:
    db = opened(*MODELS)
    ask(db, "tea?", "yes", "no")
    ask(db, "coffee?", "always", "never", "once")
    questions = db[Question].order(Question.created.desc()).include(Question.choices).limit(5).all()
    assert {q.text: [c.text for c in q.choices] for q in questions} == {
        "tea?": ["yes", "no"],
        "coffee?": ["always", "never", "once"],
    }
    assert questions[0].created.tzinfo is UTC


def test_200_votes_of_8_threads_count_200(opened: Opened) -> None:
    db = opened(*MODELS)
    ask(db, "tea?", "yes", "no")
    choice = db[Choice].where(Choice.position == 0).one()
    at_once(8, lambda thread: [vote(db, f"{thread}-{i}", choice) for i in range(25)])
    assert db[Choice].get(choice.id).votes == 200


def test_8_votes_of_one_session_count_once(opened: Opened) -> None:
    db = opened(*MODELS)
    ask(db, "tea?", "yes", "no")
    choice = db[Choice].where(Choice.position == 0).one()
    counted: list[bool] = []
    at_once(8, lambda thread: counted.append(vote(db, "ann", choice)))
    assert sorted(counted) == [False] * 7 + [True]
    assert db[Choice].get(choice.id).votes == 1


def test_a_second_vote_names_the_fields(opened: Opened) -> None:
    db = opened(*MODELS)
    question = ask(db, "tea?", "yes")
    db[Vote].add(Vote(session="ann", question=question.id))
    with pytest.raises(UniqueViolation) as refused:
        db[Vote].add(Vote(session="ann", question=question.id))
    assert refused.value.fields == ("session", "question")
