"""The service side by side with other implementations of the same API (`make bench`)."""
