"""The HTTP contract, route by route, on the running program."""
