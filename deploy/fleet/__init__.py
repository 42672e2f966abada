"""A fleet on one machine, of existing programs: `python -m deploy.fleet`."""
