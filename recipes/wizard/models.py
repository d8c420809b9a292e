"""What is stored: drafts, which become proposals when they are sent, and the files that belong to them."""

from datetime import UTC, datetime
from secrets import token_urlsafe

from kit.data import Field, Model, Ref, field, ref, unique
from kit.errors import Missing


class Draft(Model):
    secret: Field[str] = field(max=64, unique=True)
    answers: Field[dict] = field(factory=dict)
    sent: Field[datetime | None] = field(index=True)


class Paper(Model):
    draft: Ref[Draft] = ref(on_delete="cascade")
    part: Field[str] = field(max=20)
    filename: Field[str] = field(max=255)
    content: Field[bytes] = field(max=3 << 20)
    indexes = (unique("draft", "part"),)


ALL = (Draft, Paper)


def begin(db):
    """A new draft."""
    return db[Draft].add(Draft(secret=token_urlsafe(32)))


def load(db, secret):
    """The draft at a secret address; 404 if there is none."""
    draft = db[Draft].where(Draft.secret == secret).first()
    if draft is None:
        raise Missing("no such draft")
    return draft


def answer(db, draft, step, answers, files):
    """Keep the answers and files of one step; those of the other steps stay, whoever saves them meanwhile."""

    def save(tx):
        now = tx[Draft].get(draft.id)
        tx[Draft].where(Draft.id == draft.id).update(Draft.answers.to({**now.answers, step: answers}))
        for part, file in files.items():
            tx[Paper].where((Paper.draft == draft.id) & (Paper.part == part)).delete()
            tx[Paper].add(Paper(draft=draft.id, part=part, filename=file.filename[:255], content=file.value))

    db.run(save, stepwise=True)


def send(db, draft):
    """Send it: True for exactly one of many calls."""
    unsent = db[Draft].where((Draft.id == draft.id) & Draft.sent.is_none())
    return unsent.update(Draft.sent.to(datetime.now(UTC))) == 1


def papers(db, draft):
    """The names of a draft's files, by what they are."""
    return {paper.part: paper.filename for paper in db[Paper].where(Paper.draft == draft.id).all()}
