"""The load scenarios, and the gate on the price of a request."""
