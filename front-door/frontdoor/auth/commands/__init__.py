"""The commands that `./ragdock users`, `keys` and `audit` run in the container of the service."""
