"""The program as its operator and its plugin writers meet it."""
