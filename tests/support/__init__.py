"""What the tests stand on: the program, the database, people, tokens and the wire."""
