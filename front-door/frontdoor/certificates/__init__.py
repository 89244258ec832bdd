"""The certificate of the ingress: made, copied or obtained, and renewed in time."""
