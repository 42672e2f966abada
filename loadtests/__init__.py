"""Load tests: Locust scenarios for what the service promises (`make load`)."""
