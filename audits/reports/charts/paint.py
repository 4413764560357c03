"""What the classes of charts look like, said once: for the console's sheet, for the stand-alone page, and for paper.

A colour is a name here. The console gives each name one of its tokens; the page and paper give it a figure, by day and by
night. Printers that know no style sheet inside a graphic get the day's colours as attributes, which any sheet overrides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

#: Each colour by day and by night, as figures.
COLOURS: Final[Mapping[str, tuple[str, str]]] = {
    "ink": ("#132027", "#e8eeef"),
    "ink-soft": ("#38454b", "#c0c9cb"),
    "ink-quiet": ("#556167", "#9aa5a8"),
    "hairline": ("#dfe4e5", "#273034"),
    "edge": ("#808d91", "#69777c"),
    "surface": ("#ffffff", "#151c20"),
    "accent": ("#006474", "#6cd0d6"),
    "good": ("#17653c", "#7dd89f"),
    "warn": ("#7f4e0f", "#f2c26f"),
    "bad": ("#a82828", "#fd968f"),
    "against": ("#b06e3e", "#daa06e"),
}
#: Colours that charts alone use: by day and by night, each as the console's sheet writes it and as a figure.
OWN: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "lane": ("oklch(0.958 0.006 210)", "oklch(0.268 0.014 226)", "#edf2f3", "#1f272b"),
    "tolerated": ("oklch(0.905 0.036 200)", "oklch(0.345 0.05 205)", "#c5e7e9", "#124146"),
    "faint": ("oklch(0.66 0.012 220)", "oklch(0.54 0.014 222)", "#8b9497", "#667175"),
    "heat-0": ("oklch(0.965 0.015 205)", "oklch(0.285 0.02 212)", "#e9f7f8", "#1f2d30"),
    "heat-1": ("oklch(0.905 0.035 205)", "oklch(0.345 0.035 210)", "#c6e7eb", "#223e43"),
    "heat-2": ("oklch(0.83 0.06 205)", "oklch(0.415 0.05 208)", "#99d3da", "#27535a"),
    "heat-3": ("oklch(0.53 0.085 208)", "oklch(0.66 0.085 205)", "#147984", "#49a1ab"),
    "heat-4": ("oklch(0.46 0.08 210)", "oklch(0.73 0.09 202)", "#076470", "#5ab9c0"),
    "heat-5": ("oklch(0.39 0.075 214)", "oklch(0.81 0.09 200)", "#004f5d", "#74d3d8"),
    "on-dark": ("oklch(1 0 0)", "oklch(0.2 0.03 220)", "#ffffff", "#04191f"),
    "part-0": ("oklch(0.78 0.07 208)", "oklch(0.46 0.07 208)", "#81c4cf", "#1a636c"),
    "part-1": ("oklch(0.86 0.075 78)", "oklch(0.5 0.075 66)", "#eccc99", "#805a32"),
    "part-2": ("oklch(0.83 0.065 300)", "oklch(0.47 0.085 300)", "#cdbeec", "#624f83"),
    "part-3": ("oklch(0.87 0.07 150)", "oklch(0.49 0.07 152)", "#b4e2bc", "#406c4d"),
    "part-4": ("oklch(0.83 0.07 25)", "oklch(0.47 0.085 25)", "#f2b6b1", "#844642"),
    "part-5": ("oklch(0.82 0.06 255)", "oklch(0.46 0.075 255)", "#aac7eb", "#3a5a81"),
    "part-6": ("oklch(0.9 0.006 215)", "oklch(0.38 0.012 222)", "#dadfe0", "#3c4447"),
    "tone-1": ("oklch(0.58 0.115 55)", "oklch(0.78 0.1 66)", "#ae662f", "#e3ab71"),
    "tone-2": ("oklch(0.5 0.14 300)", "oklch(0.78 0.1 300)", "#714ca6", "#c1a9ee"),
    "tone-3": ("oklch(0.47 0.12 255)", "oklch(0.78 0.085 255)", "#255b9c", "#93baed"),
}
#: Names of the console's tokens where they differ.
_TOKENS: Final = {"against": "meter-against"}

_TEXT: Final = {"font-size": "12px", "fill": "@ink-soft"}
_ROUND: Final = {"stroke-linecap": "round"}

#: Classes and what they look like; ``@`` goes before the name of a colour. Later ones win.
RULES: Final[tuple[tuple[str, Mapping[str, str]], ...]] = (
    # Writing
    ("chart-label", {"font-size": "13px", "fill": "@ink"}),
    ("chart-label strong", {"font-weight": "600"}),
    ("chart-value", {"font-size": "12px", "fill": "@ink-soft"}),
    ("chart-value bad", {"fill": "@bad", "font-weight": "600"}),
    ("chart-figure", {"font-size": "13px", "fill": "@ink", "font-weight": "600"}),
    ("chart-head", {"font-size": "12px", "fill": "@ink-soft", "font-weight": "600"}),
    ("chart-note", {"font-size": "11.5px", "fill": "@ink-quiet"}),
    ("chart-tick", {"font-size": "11px", "fill": "@ink-quiet"}),
    ("chart-label faint", {"fill": "@ink-quiet"}),
    ("chart-value faint", {"fill": "@ink-quiet"}),
    ("chart-figure faint", {"fill": "@ink-quiet", "font-weight": "400"}),
    # What things stand on
    ("chart-lane", {"fill": "@lane"}),
    ("chart-tolerated", {"fill": "@tolerated"}),
    ("chart-edge", {"stroke": "@accent", "stroke-width": "1"}),
    ("chart-watch", {"stroke": "@accent", "stroke-width": "1", "stroke-dasharray": "2 2"}),
    ("chart-even", {"stroke": "@ink-quiet", "stroke-width": "1"}),
    ("chart-grid", {"stroke": "@hairline", "stroke-width": "1"}),
    ("chart-axis", {"stroke": "@edge", "stroke-width": "1"}),
    ("chart-threshold", {"stroke": "@bad", "stroke-width": "1.5", "stroke-dasharray": "6 3"}),
    ("chart-diagonal", {"stroke": "@edge", "stroke-width": "1", "stroke-dasharray": "4 3"}),
    ("chart-drop", {"stroke": "@ink-quiet", "stroke-width": "1", "stroke-dasharray": "3 3"}),
    ("chart-plate", {"fill": "@surface"}),
    ("chart-hatch", {"stroke": "@edge", "stroke-width": "1.4", "fill": "none"}),
    ("chart-hatched", {"stroke": "@hairline", "stroke-width": "1"}),
    # Marks, and what chance allows around them
    ("chart-mark", {"fill": "@accent", "stroke": "@surface", "stroke-width": "1"}),
    ("chart-mark good", {"fill": "@good"}),
    ("chart-mark bad", {"fill": "@bad"}),
    ("chart-mark unsure", {"fill": "@surface", "stroke": "@ink-soft", "stroke-width": "1.8"}),
    ("chart-mark strong", {"fill": "@ink"}),
    ("chart-mark faint", {"fill": "@surface", "stroke": "@faint", "stroke-width": "1.6"}),
    ("chart-range", {"stroke": "@accent", "stroke-width": "2"} | _ROUND),
    ("chart-range good", {"stroke": "@good"}),
    ("chart-range bad", {"stroke": "@bad"}),
    ("chart-range unsure", {"stroke": "@ink-quiet"}),
    ("chart-range faint", {"stroke": "@faint"}),
    ("chart-beyond", {"fill": "@accent"}),
    ("chart-beyond good", {"fill": "@good"}),
    ("chart-beyond bad", {"fill": "@bad"}),
    ("chart-beyond unsure", {"fill": "@ink-quiet"}),
    ("chart-beyond faint", {"fill": "@faint"}),
    # Lines
    ("chart-line", {"stroke": "@accent", "stroke-width": "2"} | _ROUND),
    ("chart-line thin", {"stroke-width": "1.4"}),
    ("chart-line second", {"stroke": "@against", "stroke-width": "1.4"}),
    ("chart-whisker", {"stroke": "@accent", "stroke-width": "1", "stroke-opacity": "0.55"}),
    ("chart-error", {"stroke": "@ink", "stroke-width": "1.4"} | _ROUND),
    # Bars
    ("chart-for", {"fill": "@accent"}),
    ("chart-against", {"fill": "@against"}),
    ("chart-total", {"fill": "@ink-soft"}),
    ("chart-known", {"fill": "@accent"}),
    ("chart-awaited", {"fill": "@tolerated"}),
    # Fields
    ("chart-few", {"fill": "@surface", "stroke": "@faint", "stroke-dasharray": "3 3"}),
    *((f"chart-heat-{step}", {"fill": f"@heat-{step}"}) for step in range(6)),
    *((f"chart-on-{step}", {"fill": "@ink"}) for step in range(3)),
    *((f"chart-on-{step}", {"fill": "@on-dark"}) for step in range(3, 6)),
    ("chart-part", {"stroke": "@surface", "stroke-width": "1"}),
    *((f"chart-part-{place}", {"fill": f"@part-{place}"}) for place in range(7)),
    *(
        (f"chart-on-part-{place}", {"font-size": "12px", "fill": "@ink", "font-weight": "600"})
        for place in range(7)
    ),
    *(
        (f"chart-mark chart-tone-{place}", {"fill": f"@tone-{place}", "stroke": f"@tone-{place}"})
        for place in range(1, 4)
    ),
    *((f"chart-line chart-tone-{place}", {"stroke": f"@tone-{place}"}) for place in range(1, 4)),
    *((f"chart-whisker chart-tone-{place}", {"stroke": f"@tone-{place}"}) for place in range(1, 4)),
    ("chart-mark chart-tone-4", {"fill": "none", "stroke": "@good", "stroke-width": "1.8"}),
    ("chart-line chart-tone-4", {"stroke": "@good"}),
    ("chart-whisker chart-tone-4", {"stroke": "@good"}),
)

_CLASSED: Final = re.compile(r'class="([^"]*)"')
_FONT: Final = "Liberation Sans, Arial, Helvetica, sans-serif"


def console_sheet() -> str:
    """Write the part of the console's sheet that colours charts, one rule a class, in the layer of components."""
    lines = ["  :root {"]
    for name, (day, night, _, _) in OWN.items():
        lines.append(f"    --chart-{name}: light-dark({day}, {night});")
    lines.append("  }")
    for selector, look in RULES:
        lines += ["", f"  {_selector(selector)} {{"]
        lines += [f"    {name}: {_console_value(value)};" for name, value in look.items()]
        lines.append("  }")
    return "\n".join(lines)


def page_variables(*, night: bool) -> str:
    """Write all colours as custom properties, for the stand-alone page."""
    pairs = [(name, both[night]) for name, both in COLOURS.items()]
    pairs += [(f"chart-{name}", found[2 + night]) for name, found in OWN.items()]
    return "".join(f"--{name}:{value};" for name, value in pairs)


def page_sheet() -> str:
    """Write the rules of charts for the stand-alone page."""
    return "\n".join(
        f"{_selector(selector)}{{{';'.join(f'{name}:{_page_value(value)}' for name, value in look.items())}}}"
        for selector, look in RULES
    )


def painted(svg: str) -> str:
    """Give each element of a graphic the day's look as attributes, for printers that read no sheet inside graphics."""

    def look_of(match: re.Match[str]) -> str:
        look = "".join(f' {name}="{value}"' for name, value in _look(match[1]).items())
        return f"{match[0]}{look}"

    return _CLASSED.sub(look_of, svg)


def _look(classes: str) -> dict[str, str]:
    found = set(classes.split())
    if found & {"chart", "chart-key"}:
        return {"font-family": _FONT}
    look: dict[str, str] = {}
    for selector, rule in RULES:
        if found.issuperset(selector.split()):
            look |= {name: _figure(value) for name, value in rule.items()}
    return look


def _figure(value: str) -> str:
    name = value.removeprefix("@")
    if name == value:
        return value.removesuffix("px")
    return COLOURS[name][0] if name in COLOURS else OWN[name][2]


def _selector(classes: str) -> str:
    return "".join(f".{name}" for name in classes.split())


def _console_value(value: str) -> str:
    name = value.removeprefix("@")
    if name == value:
        return value
    return f"var(--chart-{name})" if name in OWN else f"var(--{_TOKENS.get(name, name)})"


def _page_value(value: str) -> str:
    name = value.removeprefix("@")
    if name == value:
        return value
    return f"var(--chart-{name})" if name in OWN else f"var(--{name})"


def selectors() -> Iterator[str]:
    """Give the classes that have a look."""
    for selector, _ in RULES:
        yield from selector.split()
