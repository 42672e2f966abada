"""PostgreSQL: connections, statements, tables."""
