"""What is answered: one page per step, at the draft's own address."""

from kit import data, sessions
from kit.errors import Missing
from kit.forms import File
from kit.forms.client import SCRIPT
from kit.http import Response, redirect_to
from kit.http.json import dumps, loads
from kit.routing import Router

from .forms import STEPS, TITLES
from .models import answer, begin, load, papers, send


def routes(templates, *, keys, files):
    """The table of routes; `templates` make the pages, `keys` and `files` keep uploads over a mistake."""
    router = Router()

    @router.get("/", name="index")
    def index(request):
        return templates.response(request, "index.html")

    @router.post("/", name="begin")
    def start(request):
        return to(request, "step", begin(data.of(request)), step="about")

    @router.get("/kit-forms.js", name="script")
    def script():
        return Response(SCRIPT.read_bytes(), content_type="text/javascript", charset="utf-8")

    @router.get("/drafts/{secret}/done", name="done")
    def done(request, secret):
        return templates.response(request, "done.html", draft=load(data.of(request), secret))

    @router.any("/drafts/{secret}/{step}", name="step")
    def step(request, secret, step):
        if step not in STEPS:
            raise Missing("no such step")
        draft = load(data.of(request), secret)
        if draft.sent:
            return to(request, "done", draft)
        form = STEPS[step].bind(request, stored(draft, step), keys=keys, files=files)
        if not form.valid:
            return form.respond(request, lambda form: page(request, draft, step, form))
        if step == "send":
            return finish(request, draft)
        keep(request, draft, step, form.value)
        return to(request, "step", draft, step=list(STEPS)[list(STEPS).index(step) + 1])

    def page(request, draft, step, form):
        shown = {"draft": draft, "step": step, "form": form, "titles": TITLES, "steps": list(STEPS)}
        shown["done"] = {name for name in STEPS if stored(draft, name)}
        return templates.response(request, "step.html", papers=papers(data.of(request), draft), **shown)

    return router


def stored(draft, step):
    """The answers of a step as its form's value; None if there are none that still fit."""
    form = STEPS[step].check(draft.answers.get(step))
    return form.value if form.valid else None


def keep(request, draft, step, value):
    """Store one step: files as files, everything else as JSON."""
    fields = value.asdict()
    files = {name: file for name, file in fields.items() if isinstance(file, File)}
    plain = {name: item for name, item in fields.items() if name not in files}
    answer(data.of(request), draft, step, loads(dumps(plain)), files)


def finish(request, draft):
    """Send the draft if every step is there; else go to the first that is not."""
    for step in STEPS:
        if step != "send" and not stored(draft, step):
            sessions.of(request).flash(f"Something is missing: {TITLES[step]}", "warning")
            return to(request, "step", draft, step=step)
    send(data.of(request), draft)
    return to(request, "done", draft)


def to(request, name, draft, **args):
    """Off to a page of this draft."""
    return redirect_to(request.environ["kit.url"](name, secret=draft.secret, **args), default="/")
