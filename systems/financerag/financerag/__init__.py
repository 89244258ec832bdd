"""The application of financerag: documents in a folder, their chunks in Chroma, and an API."""
