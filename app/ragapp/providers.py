"""What is known of the model providers; every one but `local` speaks the OpenAI-compatible protocol."""

URLS = {
    "openai": "https://api.openai.com/v1",
    "mistral": "https://api.mistral.ai/v1",
    "ollama": "http://ollama:11434/v1",
    "vllm": "http://vllm:8000/v1",
}

# These refuse requests without a key; ollama and vllm take one but ask for none by default.
NEEDS_KEY = frozenset({"openai", "mistral"})

# These run beside the application, so asking them whether they are up costs nothing.
SELF_HOSTED = frozenset({"ollama", "vllm"})

EMBEDDING_MODELS = {
    "local": "all-MiniLM-L6-v2",
    "openai": "text-embedding-3-small",
    "mistral": "mistral-embed",
    "ollama": "nomic-embed-text",
}

DIMENSIONS = {
    "all-MiniLM-L6-v2": 384,
    "text-embedding-3-small": 1536,
    "text-embedding-3-large": 3072,
    "text-embedding-ada-002": 1536,
    "mistral-embed": 1024,
    "nomic-embed-text": 768,
    "mxbai-embed-large": 1024,
}
