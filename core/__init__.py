"""What plugins stand on, and the program around them; imports no plugin.

For plugins: plugin, body, errors, statements, tables, page, idempotency. Around them: wire/ for
HTTP, openapi/ for the documentation, program/ for the command line, postgres/ for --embedded.
"""

__version__ = "1.0.0"
