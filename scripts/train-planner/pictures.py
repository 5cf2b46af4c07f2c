"""Draws the reliability curve and the confusions of a report (`evaluate --json`) as SVG pictures."""

import html
import json
import sys

STYLE = (
    '<style>text{font:12px sans-serif;fill:#334155}.axis{stroke:#94a3b8;fill:none}.even{stroke:#cbd5e1;stroke-dasharray:4 4}'
    ".line{stroke:#2563eb;stroke-width:2;fill:none}.dot{fill:#2563eb}.bar{fill:#2563eb}</style>"
)


def svg(width, height, body):
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f'{STYLE}<rect width="{width}" height="{height}" fill="#fff"/>{body}</svg>\n'
    )


def reliability(report):
    x, y = (lambda value: 50 + 300 * value), (lambda value: 330 - 300 * value)
    points = [(x(bin["score"]), y(bin["right"]), bin["cases"]) for bin in report["reliability"]]
    body = f'<path class="axis" d="M50 30V330H350"/><path class="even" d="M50 330L350 30"/>'
    body += '<polyline class="line" points="' + " ".join(f"{a:.0f},{b:.0f}" for a, b, _ in points) + '"/>'
    for a, b, cases in points:
        body += f'<circle class="dot" cx="{a:.0f}" cy="{b:.0f}" r="{3 + min(cases, 900) ** 0.5 / 6:.1f}"/>'
        body += f'<text x="{a + 8:.0f}" y="{b + 16:.0f}">{cases}</text>'
    body += '<text x="130" y="362">score of the likeliest action</text><text x="12" y="20">share that was right (numbers: turns)</text>'
    for mark in (0, 0.5, 1):
        body += f'<text x="{x(mark) - 6:.0f}" y="346">{mark}</text><text x="24" y="{y(mark) + 4:.0f}">{mark}</text>'
    return svg(400, 372, body)


def confusions(report, count=14):
    rows = [pair for pair in report["confusions"]][:count]
    most = max((pair["count"] for pair in rows), default=1)
    body = '<text x="10" y="18">expected → fired, turns</text>'
    for at, pair in enumerate(rows):
        top = 30 + at * 22
        named = lambda name: html.escape(name or "nothing")
        body += f'<text x="10" y="{top + 13}">{named(pair["expected"])} → {named(pair["fired"])}</text>'
        body += f'<rect class="bar" x="480" y="{top}" width="{max(2, 180 * pair["count"] / most):.0f}" height="16"/>'
        body += f'<text x="{486 + 180 * pair["count"] / most:.0f}" y="{top + 13}">{pair["count"]}</text>'
    return svg(700, 40 + len(rows) * 22, body)


if __name__ == "__main__":
    source, out = sys.argv[1:3]
    with open(source) as file:
        report = json.load(file)
    for name, draw in (("reliability", reliability), ("confusions", confusions)):
        with open(f"{out}/planner-{name}.svg", "w") as file:
            file.write(draw(report))
