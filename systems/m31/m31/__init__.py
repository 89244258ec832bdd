"""The application of m31: BM25 over a few documents, answers cached in Redis."""
