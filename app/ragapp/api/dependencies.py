"""What routes depend on."""

from fastapi import Request

from ragapp.services import Services


def get_services(request: Request) -> Services:
    """Return the services that the application was made with."""
    services = request.app.state.services
    assert isinstance(services, Services)  # noqa: S101
    return services
