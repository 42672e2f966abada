"""How the program is run: command line, HTTP protocol, worker processes."""
