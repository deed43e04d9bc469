"""Whether there is a subject at all: a picture without one is an answer, not a made-up mask."""

from collections.abc import Callable

from mattelier.errors import NoSubject
from mattelier.image import Array, Float

# No subject: fewer than one pixel in 2000 of the network's alpha more likely in than out, or fewer than one in 5000
# sure. At 512 x 384 that is a spot of 10 px, 5 px sure: less than the network can tell from noise.  # ours
LIKELY, LIKELY_SHARE = 0.5, 1 / 2000
SURE, SURE_SHARE = 0.9, 1 / 5000
FLAT_RANGE = 8  # of 255, in every channel: a picture this even shows nothing, whatever a network makes of it


def refusal(check: Callable[[], object]) -> str | None:
    """The sentence of the NoSubject that a check raises, None where it is content: for who shows heads all the same."""
    try:
        check()
    except NoSubject as error:
        return str(error)
    return None


def require_contrast(copy: Array) -> None:
    """copy: (h, w, 3) uint8.  Raises NoSubject for a picture of one even colour."""
    channels = (copy[..., channel] for channel in range(3))
    if all(int(plane.max()) - int(plane.min()) <= FLAT_RANGE for plane in channels):
        raise NoSubject(
            "no subject found: the picture is one even colour; expected a photo of something; check the file"
        )


def require_subject(alpha: Float) -> None:
    """alpha: (h, w), the network's.  Raises NoSubject when it marks nothing, or nothing with confidence."""
    likely, sure = shares(alpha)
    if likely < LIKELY_SHARE or sure < SURE_SHARE:
        raise NoSubject(
            f"no subject found: {100 * likely:.2f} % of the picture looks like one ({100 * sure:.2f} % surely); "
            f"expected {100 * LIKELY_SHARE:.2f} % ({100 * SURE_SHARE:.2f} %); crop closer to what you want to keep"
        )


def shares(alpha: Float) -> tuple[float, float]:
    """Of the pixels, how many are more likely in than out, and how many are surely in."""
    return float((alpha > LIKELY).mean()), float((alpha > SURE).mean())
