"""The code that the Python applications of Ragdock share. The docstring of a module names the
extras of pyproject.toml that it needs."""
