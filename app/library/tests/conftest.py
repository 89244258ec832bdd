"""The fixtures of the library's tests."""

pytest_plugins = ["ragkit_testing.fixtures"]
