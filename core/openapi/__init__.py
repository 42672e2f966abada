"""The OpenAPI 3.1 document: what plugins declare, with answers that are really given."""
