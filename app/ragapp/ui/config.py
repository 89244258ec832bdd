"""The settings of the UI."""

import os

API_URL = os.environ.get("RAG_API_URL", "http://api:8000").rstrip("/")
PROMETHEUS_URL = os.environ.get("RAG_PROMETHEUS_URL", "").rstrip("/")
# This is a setting of the API, which enforces it. The UI refuses a file that is too large before it
# is sent.
MAX_UPLOAD_MB = os.environ.get("RAG_MAX_UPLOAD_MB", "25")
# Whether an edited file appears at once.
RELOAD = os.environ.get("RAG_RELOAD", "").lower() in {"1", "true"}
