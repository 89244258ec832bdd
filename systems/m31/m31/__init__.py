"""The application of m31: BM25 over a few documents, and answers cached in Redis."""
