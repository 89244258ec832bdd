"""The page at /. Its template may be edited while the API runs."""

from pathlib import Path
from typing import Annotated

import jinja2
from fastapi import APIRouter
from fastapi import Query as QueryParameter
from fastapi.responses import HTMLResponse

from mnemolite import memories
from mnemolite.services import Given
from ragkit.api.questions import sensible
from ragkit.errors import Unavailable

RECENT = 20


def router(templates: Path) -> APIRouter:
    """Return the route of the page with the templates in this folder."""
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(templates), autoescape=True)
    route = APIRouter()

    @route.get("/", response_class=HTMLResponse, summary="The page")
    def page(services: Given, q: Annotated[str, QueryParameter(max_length=4000)] = "") -> str:
        """Show the counts, the newest memories, and the results of a search."""
        results: list[memories.Result] = []
        problem = ""
        if q.strip():
            try:
                results = services.search(sensible(q), services.settings.config.search.default_k)
            except (Unavailable, ValueError) as error:
                problem = str(error)
        with services.engine.connect() as connection:
            counts, recent = memories.counts(connection), memories.recent(connection, RECENT)
        return environment.get_template("index.html").render(
            query=q, results=results, problem=problem, counts=counts, recent=recent
        )

    return route
