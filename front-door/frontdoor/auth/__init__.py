"""Who sends a request from outside, and whether they may: people, API keys, roles, limits, audit log."""
