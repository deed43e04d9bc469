"""The closed choices of a cut; free of numpy, so that the command line can name them before anything heavy loads."""

from typing import Literal

Device = Literal["cpu", "cuda"]
EngineName = Literal["onnx", "torch"]
Quality = Literal["draft", "standard", "fine"]
Format = Literal["png", "webp", "tiff", "jpg"]
Keep = Literal["rgba", "alpha", "foreground", "trimap"]
Bits = Literal[8, 16]
