"""What frontends do with the service, by the tools that they really use."""
