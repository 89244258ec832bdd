"""The parts of an application's HTTP API."""
