"""The embedded PostgreSQL: started, stopped, killed, and left."""
