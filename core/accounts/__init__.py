"""Users, their passwords, and the tokens that name them."""
