"""The Streamlit UI: ask questions, manage documents, see the state of the services."""
