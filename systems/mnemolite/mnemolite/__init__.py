"""Memories: texts come in, are queued, embedded by a worker, and found again by meaning."""
