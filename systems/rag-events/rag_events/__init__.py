"""The application of rag-events: a FAISS index on a volume, an API and a Streamlit page."""
