"""The table as paths of an OpenAPI document."""

import enum

from kit.routing import Router, enum_of
from kit.testing import environ


class Size(enum.Enum):
    S = "s"


def test_operations_have_names_summaries_and_typed_parameters():
    router = Router(converters={"size": enum_of(Size)})

    def show(**args):
        """One thing.

        With more to say.
        """

    router.route(
        "/{a}/{b:int(min=1,max=9)}/{c:uuid}/{d:date}/{e:any(x,y)}/{f:size}/{g:path}",
        show,
        methods=["GET", "PUT"],
        name="s",
    )
    router.get("/", lambda: "", name="home")
    router.mount("/app", lambda environ, start_response: [])
    router.redirect("/old", "/")
    router.any("/every", lambda: "")
    paths = router.openapi()
    assert list(paths) == ["/{a}/{b}/{c}/{d}/{e}/{f}/{g}", "/"]
    assert paths["/"]["get"]["operationId"] == "home"
    operation = paths["/{a}/{b}/{c}/{d}/{e}/{f}/{g}"]["put"]
    assert (operation["operationId"], operation["summary"], operation["description"]) == (
        "put_s", "One thing.", "With more to say.",
    )  # fmt: skip
    assert [parameter["schema"] for parameter in operation["parameters"]] == [
        {"type": "string"},
        {"type": "integer", "minimum": 1, "maximum": 9},
        {"type": "string", "format": "uuid"},
        {"type": "string", "format": "date"},
        {"type": "string", "enum": ["x", "y"]},
        {"type": "string", "pattern": "^(?:s)$"},
        {"type": "string", "pattern": "^(?:[^/].*?)$"},
    ]


def test_the_export_does_not_touch_the_router():
    router = Router()
    router.get("/", lambda: "")
    router.openapi()
    assert b"".join(router(environ("/"), lambda *_: None)) == b""
