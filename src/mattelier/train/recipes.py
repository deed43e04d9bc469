"""Recipes of the six systems, published and lite: training as data.

Published: the paper's numbers, with the place they stand; "released code" is the authors' repository, "memory" a number
recalled from the paper and not seen again. What is ours says so. Lite: all ours, for hours on two cores.
Weights for the published encoders (VGG-16, ResNet, Swin, CLIP) are not at hand; those networks start at random here.
"""

import math

from mattelier.data import trimaps
from mattelier.errors import UnknownModel
from mattelier.train.stages import Optimiser, Recipe, Source, Stage, epochs

# 431 foregrounds, 100 backgrounds each: the set that Xu et al. released (their own training had 493)
COMPOSITES = 43_100
NEVER = math.inf

DIM = Recipe(
    system="dim",
    lite=False,
    loss="dim",
    stages=(
        # 12 epochs, batch 1, Adam at a constant 1e-5: code of pytorch-deep-image-matting; the rate is the paper's
        Stage("encoder-decoder", epochs(12, COMPOSITES, 1), 320, 1, lr=1e-5, lr_end=1e-5, schedule="constant"),
        # paper: the refinement alone, then both together; for how long is not known: as long each  # ours
        Stage(
            "refinement",
            epochs(12, COMPOSITES, 1),
            320,
            1,
            1e-5,
            1e-5,
            schedule="constant",
            loss="dim-refine",
            trains="refine",
        ),
        Stage("both", epochs(12, COMPOSITES, 1), 320, 1, 1e-5, 1e-5, schedule="constant", loss="dim-both"),
    ),
    optimiser=Optimiser("adam", weight_decay=0.0),  # paper (memory); no decay in that code
    sources=(("composites", 1.0),),  # composited beforehand
    samples="crops",
    crops_px=(320, 480, 640),  # paper (memory) and that code, resized to 320
    trimap=trimaps.DIM,  # paper: random dilation; ranges of that code
    warmup_steps=0,
    clip_norm=NEVER,
    ema_decay=0.0,
    validate_px=1600,  # that code: longer sides are clamped to this
)

FBA = Recipe(
    system="fba",
    lite=False,
    loss="fba",
    # paper (memory): RAdam, 1e-5, a tenth at epoch 40, end at 45; batch 1: the authors' README
    stages=(
        Stage("train", epochs(45, COMPOSITES, 1), 640, 1, lr=1e-5, lr_end=1e-6, schedule="steps", drops=(40 / 45,)),
    ),
    optimiser=Optimiser("radam", weight_decay=0.005, norm_decay=1e-5),  # of convolutions; of norms and biases (issue 6)
    sources=(("cutout", 1.0),),  # a new background every time (memory)
    samples="crops",
    crops_px=(320, 480, 640),  # the authors, issue 6
    keeps_crop_size=True,  # memory
    second_share=0.5,  # memory
    trimap=trimaps.FBA,  # memory: 3 to 25 px
    warmup_steps=0,
    clip_norm=NEVER,
    ema_decay=0.0,
    validate_px=1600,  # ours
)

GFM = Recipe(
    system="gfm",
    lite=False,
    loss="gfm",
    # ORI-Track: 500 epochs of AM-2k's 1,800 training pictures, batch 32, Adam at a constant 1e-5: released code
    stages=(Stage("ori-track", epochs(500, 1_800, 32), 320, 32, lr=1e-5, lr_end=1e-5, schedule="constant"),),
    build={"backbone": "r34", "representation": "tt"},
    optimiser=Optimiser("adam", weight_decay=0.0),  # released code
    sources=(("photo", 1.0),),  # natural pictures with their own mattes
    samples="crops",
    crops_px=(640, 960, 1280),  # released code, resized to 320
    trimap=trimaps.GFM,  # one ellipse of 25 px, for the losses: the network sees none
    warmup_steps=0,
    clip_norm=NEVER,
    ema_decay=0.0,
    validate_px=1600,  # released code
)

MODNET = Recipe(
    system="modnet",
    lite=False,
    loss="modnet",
    # released example: SGD at 0.01, batch 16, 40 epochs, a tenth every 10; 100,000 samples of 512 px: the author,
    # issue 57.
    # (The second stage of the paper, SOC, adapts to photos without mattes: train/soc.py.)
    stages=(
        Stage(
            "supervised", epochs(40, 100_000, 16), 512, 16,
            lr=1e-2, lr_end=1e-5, schedule="steps", drops=(0.25, 0.5, 0.75),
        ),
    ),
    optimiser=Optimiser("sgd", weight_decay=0.0, momentum=0.9),  # released example
    sources=(("cutout", 1.0),),  # about 3,000 foregrounds over about 30 backgrounds each: the author, issue 57
    warmup_steps=0,
    clip_norm=NEVER,
    ema_decay=0.0,
    validate_px=512,  # released demonstration: the shorter side
)  # fmt: skip

MATTEFORMER = Recipe(
    system="matteformer",
    lite=False,
    loss="matteformer",
    # 200,000 steps, the first 10,000 a linear rise to 1e-3, then a cosine to 0; 512 px, 10 pictures on each of two
    # cards: released configuration
    stages=(
        Stage("warm-up", 10_000, 512, 20, lr=1e-3, lr_end=1e-3, schedule="rise"),
        Stage("train", 190_000, 512, 20, lr=1e-3, lr_end=0.0),
    ),
    optimiser=Optimiser("adam", weight_decay=0.0, betas=(0.5, 0.999)),  # released configuration
    sources=(("cutout", 1.0),),  # composited as they are drawn: released code
    samples="crops",
    crops_px=(512,),  # released code
    second_share=0.5,  # released code
    trimap=trimaps.MATTEFORMER,  # released code: 1 to 29 px of 640, a kernel to each side
    warmup_steps=0,  # a stage of its own
    clip_norm=NEVER,
    clip_share=2.0,  # released code: twice the moving average of the norms
    ema_decay=0.0,
    seed=8282,  # released configuration
    validate_px=1600,  # ours; the released code takes pictures as they are
)

CLIPMAT = Recipe(
    system="clipmat",
    lite=False,
    loss="clipmat",
    # expression setting: 20 epochs of 45,000 pictures, Adam at a constant 1e-4, 512 px, batch 12 (all memory)
    stages=(Stage("expression", epochs(20, 45_000, 12), 512, 12, lr=1e-4, lr_end=1e-4, schedule="constant"),),
    build={"encoder": "vit_b16"},
    optimiser=Optimiser("adam", weight_decay=0.0),  # memory
    sources=(("refer", 1.0),),  # RefMatte
    samples="refer",
    trimap_radius_px=(12, 12),  # GFM's kernel of 25 px; not known of the paper  # ours
    warmup_steps=0,
    clip_norm=NEVER,
    ema_decay=0.0,
    validate_px=512,
)

MODNET_LITE = Recipe(  # ours
    system="modnet",
    lite=True,
    loss="modnet-lite",
    start="gfm-lite",  # from ImageNet it stopped at 0.865 on test, whatever the photos and the rate (docs/weights.md)
    stages=(
        Stage("small", steps=1_300, side_px=256, batch=8, lr=8e-4, lr_end=2e-4),
        Stage("large", steps=400, side_px=384, batch=8, lr=3e-4, lr_end=2e-6),
        # with goods of shops, most of them plants in pots, and drawn subjects from here on
        Stage("shops", steps=900, side_px=256, batch=8, lr=5e-4, lr_end=2e-4),
        Stage("settle", steps=200, side_px=384, batch=8, lr=2e-4, lr_end=2e-6),
    ),
    # as the last two stages have them; the first two had 0.60 photos, 0.27 cut-outs, 0.10 moved, no drawn subjects
    sources=(("photo", 0.65), ("cutout", 0.18), ("moved", 0.08), ("empty", 0.03), ("proving", 0.06)),
)

GFM_LITE = Recipe(  # ours
    system="gfm",
    lite=True,
    loss="gfm-lite",
    start="efficientnet-lite0",
    stages=(
        Stage("small", steps=2_600, side_px=256, batch=8, lr=8e-4, lr_end=2e-4),
        Stage("large", steps=650, side_px=384, batch=8, lr=3e-4, lr_end=2e-6),
        # drawn subjects and more plants from here on
        Stage("long", steps=2_200, side_px=384, batch=8, lr=4e-4, lr_end=2e-6),
        # from the mean of three points of these; with goods of shops, most of them plants in pots
        Stage("shops", steps=2_200, side_px=384, batch=8, lr=4e-4, lr_end=2e-6),
        # the rate up again, on other photos once more: what modnet-lite gained by
        Stage("again", steps=1_000, side_px=256, batch=8, lr=5e-4, lr_end=2e-4),
        Stage("settle", steps=700, side_px=384, batch=8, lr=2e-4, lr_end=2e-6),
    ),
    # as the last stage had them; the one before it had 0.58 photos, 0.22 cut-outs, 0.10 moved, 0.07 drawn subjects
    sources=(("photo", 0.65), ("cutout", 0.18), ("moved", 0.08), ("empty", 0.03), ("proving", 0.06)),
    trimap_radius_px=(8, 8),  # glance learns one width of the unknown, and focus is asked for no other
)

SMALL_CROPS_PX = (112, 160, 240)  # resized to 160: from random weights it is steps that are wanting
FINE: tuple[tuple[Source, float], ...] = (("cutout", 0.3), ("proving", 0.7))  # most cut-outs have a teacher's edges

DIM_LITE = Recipe(  # ours
    system="dim",
    lite=True,
    loss="dim",
    stages=(
        Stage("encoder-decoder", steps=8_000, side_px=160, batch=8, lr=1e-3, lr_end=2e-4, crops_px=SMALL_CROPS_PX),
        Stage("larger", steps=1_600, side_px=256, batch=8, lr=3e-4, lr_end=3e-5),
        Stage("refinement", steps=600, side_px=256, batch=8, lr=1e-3, lr_end=1e-4, loss="dim-refine", trains="refine"),
        Stage("both", steps=600, side_px=256, batch=8, lr=2e-4, lr_end=2e-6, loss="dim-both"),
        # 600 steps left the refinement's answer within 0.004 of the coarse one
        Stage("sharper", steps=700, side_px=256, batch=8, lr=4e-3, lr_end=2e-5, loss="dim-refine", trains="refine"),
        Stage("again", steps=1_200, side_px=256, batch=8, lr=3e-4, lr_end=2e-6, loss="dim-both"),
    ),
    sources=FINE,
    samples="crops",
    crops_px=(192, 256, 384),
    second_share=0.2,
    anew_share=0.6,
    trimap=trimaps.LITE,
)

FBA_LITE = Recipe(  # ours
    system="fba",
    lite=True,
    loss="fba-lite",
    stages=(
        Stage("small", steps=2_500, side_px=256, batch=8, lr=8e-4, lr_end=4.5e-4),
        Stage("many", steps=6_000, side_px=160, batch=8, lr=1e-3, lr_end=2e-4, crops_px=SMALL_CROPS_PX),
        Stage("medium", steps=1_200, side_px=256, batch=8, lr=3e-4, lr_end=5e-5),
        Stage("large", steps=400, side_px=384, batch=4, lr=1e-4, lr_end=2e-6),
        # it was still getting better when it ended
        Stage("again", steps=900, side_px=160, batch=8, lr=6e-4, lr_end=2e-4, crops_px=SMALL_CROPS_PX),
        Stage("finer", steps=600, side_px=256, batch=8, lr=2e-4, lr_end=2e-6),
        Stage("once more", steps=1_300, side_px=160, batch=8, lr=8e-4, lr_end=2e-4, crops_px=SMALL_CROPS_PX),
        Stage("finest", steps=900, side_px=256, batch=8, lr=2e-4, lr_end=2e-6),
        Stage("last", steps=650, side_px=256, batch=8, lr=2e-4, lr_end=2e-6),
    ),
    optimiser=Optimiser("radam", weight_decay=0.0),  # the paper's; its decay is meant for hundred times the steps
    sources=FINE,
    samples="crops",
    crops_px=(192, 256, 384),
    second_share=0.2,
    anew_share=0.6,
    trimap=trimaps.LITE,
)

MATTEFORMER_LITE = Recipe(  # ours
    system="matteformer",
    lite=True,
    loss="matteformer-lite",
    stages=(
        Stage("many", steps=5_400, side_px=160, batch=8, lr=5e-4, lr_end=1e-4, crops_px=SMALL_CROPS_PX),
        Stage("larger", steps=1_600, side_px=256, batch=8, lr=1.5e-4, lr_end=2e-6),
    ),
    sources=FINE,
    samples="crops",
    crops_px=(192, 256, 384),
    second_share=0.2,
    anew_share=0.6,
    trimap=trimaps.LITE,
    warmup_steps=500,
)

CLIPMAT_LITE = Recipe(  # ours
    system="clipmat",
    lite=True,
    loss="clipmat-lite",
    start="efficientnet-lite0",
    words="refer/words.safetensors",
    stages=(
        # little is changed of what ImageNet's classes look like: they tell what words mean that were seldom trained on
        Stage("small", steps=1_600, side_px=256, batch=8, lr=6e-4, lr_end=2e-4, encoder_lr_share=0.1),
        Stage("large", steps=700, side_px=384, batch=4, lr=3e-4, lr_end=2e-6, encoder_lr_share=0.1),
        # scenes of five times as many things from here on: cut-outs of described photos
        Stage("things", steps=1_000, side_px=256, batch=8, lr=5e-4, lr_end=2e-4, encoder_lr_share=0.1),
        Stage("settle", steps=1_500, side_px=384, batch=4, lr=2.5e-4, lr_end=2e-6, encoder_lr_share=0.1),
        # pairs of photos from here on: beside a close-up it kept half of what was not there
        Stage("pairs", steps=1_000, side_px=256, batch=8, lr=4e-4, lr_end=1.5e-4, encoder_lr_share=0.1),
        Stage("rest", steps=800, side_px=384, batch=4, lr=2e-4, lr_end=2e-6, encoder_lr_share=0.1),
        # what photos show often is as often lacking from here on, persons and what they wear too
        Stage("lacking", steps=900, side_px=256, batch=8, lr=3e-4, lr_end=1e-4, encoder_lr_share=0.1),
        Stage("last", steps=500, side_px=384, batch=4, lr=1.5e-4, lr_end=2e-6, encoder_lr_share=0.1),
        # names were wanting: birds, flowers, monkeys and butterflies of many kinds from here on
        Stage("kinds", steps=1_200, side_px=256, batch=8, lr=4e-4, lr_end=1.5e-4, encoder_lr_share=0.1),
        Stage("close", steps=700, side_px=384, batch=4, lr=2e-4, lr_end=2e-6, encoder_lr_share=0.1),
    ),
    sources=(("refer", 0.60), ("photo", 0.16), ("pair", 0.24)),  # scenes are composites: a share of true photos
    samples="refer",
    texts=3,
    trimap_radius_px=(8, 8),  # as gfm-lite's: one width of the unknown
)

RECIPES = {
    recipe.name: recipe
    for recipe in (
        *(DIM, FBA, GFM, MODNET, MATTEFORMER, CLIPMAT),
        *(DIM_LITE, FBA_LITE, GFM_LITE, MODNET_LITE, MATTEFORMER_LITE, CLIPMAT_LITE),
    )
}


def recipe_of(system: str, lite: bool) -> Recipe:
    """The recipe of a system's published or lite form. Raises UnknownModel and names those there are."""
    name = f"{system}-lite" if lite else system
    if name not in RECIPES:
        systems = ", ".join(dict.fromkeys(recipe.system for recipe in RECIPES.values()))
        raise UnknownModel(f"there is no recipe for {name}; expected one of {systems}")
    return RECIPES[name]
