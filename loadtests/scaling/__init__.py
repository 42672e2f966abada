"""From the measured cost of a request to a plan for many users: `python -m loadtests.scaling`."""
