"""A bar chart as SVG: light or dark as the reader's screen is, with the reader's own fonts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LABELS, VALUES = 760, 250, 90  # pixels: in all, left of the bars, right of them
BAR, GAP, TITLE, SPACE = 22, 8, 44, 26
STYLE = """
svg { --text: #1f2328; --faint: #59636e; --ours: #0969da; --others: #afb8c1 }
@media (prefers-color-scheme: dark) {
  svg { --text: #f0f6fc; --faint: #9198a1; --ours: #4493f8; --others: #545d68 }
}
text { font: 14px system-ui, -apple-system, "Segoe UI", sans-serif; fill: var(--text) }
.title { font-weight: 600 } .hint { fill: var(--faint) }
.bar { fill: var(--others) } .ours { fill: var(--ours) }
"""


@dataclass(frozen=True)
class Bar:
    """One contender."""

    label: str
    value: float
    ours: bool = False


@dataclass(frozen=True)
class Panel:
    """One figure of all contenders."""

    title: str
    hint: str
    bars: Sequence[Bar]

    @property
    def height(self) -> int:
        """Pixels from one panel to the next."""
        return TITLE + len(self.bars) * (BAR + GAP) + SPACE

    def draw(self, top: int) -> Iterator[str]:
        """Its title, and a line for each bar."""
        title, hint = escape(self.title), escape(self.hint)
        yield (
            f'<text x="0" y="{top + 20}"><tspan class="title">{title}</tspan>'
            f'<tspan class="hint" dx="8">{hint}</tspan></text>'
        )
        longest = max((bar.value for bar in self.bars), default=1)
        for number, bar in enumerate(self.bars):
            y = top + TITLE + number * (BAR + GAP)
            length = max(1, (WIDTH - LABELS - VALUES) * bar.value / longest)
            kind = "bar ours" if bar.ours else "bar"
            weight = ' class="title"' if bar.ours else ""
            yield f'<text x="0" y="{y + 16}"{weight}>{escape(bar.label)}</text>'
            yield (
                f'<rect class="{kind}" x="{LABELS}" y="{y}" width="{length:.1f}" '
                f'height="{BAR}" rx="3"/>'
            )
            end = f"{LABELS + length + 8:.1f}"
            yield f'<text x="{end}" y="{y + 16}"{weight}>{bar.value:,.0f}</text>'


def draw(name: str, panels: Sequence[Panel]) -> str:
    """The panels, one below the other."""
    height = sum(panel.height for panel in panels)
    lines: list[str] = []
    top = 0
    for panel in panels:
        lines += panel.draw(top)
        top += panel.height
    told = "; ".join(
        f"{panel.title}: " + ", ".join(f"{bar.label} {bar.value:,.0f}" for bar in panel.bars)
        for panel in panels
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" role="img">\n<title>{escape(name)}</title>\n'
        f"<desc>{escape(told)}</desc>\n<style>{STYLE}</style>\n" + "\n".join(lines) + "\n</svg>\n"
    )
