"""Gets certificates and renews them, and writes them where the ingress reads them at each handshake."""
