"""In a real Chromium."""
