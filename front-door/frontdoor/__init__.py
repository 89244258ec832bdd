"""Sign-in, API keys, roles and limits for requests from outside, and certificates of the ingress."""
