"""The tests of the reference application."""

import os
import tempfile

# The API adds up the metrics of its processes. prometheus_client reads this variable at import.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="ragapp-metrics-")
