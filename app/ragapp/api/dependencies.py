"""The dependencies of the routes."""

from fastapi import Request

from ragapp.services import Services


async def get_services(request: Request) -> Services:
    """Return the services of the application."""
    services = request.app.state.services
    assert isinstance(services, Services)  # noqa: S101
    return services
