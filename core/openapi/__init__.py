"""The OpenAPI 3.1 document of what plugins declare."""
