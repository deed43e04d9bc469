"""The evolution as one HTML file: pictures and faces inside it, no script, no other host, light and dark."""

import base64
from collections.abc import Iterable
from html import escape

import numpy as np
from PIL import Image

from mattelier.evolve.letters import Face, face_data
from mattelier.evolve.perform import Shown
from mattelier.evolve.run import Evolution, Row
from mattelier.evolve.view import cell_of, marked, shaped
from mattelier.evolve.wording import (
    ALPHA,
    HEADLINE,
    HOW,
    OVER,
    SILENT,
    alpha_words,
    asked,
    cpu_of,
    edge_words,
    facts,
    layer_words,
    memory_of,
    seconds_of,
)
from mattelier.image import Array
from mattelier.image.io import encode
from mattelier.models.cards import Card
from mattelier.weights import pin

# nothing may be loaded, whatever a file's name or the words contain
_POLICY = "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'"

_STYLE = """
:root { color-scheme: light dark; --paper: light-dark(#f2f4f1, #14191a); --ink: light-dark(#111716, #e7ece8);
  --soft: light-dark(#475150, #a7b2ae); --line: light-dark(#cbd2cd, #374042); --mat: light-dark(#dde1dd, #0d1112);
  --key: light-dark(#006b2a, #3fd67c); --alarm: light-dark(#a3190a, #ff9a88);
  --check-1: light-dark(#fff, #5b6163); --check-2: light-dark(#d3d7d4, #45494b);
  --display: "Mattelier Display", "Avenir Next", "Segoe UI", system-ui, sans-serif;
  --text: "Mattelier Text", Charter, Georgia, serif; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 110rem; padding: clamp(1rem, 3vw, 3rem); background: var(--paper);
  color: var(--ink); font: 400 1.0625rem/1.5 var(--text); overflow-wrap: anywhere; }
h1, h2, dl, table, figcaption, .title, .asked { font-family: var(--display); }
h1 { font-size: clamp(2.2rem, 5vw, 4rem); line-height: 1; letter-spacing: -.025em; margin: 0 0 1rem; }
h2 { font-size: 2rem; line-height: 1.1; margin: 0; letter-spacing: -.02em; }
h2 span { font-weight: 400; color: var(--soft); }
p { margin: 0 0 .6rem; max-width: 52rem; }
.soft, .idea { color: var(--soft); }
.idea { margin-bottom: 1.2rem; }
.why { font-family: var(--display); font-size: 1.15rem; }
.failed { color: var(--alarm); }
.made { color: var(--key); font-weight: 600; }
header, section { padding-bottom: 2.5rem; margin-bottom: 2rem; border-bottom: 1px solid var(--line); }
section:last-child { border: 0; }
dl { display: flex; flex-wrap: wrap; gap: .2rem 2rem; margin: .4rem 0 1rem; }
dl div { display: flex; gap: .5rem; }
dt { color: var(--soft); } dd { margin: 0; font-weight: 600; }
dd span { font-weight: 400; color: var(--soft); padding-left: .3em; }
table { border-collapse: collapse; margin-top: 1.5rem; overflow-wrap: normal; }
caption { text-align: left; font-weight: 600; padding-bottom: .3rem; }
th, td { text-align: left; padding: .3rem 1.6rem .3rem 0; border-top: 1px solid var(--line); vertical-align: top; }
th, td { white-space: nowrap; }
th { font-weight: 600; } .n { text-align: right; font-variant-numeric: tabular-nums; }
td[colspan] { white-space: normal; min-width: 18rem; }
.scroll { overflow-x: auto; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 13.5rem), 1fr)); gap: 1.2rem; }
.top { grid-template-columns: repeat(auto-fill, minmax(min(100%, 18rem), 24rem)); margin-top: 1.5rem; }
figure { margin: 0; }
.frame { display: grid; place-items: center; aspect-ratio: var(--shape); background: var(--mat); cursor: zoom-in; }
.frame:focus-visible { outline: 3px solid var(--key); outline-offset: 2px; }
img { display: block; max-width: 100%; max-height: 100%; min-width: 0; min-height: 0; width: 100%; height: 100%;
  object-fit: contain; }
.clear img { background: repeating-conic-gradient(var(--check-1) 0 25%, var(--check-2) 0 50%) 0 0 / 20px 20px; }
.sharp img { image-rendering: pixelated; }
figcaption { font-size: .9rem; line-height: 1.35; padding-top: .45rem; color: var(--soft); }
figcaption b { display: block; color: var(--ink); font-weight: 600; }
.close { display: none; }
figure:target { position: fixed; inset: 0; z-index: 1; padding: 1rem; background: var(--paper); display: grid;
  grid-template-rows: minmax(0, 1fr) auto; }
.silent { grid-column: 1 / -1; }
figure:target .frame { aspect-ratio: auto; min-height: 0; }
figure:target .close { display: block; position: absolute; inset: 0; cursor: zoom-out; }
/* checks end where the picture does */
figure:target.clear .frame { aspect-ratio: var(--shape); width: min(100%, (100vh - 7rem) * var(--shape));
  margin: auto; }
/* wide enough for the columns of the picture: layers, the network's alpha, and three for what came out */
@media (min-width: 84rem) {
  section .pictures { grid-template-columns: repeat(7, minmax(0, 1fr)); }
  .silent { grid-column: 1 / 4; }
  .c4 { grid-area: 1 / 4; } .c5 { grid-area: 1 / 5; } .c6 { grid-area: 1 / 6; } .c7 { grid-area: 1 / 7; }
}
@media print { section { break-inside: avoid; } }
"""


_NUMBER = ' class="n"'
COLUMNS = (
    ("System", ""),
    ("Year", ""),
    ("Needs", ""),
    ("Seconds", _NUMBER),
    ("Processor time", _NUMBER),
    ("Memory", _NUMBER),
    ("Weights", ""),
)
FACES: tuple[tuple[str, Face, str], ...] = (
    ("Mattelier Display", "bricolage", "400 700"),
    ("Mattelier Text", "source-serif", "400"),
)


def document(evolution: Evolution) -> str:
    """The whole file. Every picture can be seen large: its frame is a link to itself, and back."""
    sections = "\n".join(section(row) for row in evolution.rows)
    height, width = cell_of(evolution.hw)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(HEADLINE)}: {escape(evolution.name)}</title>
<style>{faces()}{_STYLE}</style>
</head>
<body style="--shape: {width} / {height}">
{head(evolution)}
<main>
{sections}
</main>
</body>
</html>
"""


def faces() -> str:
    """The two fonts, inside the file."""
    return "".join(
        f'\n@font-face {{ font-family: "{name}"; font-weight: {weight}; '
        f'src: url("data:font/woff2;base64,{coded(face_data(file))}") format("woff2"); }}'
        for name, file, weight in FACES
    )


def head(evolution: Evolution) -> str:
    """What was asked, how it was measured, what it cost; and the photo, its trimap, its edge."""
    notes = "".join(f'\n<p class="soft">{escape(note)}</p>' for note in evolution.notes)
    return f"""<header id="top">
<h1>{HEADLINE}</h1>
<p class="asked">{escape(asked(evolution))}</p>
<p class="soft">{HOW} Measured on {escape(evolution.machine)}.</p>{notes}
<div class="pictures top">
{"".join(told(evolution))}</div>
{table(evolution.rows)}
</header>"""


def told(evolution: Evolution) -> Iterable[str]:
    """The figures of what the systems were shown."""
    photo = np.asarray(marked(Image.fromarray(evolution.photo), evolution.hw, evolution.place))
    yield figure("top", "photo", photo, "photo", evolution.name)
    if trimap := evolution.hints.trimap:
        yield figure("top", "trimap", trimap.grey, "trimap", trimap.origin, says="made" if trimap.is_made else "")
    if evolution.place and evolution.edge is not None:
        yield figure("top", "edge", evolution.edge, *edge_words(evolution.place, "photo, enlarged"), kind="sharp")


def table(rows: Iterable[Row]) -> str:
    """The costs, a line a system."""
    lines = "\n".join(
        f'<tr><th scope="row">{row.chapter.name}</th><td>{row.chapter.year}</td>'
        f"<td>{row.chapter.needs}</td>{cells(row)}</tr>"
        for row in rows
    )
    heads = "".join(f'<th scope="col"{kind}>{name}</th>' for name, kind in COLUMNS)
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Costs"><table>'
        f"<caption>What each of them cost</caption>\n<thead><tr>{heads}</tr></thead>\n"
        f"<tbody>\n{lines}\n</tbody></table></div>"
    )


def cells(row: Row) -> str:
    """What it cost, or why nothing."""
    if row.shown is None or row.card is None:
        return f'<td colspan="4">{escape(row.why_not)}</td>'
    facts = (seconds_of(row.shown), cpu_of(row.shown), memory_of(row.shown))
    return "".join(f'<td class="n">{fact}</td>' for fact in facts) + f"<td>{escape(pin(row.card))}</td>"


def section(row: Row) -> str:
    """One system: who it is, what it cost, its pictures or why there are none."""
    chapter = row.chapter
    if row.shown is None or row.card is None:
        body = f'<p class="why{" failed" if row.has_failed else ""}">{escape(row.why_not)}</p>'
    else:
        pictures = "".join(answers(chapter.system, row.shown))
        body = f'{took(row.shown, row.card)}\n<div class="pictures">\n{pictures}</div>'
    return f"""<section id="{chapter.system}">
<h2>{chapter.name} <span>{chapter.year}</span></h2>
<p class="title">{escape(chapter.title)}</p>
<p class="idea">{chapter.needs} {escape(chapter.idea)}</p>
{body}
</section>"""


def took(shown: Shown, card: Card) -> str:
    """Its costs and its weights."""
    names = ("Seconds", "Memory", "Weights")
    lines = (
        f"<div><dt>{name}</dt><dd>{escape(fact)} <span>{escape(more)}</span></dd></div>"
        for name, (fact, more) in zip(names, facts(shown, card), strict=True)
    )
    return f"<dl>{''.join(lines)}</dl>"


def answers(system: str, shown: Shown) -> Iterable[str]:
    """The figures of one system, from its first guess to the cut-out."""
    before = [layer for layer in shown.layers if layer.name != ALPHA]
    if not before:
        yield f'<p class="soft silent">{SILENT}</p>\n'
    for layer in before:
        yield figure(system, layer.name, shaped(layer.pixels, shown.hw), *layer_words(layer))
    for layer in shown.layers:
        if layer.name == ALPHA:
            yield figure(system, "said", shaped(layer.pixels, shown.hw), *layer_words(layer), kind="c4")
    yield figure(system, "alpha", shown.alpha, *alpha_words(shown), kind="c5")
    yield figure(system, "over", shown.over, *OVER, kind="c6")
    yield figure(system, "edge", shown.edge, *edge_words(shown.place, "cut-out, enlarged"), kind="c7 sharp")


def figure(owner: str, name: str, pixels: Array, caption: str, words: str, kind: str = "", says: str = "") -> str:
    """A picture in a frame that enlarges it; owner: the part of the page it belongs to."""
    kind = f"{kind} clear".strip() if pixels.ndim == 3 and pixels.shape[2] == 4 else kind
    spoken = f'<span class="{says}">{escape(words)}</span>' if says else escape(words)
    return (
        f'<figure id="{owner}-{name}" class="{kind}"><a class="frame" href="#{owner}-{name}">'
        f'<img alt="{escape(caption)}: {escape(words)}" src="{address(pixels)}"></a>'
        f"<figcaption><b>{escape(caption)}</b>{spoken}</figcaption>"
        f'<a class="close" href="#{owner}" aria-label="Back to the page"></a></figure>\n'
    )


def address(pixels: Array) -> str:
    """The picture as a data URL: what is grey stays exact, colours become WebP."""
    if pixels.ndim == 2:
        return f"data:image/png;base64,{coded(encode(pixels, None, 'png'))}"
    alpha = pixels[..., 3] if pixels.shape[2] == 4 else None
    return f"data:image/webp;base64,{coded(encode(pixels[..., :3], alpha, 'webp'))}"


def coded(data: bytes) -> str:
    """Base 64."""
    return base64.b64encode(data).decode("ascii")
