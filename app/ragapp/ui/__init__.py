"""The Streamlit UI: ask questions, manage documents, look at the state of the services."""
