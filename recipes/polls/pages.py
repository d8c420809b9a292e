"""What is answered: each URL as a page for browsers and as JSON for programs, by Accept."""

from hashlib import sha256

from kit import data, sessions
from kit.data import UniqueViolation
from kit.http import redirect_to
from kit.routing import Router

from .forms import Ballot, NewQuestion
from .models import Question, ask, choices_of, vote


def routes(templates):
    """The table of routes; `templates` make the pages."""
    router = Router()

    @router.get("/", name="index")
    @templates.renders(html="index.html", json=lambda found: {**found, "questions": map(summary, found["questions"])})
    def index(request):
        page = data.of(request)[Question].order(Question.created.desc()).page(size=20, after=request.GET.get("after"))
        return {"questions": page.rows, "next": page.next}

    @router.get("/questions/new", name="new")
    def new(request):
        return form_page(NewQuestion.bind(request), request)

    @router.post("/questions/new", name="create")
    def create(request):
        form = NewQuestion.bind(request)
        if not form.valid:
            return form.respond(request, lambda form: form_page(form, request))
        question = ask(data.of(request), form.value.text, [choice.text for choice in form.value.choices])
        sessions.of(request).flash("Your question is online.", "success")
        return to(request, "question", question)

    @router.get("/questions/{id}", name="question")
    @templates.renders(
        html=lambda request, found: ballot_page(Ballot.bind(request), request, found), json=lambda q: detail(q)
    )
    def question(request, id):
        return load(request, id)

    @router.post("/questions/{id}/vote", name="vote")
    def cast(request, id):
        found, ballot = load(request, id), Ballot.bind(request)
        chosen = [choice for choice in found["choices"] if ballot.valid and choice.id == ballot.value.choice]
        if not chosen:
            wrong = ballot.with_error("choice", "choice") if ballot.valid else ballot
            return wrong.respond(request, lambda form: ballot_page(form, request, found))
        session = sessions.of(request)
        try:
            vote(data.of(request), chosen[0], voter(session))
        except UniqueViolation:
            session.flash("You have voted on this question before.", "warning")
        else:
            session.flash("Thank you: your vote is counted.", "success")
        return to(request, "results", found["question"])

    @router.get("/questions/{id}/results", name="results")
    @templates.renders(html="results.html", json=lambda q: detail(q))
    def results(request, id):
        found = load(request, id)
        return {**found, "total": sum(choice.votes for choice in found["choices"])}

    def form_page(form, request):
        return templates.response(request, "new.html", form=form)

    def ballot_page(form, request, found):
        return templates.response(request, "question.html", form=form, **found)

    return router


def voter(session):
    """Who votes: the same in all requests of this session. Hashed, since CSRF tokens are made from the tag."""
    return sha256(session.tag.encode()).hexdigest()


def load(request, id):
    """A question and its choices; 404 if there is none."""
    question = data.of(request)[Question].get(id)
    return {"question": question, "choices": choices_of(data.of(request), question)}


def to(request, name, question):
    """Off to another page of this question."""
    return redirect_to(request.environ["kit.url"](name, id=question.id), default="/")


def summary(question):
    """A question as JSON."""
    return {"id": question.id, "text": question.text, "created": question.created}


def detail(found):
    """A question with its choices and votes as JSON."""
    choices = [{"id": each.id, "text": each.text, "votes": each.votes} for each in found["choices"]]
    return {**summary(found["question"]), "choices": choices}
