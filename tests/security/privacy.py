"""The responses to each user, searched for texts of the others."""

import httpx


class Privacy:
    """Texts by owner, and the responses in which a text of another user stands."""

    def __init__(self) -> None:
        self.owners: dict[bytes, str] = {}
        self.unread: list[tuple[str, httpx.Response]] = []

    def claim(self, owner: str, *words: str) -> None:
        self.owners.update((word.encode(), owner) for word in words)

    def record(self, caller: str, answer: httpx.Response) -> httpx.Response:
        self.unread.append((caller, answer))
        return answer

    def leaks(self) -> list[str]:
        """Look through the raw bytes of all answers since the last look."""
        unread, self.unread = self.unread, []
        found = []
        for caller, answer in unread:
            raw = repr(answer.headers.raw).encode() + answer.read()
            foreign = [word for word, owner in self.owners.items() if owner != caller]
            found += [f"{caller} received {word!r}" for word in foreign if word in raw]
        return found
