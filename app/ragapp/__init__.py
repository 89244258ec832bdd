"""The reference RAG application: API, ingestion worker, migrations and UI."""
