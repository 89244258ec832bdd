"""What the Python applications of Ragdock share. A module names its extras of pyproject.toml."""
