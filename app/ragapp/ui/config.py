"""The UI's settings."""

import os

API_URL = os.environ.get("RAG_API_URL", "http://api:8000").rstrip("/")
PROMETHEUS_URL = os.environ.get("RAG_PROMETHEUS_URL", "").rstrip("/")
