"""HTTP on the wire, below ASGI."""
