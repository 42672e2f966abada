"""What breaks around the service while requests run, each with a figure."""
