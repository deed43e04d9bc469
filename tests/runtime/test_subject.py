"""When a picture has a subject: by counting pixels."""

import numpy as np
import pytest

from mattelier.errors import NoSubject
from mattelier.runtime.subject import require_subject


@pytest.mark.parametrize(
    ("likely", "sure", "has_subject"),
    [(0, 0, False), (4, 4, False), (5, 2, True), (5, 1, False), (5000, 0, False), (5000, 5000, True)],
)
def test_a_subject_needs_some_pixels_and_some_confidence(likely: int, sure: int, has_subject: bool) -> None:
    """Of 10,000 pixels: 1/2000 are 5, 1/5000 are 2."""
    alpha = np.zeros(10_000, np.float32)
    alpha[:likely], alpha[:sure] = 0.6, 0.95
    try:
        require_subject(alpha.reshape(100, 100))
        found = True
    except NoSubject:
        found = False
    assert found == has_subject
