"""What is shipped: one file, an image, a unit, configuration for proxies."""
