"""The protocol of `rembg s` in the OpenAPI document, and the words it knows."""

from typing import Any

from mattelier.serve.openapi import REFUSALS

Json = dict[str, Any]

# The names that rembg 2.0 knows; none of these networks is here.
MODELS = frozenset(
    (
        "birefnet-general", "birefnet-general-lite", "birefnet-general-fp16", "birefnet-portrait", "birefnet-dis",
        "birefnet-hrsod", "birefnet-cod", "birefnet-massive", "isnet-anime", "dis_custom", "isnet-general-use", "sam",
        "silueta", "u2net_cloth_seg", "u2net_custom", "u2net_human_seg", "u2net", "u2netp", "bria-rmbg", "ben_custom",
        "withoutbg", "atlascloud",
    )
)  # fmt: skip
MATTING = frozenset({"a", "af", "ab", "ae"})
OPTIONS = MATTING | {"url", "file", "model", "om", "ppm", "bgc"}

_FLAG: Json = {"type": "boolean", "default": False}
_BYTE: Json = {"type": "integer", "minimum": 0, "maximum": 255}
_FIELDS: Json = {
    "model": {"type": "string", "description": "A name from /api/models; rembg's own names mean the default."},
    "a": {**_FLAG, "description": "Alpha matting; no effect, edges are always refined."},
    "af": {**_BYTE, "description": "No effect."},
    "ab": {**_BYTE, "description": "No effect."},
    "ae": {"type": "integer", "minimum": 0, "maximum": 10_000, "description": "No effect."},
    "om": {**_FLAG, "description": "Only the mask, as a grey PNG."},
    "ppm": {**_FLAG, "description": "A hard, smoothed mask."},
    "bgc": {"type": "string", "description": "R,G,B,A behind the subject.", "example": "255,255,255,255"},
}
_RESPONSES: Json = {
    "200": {
        "description": "The cut-out, a PNG.",
        "headers": {
            "X-Mattelier-Ignored": {
                "schema": {"type": "string"},
                "description": "Fields that were given and have no effect.",
            }
        },
        "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}},
    },
    **REFUSALS,
}


def _parameter(name: str, schema: Json, required: bool = False) -> Json:
    return {"name": name, "in": "query", "required": required, "schema": schema}


GET: Json = {
    "tags": ["rembg"],
    "parameters": [
        _parameter("url", {"type": "string", "example": "https://example.org/cat.jpg"}, required=True),
        *(_parameter(name, schema) for name, schema in _FIELDS.items()),
    ],
    "responses": _RESPONSES,
}
POST: Json = {
    "tags": ["rembg"],
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}, **_FIELDS},
                }
            }
        },
    },
    "responses": _RESPONSES,
}
