"""The contract as tests: the real program on a real PostgreSQL."""
