"""HEIC pictures, read by pi-heif (extra `heif`): 8 bit as it is, 10 and 12 bit as 16 bit."""

from io import BytesIO

import numpy as np

from mattelier.errors import InputError, MissingExtra
from mattelier.image import Array
from mattelier.image.limits import Limits, check_pixels


def decode_heif(data: bytes, name: str, limits: Limits) -> tuple[Array, bytes | None, bool]:
    """Samples (H, W, channels) uint8 or uint16, upright; the ICC profile; whether the file holds more pictures.

    Raises MissingExtra without pi-heif, and what pi-heif raises (ValueError and the like) on damage.
    """
    try:
        import pi_heif
    except ImportError:
        raise MissingExtra(
            f"{name} is a HEIC picture; pi-heif was expected to read it; pip install 'mattelier[heif]'"
        ) from None
    container = pi_heif.HeifFile(BytesIO(data), convert_hdr_to_8bit=False)
    picture = container[container.primary_index]
    width, height = picture.size
    check_pixels(name, width, height, limits)
    samples = np.array(picture)
    samples = samples.reshape(*samples.shape[:2], -1)
    bits = int(picture.info.get("bit_depth", 8))
    if samples.dtype == np.uint8 and bits > 8:
        raise InputError(f"{name} has {bits} bits a sample, and pi-heif gave 8; all bits were expected; update pi-heif")
    if samples.dtype == np.uint16:
        samples |= samples >> bits  # pi-heif puts the bits on top; repeat them below so that white is 65535
    return samples, picture.info.get("icc_profile"), len(container) > 1
