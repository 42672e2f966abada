"""Between the service and PostgreSQL: URLs, TLS, connections, poolers, schema."""
