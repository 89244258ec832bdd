"""The page that describes an API."""

import re

from fastapi.testclient import TestClient


def missing_on_page(client: TestClient, prefix: str = "") -> list[str]:
    """Return what Swagger UI needs and does not find in the application itself, or which addresses
    are of other sites."""
    page = client.get(f"{prefix}/docs").text
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    described = re.findall(r"url: '([^']+)'", page)
    expected = ["script", "style", "icon", "description"][len(loaded) + len(described) :]
    wrong = [
        address
        for address in loaded + described
        if not address.startswith(f"{prefix}/") or client.get(address).status_code != 200
    ]
    return expected + wrong
