"""Make one 12 MP picture with a furry subject, for claims about size and speed: `python examples/make_large.py FILE`.

Everything is drawn by code, the same every time, so it has no photographer and no licence but ours: a long-haired toy
animal before a meadow out of focus, with the grain of a sensor. Its outline is thousands of single hairs, which is what
an edge at 12 MP is about. `--alpha FILE` also writes the true alpha, the one thing a photograph cannot give.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

HEIGHT, WIDTH = 3000, 4000
SEED = 7
FUR = np.array([150.0, 104.0, 66.0])
# The body's parts as (centre x, centre y, radius x, radius y), in heights of the picture; the last is drawn in front.
PARTS = (
    (0.46, 0.95, 0.30, 0.34),
    (0.86, 0.95, 0.30, 0.34),
    (0.66, 0.78, 0.34, 0.36),
    (0.42, 0.20, 0.10, 0.12),
    (0.90, 0.20, 0.10, 0.12),
    (0.66, 0.38, 0.29, 0.26),
)
HAIRS_A_PART = 9000


def meadow(height: int, width: int, random: np.random.Generator) -> Image.Image:
    """Sky over grass, far out of focus: soft discs of light and a smooth gradient."""
    down = np.linspace(0, 1, height)[:, None, None]
    sky, grass = np.array([176.0, 202.0, 222.0]), np.array([74.0, 112.0, 52.0])
    share = 1 / (1 + np.exp(-(down - 0.55) * 14))
    scene = Image.fromarray(np.broadcast_to(sky + (grass - sky) * share, (height, width, 3)).astype(np.uint8))
    draw = ImageDraw.Draw(scene, "RGBA")
    for _ in range(160):
        x, y = random.uniform(0, width), random.uniform(0.35, 1) * height
        radius = random.uniform(0.02, 0.07) * height
        light = tuple(int(value) for value in random.uniform((90, 130, 40), (210, 220, 130)))
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(*light, 70))
    return scene.filter(ImageFilter.GaussianBlur(height / 120))


def hairs(part: tuple[float, ...], height: int, random: np.random.Generator) -> list[tuple[np.ndarray, float]]:
    """Strands rooted inside one part: (points (4, 2) from root to tip, shade 0.55..1.35), the outermost first."""
    x, y, radius_x, radius_y = (value * height for value in part)
    angle = random.uniform(0, 2 * np.pi, HAIRS_A_PART)
    depth = np.sqrt(random.uniform(0, 1, HAIRS_A_PART))  # even over the disc
    length = random.gamma(6, height / 220, HAIRS_A_PART)
    bend = random.normal(0.25, 0.35, HAIRS_A_PART)
    steps = np.linspace(0, 1, 4)
    strands = []
    for index in np.argsort(-depth):
        along = angle[index] + bend[index] * steps + 0.5 * np.cos(angle[index]) * steps  # fur hangs down
        root = (x + radius_x * depth[index] * np.cos(angle[index]), y + radius_y * depth[index] * np.sin(angle[index]))
        points = root + np.stack([np.cos(along), np.sin(along)], 1) * (length[index] * steps)[:, None]
        lit = 1.0 - 0.35 * depth[index] * np.sin(angle[index]) + random.normal(0, 0.1)
        strands.append((points, float(np.clip(lit, 0.55, 1.35))))
    return strands


def subject(height: int, width: int, random: np.random.Generator) -> tuple[Image.Image, Image.Image]:
    """The animal's colours over its own brown, and its alpha."""
    colours = Image.new("RGB", (width, height), tuple(int(value) for value in FUR * 0.8))
    alpha = Image.new("L", (width, height), 0)
    paint, cover = ImageDraw.Draw(colours), ImageDraw.Draw(alpha)
    stroke = max(1, height // 1500)
    for part in PARTS:
        x, y, radius_x, radius_y = (value * height for value in part)
        box = (x - radius_x, y - radius_y, x + radius_x, y + radius_y)
        cover.ellipse(box, fill=255)
        paint.ellipse(box, fill=tuple(int(value) for value in FUR * 0.75))
        for points, shade in hairs(part, height, random):
            line = [tuple(point) for point in points]
            paint.line(line, fill=tuple(int(value) for value in np.clip(FUR * shade, 0, 255)), width=2 * stroke)
            cover.line(line, fill=255, width=stroke)
    face(paint, height)
    soft = ImageFilter.GaussianBlur(height / 3000)  # a lens is never sharper than a pixel
    return colours.filter(soft), alpha.filter(soft)


def face(paint: ImageDraw.ImageDraw, height: int) -> None:
    """Eyes with a light in them, a muzzle and a nose."""

    def disc(x: float, y: float, radius_x: float, radius_y: float, fill: tuple[int, int, int]) -> None:
        left, top, right, bottom = (
            value * height for value in (x - radius_x, y - radius_y, x + radius_x, y + radius_y)
        )
        paint.ellipse((left, top, right, bottom), fill=fill)

    disc(0.66, 0.47, 0.12, 0.095, (214, 182, 142))
    disc(0.66, 0.43, 0.045, 0.03, (38, 26, 24))
    for x in (0.56, 0.76):
        disc(x, 0.34, 0.033, 0.036, (30, 20, 16))
        disc(x + 0.01, 0.328, 0.009, 0.009, (245, 245, 240))


def picture(height: int = HEIGHT, width: int = WIDTH, seed: int = SEED) -> tuple[Image.Image, Image.Image]:
    """The photograph (RGB) and its true alpha (L); width and height 4 to 3."""
    random = np.random.default_rng(seed)
    behind = meadow(height, width, random)
    colours, alpha = subject(height, width, random)
    photo = np.asarray(Image.composite(colours, behind, alpha), np.float32)
    grain = random.normal(0, 2.5, photo.shape).astype(np.float32)
    return Image.fromarray(np.clip(photo + grain, 0, 255).astype(np.uint8)), alpha


def main() -> None:
    options = argparse.ArgumentParser(description="Make a 12 MP picture with a furry subject.")
    options.add_argument("file", type=Path, help="where the picture goes: .jpg, .png")
    options.add_argument("--alpha", type=Path, help="where its true alpha goes: .png")
    chosen = options.parse_args()
    photo, alpha = picture()
    photo.save(chosen.file, quality=92)
    if chosen.alpha:
        alpha.save(chosen.alpha)


if __name__ == "__main__":
    main()
