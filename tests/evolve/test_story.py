"""The six, in the page's order, each with what its network is known to ask for."""

from mattelier.evolve.story import STORY
from mattelier.models import SYSTEMS
from mattelier.serve import catalogue


def test_the_story_is_the_pages() -> None:
    assert [(chapter.system, chapter.title) for chapter in STORY] == list(catalogue.SYSTEMS)
    assert sorted(chapter.system for chapter in STORY) == list(SYSTEMS)
    assert [chapter.year for chapter in STORY] == sorted(chapter.year for chapter in STORY)


def test_each_says_what_it_needs() -> None:
    needs = {chapter.name: chapter.needs for chapter in STORY}
    assert needs == {
        "DIM": "Needs a photo and a trimap.",
        "FBA": "Needs a photo and a trimap.",
        "GFM": "Needs a photo alone.",
        "MODNet": "Needs a photo alone.",
        "MatteFormer": "Needs a photo and a trimap.",
        "CLIPMat": "Needs a photo and words.",
    }


def test_the_years_are_those_of_the_page(root) -> None:
    page = (root / "src" / "mattelier" / "serve" / "page" / "index.html").read_text(encoding="utf-8")
    for chapter in STORY:
        article = page.partition(f'id="{chapter.system}"')[2].partition("</header>")[0]
        assert f'<p class="year">{chapter.year}</p>' in article
