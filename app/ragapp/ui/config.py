"""The UI's settings."""

import os

API_URL = os.environ.get("RAG_API_URL", "http://api:8000").rstrip("/")
PROMETHEUS_URL = os.environ.get("RAG_PROMETHEUS_URL", "").rstrip("/")
# The same setting as the API's, which decides; here it is only shown, and saves a useless upload.
MAX_UPLOAD_MB = os.environ.get("RAG_MAX_UPLOAD_MB", "25")
