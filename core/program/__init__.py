"""The program: its command line, its processes, and the database that it may bring along."""
