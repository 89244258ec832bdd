"""A RAG API on PostgreSQL with pgvector: upload documents, ask questions."""
