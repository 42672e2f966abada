"""Load tests for the people who run the service: `python -m loadtests --help`."""
