"""What an HTTP API of an application is made of."""
