"""Five lines are a web app: `kit run hello`."""

from kit.routing import Router

app = Router()


@app.get("/")
def hello():
    return "<!doctype html><html lang=en><title>Hello</title><p>Hello, world!</p></html>"


def make_app(*, data=None, keys=None, debug=False, lint=False):
    """The app as every recipe makes it. This one stores nothing and has no secrets."""
    from kit.wsgi import compose

    return compose(app, lint=lint)
