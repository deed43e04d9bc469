"""ICC profiles that come with a file: whether they fit the pixels, and colour spaces that must become sRGB."""

from io import BytesIO

from PIL import Image

# Colour space field of the ICC header, bytes 16-19 (ICC.1:2022, 7.2.6).
_SPACES = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK", b"Lab ": "LAB"}


def space_of(profile: bytes) -> str | None:
    """The Pillow mode that this profile describes, or None when it is not a usable profile."""
    if len(profile) < 132 or profile[36:40] != b"acsp":
        return None
    return _SPACES.get(profile[16:20])


def profile_for_rgb(profile: bytes | None) -> tuple[bytes | None, tuple[str, ...]]:
    """The profile if it may be written beside RGB samples, else None and a sentence about what was left out."""
    if not profile:
        return None, ()
    space = space_of(profile)
    if space == "RGB":
        return profile, ()
    kind = "damaged" if space is None else f"for {'grey' if space == 'L' else space}, not for RGB,"
    return None, (f"The file's ICC profile is {kind} and was left out.",)


def is_foreign(image: Image.Image, profile: bytes | None) -> bool:
    """True when these pixels cannot be kept as RGB with their own profile and must be converted."""
    if image.mode in ("CMYK", "LAB", "YCbCr", "HSV"):
        return True
    return image.mode in ("L", "LA") and profile is not None and space_of(profile) == "L"


def to_srgb(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, str]:
    """An 8-bit picture of another colour space as sRGB, and what to tell the user. Grey with alpha becomes RGBA."""
    if image.mode == "LA":
        converted, note = to_srgb(image.getchannel("L"), profile)
        converted.putalpha(image.getchannel("A"))
        return converted, note
    words = "grey with its own ICC profile" if image.mode == "L" else image.mode
    by_profile = _by_profile(image, profile)
    how = "by a plain formula, as it has no usable ICC profile" if by_profile is None else "by its colour profile"
    return by_profile or image.convert("RGB"), f"The picture is {words}; it was converted to sRGB {how}."


def _by_profile(image: Image.Image, profile: bytes | None) -> Image.Image | None:
    from PIL import ImageCms

    try:
        if profile is not None and space_of(profile) == image.mode:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
        elif image.mode == "LAB":
            source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        else:
            return None
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return None
