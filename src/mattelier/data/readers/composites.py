"""What Composition-1k and Distinctions-646 share: subjects with alpha, and composites named SUBJECT_NUMBER.

The published archives hold subjects; the composites are made from them by a script and a list of backgrounds, the
n-th subject over the n-th block of twenty names. Names count from 0: `horse.png` gives `horse_0` to `horse_19`.
"""

from pathlib import Path

from mattelier.data.readers.example import Example, Subject, by_stem, partner
from mattelier.errors import InputError


def read_subjects(colours: Path, alphas: Path) -> tuple[Subject, ...]:
    """Every foreground with its alpha.  Raises InputError for a missing folder or partner."""
    alpha_of = by_stem(alphas)
    return tuple(Subject(stem, path, partner(alpha_of, stem, path, alphas)) for stem, path in by_stem(colours).items())


def read_composites(merged: Path, alphas: Path, trimaps: Path, colours: Path) -> tuple[Example, ...]:
    """The composites in `merged`; alpha, trimap and colours by the composite's own name, or by its subject's.

    A trimap belongs to one composite; alpha and colours are the same under all twenty. `trimaps` and `colours` may be
    missing. Composites are not for systems without hints: their backgrounds are photos with subjects of their own.
    Raises InputError when there are no composites yet, or for a composite without its alpha.
    """
    if not merged.is_dir():
        raise InputError(
            f"{merged} was not found; the archive holds foregrounds only, and the test is on their composites; "
            "make them with matte data compose"
        )
    alpha_of = by_stem(alphas)
    trimap_of, colour_of = (by_stem(folder) if folder.is_dir() else {} for folder in (trimaps, colours))
    found = []
    for stem, image in by_stem(merged).items():
        subject = subject_of(stem)
        alpha = alpha_of.get(stem) or partner(alpha_of, subject, image, alphas)
        trimap = partner(trimap_of, stem, image, trimaps) if trimap_of else None
        found.append(Example(stem, image, alpha, trimap, colour_of.get(subject), automatic=False))
    return tuple(found)


def subject_of(composite: str) -> str:
    """The subject that a composite's name starts with: "horse-473093_1280_7" shows "horse-473093_1280"."""
    subject, _, number = composite.rpartition("_")
    if not subject or not number.isdecimal():
        raise InputError(
            f"the composite {composite!r} has no number; expected SUBJECT_NUMBER, such as horse_0; "
            "make the composites with matte data compose"
        )
    return subject
