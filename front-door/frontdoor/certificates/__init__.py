"""The certificate of the ingress: issued, copied or obtained, and renewed in time."""
