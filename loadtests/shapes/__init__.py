"""Shapes of a load over time, one a file: Locust takes the shape that it finds in a locustfile."""
