"""The tests of the reference application."""

import os
import tempfile

# The API always adds up its processes' metrics; prometheus_client looks for this when it is imported.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="ragapp-metrics-")
