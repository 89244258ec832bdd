"""The roles of people and programs. Each may do what the one before it may do, and more."""

from typing import Literal, get_args

Role = Literal["reader", "editor", "admin"]
# The role of a person of a provider who may sign in, but whom no list names.
DefaultRole = Literal["reader", "editor", "admin", "none"]

ROLES: tuple[Role, ...] = get_args(Role)


def suffices(role: DefaultRole, needed: Role) -> bool:
    """Return whether someone with this role may do what needs the other role."""
    return role != "none" and ROLES.index(role) >= ROLES.index(needed)


def highest(roles: set[Role]) -> Role | None:
    """Return the highest of some roles, or None when there are none."""
    return max(roles, key=ROLES.index, default=None)
