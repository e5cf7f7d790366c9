"""A plot as SVG: a few lines over a few points, with a legend, and the diagonal that says linear."""

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 860, 520
LEFT, TOP, BOTTOM = 70, 50, 60
PLOT = 480
FONT = 'font-family="sans-serif" font-size="13"'
COLOURS = ("#1b6ca8", "#c0392b", "#27813c", "#8e44ad", "#b9770e", "#117a65", "#6c3483", "#7b241c", "#1a5276", "#566573")


def svg(title: str, factors: Sequence[float], lines: Mapping[str, Sequence[float]], dashed: Sequence[str] = ()) -> str:
    """Each line has a value for each factor; those named in `dashed` are drawn so."""
    top = max([*factors, *(value for line in lines.values() for value in line)])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {FONT}>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="28" font-size="16">{escape(title)}</text>',
        *_axes(factors, top),
        _line([(factor, factor) for factor in factors], factors, top, 'stroke="#999" stroke-dasharray="2 5"'),
    ]
    for number, (name, values) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        style = f'stroke="{colour}" stroke-width="2"' + (' stroke-dasharray="7 4"' if name in dashed else "")
        parts.append(_line(list(zip(factors, values, strict=True)), factors, top, style))
        parts += _legend(number, name, values[-1], style)
    parts += _legend(len(lines), "linear", factors[-1], 'stroke="#999" stroke-dasharray="2 5"')
    return "\n".join([*parts, "</svg>", ""])


def _axes(factors: Sequence[float], top: float) -> list[str]:
    parts = []
    for factor in factors:
        x = _x(factor, factors)
        parts.append(f'<text x="{x:.0f}" y="{HEIGHT - BOTTOM + 22}" text-anchor="middle">{factor:g}x</text>')
    for step in range(int(top) + 1):
        y = _y(step, top)
        parts.append(f'<line x1="{LEFT}" y1="{y:.0f}" x2="{LEFT + PLOT}" y2="{y:.0f}" stroke="#eee"/>')
        parts.append(f'<text x="{LEFT - 10}" y="{y + 4:.0f}" text-anchor="end">{step}x</text>')
    return parts


def _line(points: Sequence[tuple[float, float]], factors: Sequence[float], top: float, style: str) -> str:
    path = " ".join(f"{_x(factor, factors):.1f},{_y(value, top):.1f}" for factor, value in points)
    return f'<polyline fill="none" {style} points="{path}"/>'


def _legend(number: int, name: str, last: float, style: str) -> list[str]:
    y = TOP + 20 + 26 * number
    x = LEFT + PLOT + 20
    return [
        f'<line x1="{x}" y1="{y}" x2="{x + 28}" y2="{y}" {style}/>',
        f'<text x="{x + 36}" y="{y + 4}">{escape(name)}: {last:.2f}x</text>',
    ]


def _x(factor: float, factors: Sequence[float]) -> float:
    return LEFT + PLOT * factor / factors[-1]


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * value / top
