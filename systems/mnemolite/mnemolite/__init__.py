"""Memories: texts are queued, embedded by a worker, and found by meaning."""
