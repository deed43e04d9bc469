"""The remove.bg protocol in the OpenAPI document: fields, answers and errors, with examples."""

from typing import Any

from mattelier.serve.removebg_order import FORMATS, LEVELS, SHADOWS, TYPES
from mattelier.serve.removebg_values import SIZES

Json = dict[str, Any]

_FILE: Json = {"type": "string", "format": "binary"}
_FLAG: Json = {"type": "string", "enum": ["true", "false"]}


def _text(description: str, example: str) -> Json:
    return {"type": "string", "description": description, "example": example}


def _choice(words: tuple[str, ...], default: str) -> Json:
    return {"type": "string", "enum": list(words), "default": default}


_TEXTS: Json = {
    "image_file_b64": _text("The picture as base64.", "iVBORw0KGgo="),
    "image_url": _text("Where the picture lies; only when the server fetches URLs.", "https://example.org/cat.jpg"),
}
_OPTIONS: Json = {
    **_TEXTS,
    "size": _choice(tuple(SIZES), "preview"),
    "type": _choice(TYPES, "auto"),
    "type_level": _choice(LEVELS, "1"),
    "format": _choice(FORMATS, "auto"),
    "roi": _text("Where to look for the subject: x1 y1 x2 y2, px or %.", "0% 0% 100% 100%"),
    "crop": {**_FLAG, "default": "false"},
    "crop_margin": _text("One, two or four lengths, px or % of the subject.", "10%"),
    "scale": _text("The subject's share of the canvas, 10% to 100%, or original.", "80%"),
    "position": _text("center, original, or one or two percentages.", "50% 100%"),
    "channels": _choice(("rgba", "alpha"), "rgba"),
    "add_shadow": {**_FLAG, "default": "false"},
    "shadow_type": {"type": "string", "enum": list(SHADOWS)},
    "shadow_opacity": _text("0 to 100.", "50"),
    "semitransparency": {**_FLAG, "default": "true"},
    "bg_color": _text("3, 4, 6 or 8 hex digits, or a name.", "81d4fa"),
    "bg_image_url": _text("Where the background lies.", "https://example.org/beach.jpg"),
}
_EXAMPLE: Json = {"image_file_b64": "iVBORw0KGgo=", "size": "auto", "format": "png"}


def _body(texts: Json, *files: str) -> Json:
    """A request body in the three forms that the protocol knows; files only where a form can carry them."""
    form = {"type": "object", "properties": texts}
    multipart = {"type": "object", "properties": {**texts, **dict.fromkeys(files, _FILE)}}
    return {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": multipart},
            "application/x-www-form-urlencoded": {"schema": form},
            "application/json": {"schema": form, "example": _EXAMPLE},
        },
    }


def _errors(description: str, *examples: tuple[str, str]) -> Json:
    """A refusal, in the protocol's own form."""
    one = {
        "type": "object",
        "required": ["title", "code"],
        "properties": {"title": {"type": "string"}, "code": {"type": "string"}},
    }
    schema = {
        "type": "object",
        "required": ["errors"],
        "properties": {"errors": {"type": "array", "items": one, "minItems": 1}},
    }
    shown = {code: {"value": {"errors": [{"title": title, "code": code}]}} for code, title in examples}
    return {"description": description, "content": {"application/json": {"schema": schema, "examples": shown}}}


_COMMON: Json = {
    "403": _errors("No valid API key.", ("auth_failed", "no API key came with the request; a valid one was expected")),
    "429": _errors("Too many requests; see Retry-After.", ("rate_limit_exceeded", "6000 requests came in this minute")),
    "431": _errors("Headers too large.", ("headers_too_large", "headers and query string have 20000 bytes")),
}
_UPLOADS: Json = {
    **_COMMON,
    "400": _errors(
        "A field or a picture that cannot be used; no credit is charged.",
        ("missing_source", "no picture came with the request; one was expected"),
        ("multiple_sources", "image_file and image_url were given; one picture was expected"),
        ("invalid_parameter", "scale is '5%'; 10% to 100%, or original, was expected"),
        ("file_too_large", "the file has 70000000 bytes; at most 67108864 were expected"),
        ("unknown_foreground", "no subject found: the picture is one even colour"),
    ),
    "408": _errors("The body did not arrive in time.", ("too_slow", "the body had not arrived after 60 seconds")),
    "503": _errors("The queue is full; see Retry-After.", ("busy", "66 requests are worked on or waiting")),
}


def _header(kind: str, description: str) -> Json:
    return {"schema": {"type": kind}, "description": description}


_RATE: Json = {
    "X-RateLimit-Limit": _header("integer", "Requests a minute."),
    "X-RateLimit-Remaining": _header("integer", "Of them, left in this minute."),
    "X-RateLimit-Reset": _header("integer", "When the next minute begins, in Unix seconds."),
}
_IGNORED: Json = {"X-Mattelier-Ignored": _header("string", "Fields that were given and have no effect.")}
_RESULT: Json = {
    "X-Width": _header("integer", "Of the result."),
    "X-Height": _header("integer", "Of the result."),
    "X-Max-Width": _header("integer", "Of the whole photo at the largest size there is."),
    "X-Max-Height": _header("integer", "Of the whole photo at the largest size there is."),
    "X-Type": _header("string", "Always other; not sent with type_level=none."),
    "X-Credits-Charged": _header("number", "0 unless the operator has set quotas."),
    "X-Foreground-Top": _header("integer", "Of the subject, in the result."),
    "X-Foreground-Left": _header("integer", "Of the subject, in the result."),
    "X-Foreground-Width": _header("integer", "Of the subject, in the result."),
    "X-Foreground-Height": _header("integer", "Of the subject, in the result."),
}
_DATA: Json = {
    "type": "object",
    "properties": {
        "data": {
            "type": "object",
            "properties": {
                "result_b64": {"type": "string", "format": "byte"},
                **{f"foreground_{side}": {"type": "integer"} for side in ("top", "left", "width", "height")},
            },
        }
    },
}

REMOVEBG: Json = {
    "tags": ["remove.bg"],
    "requestBody": _body(_OPTIONS, "image_file", "bg_image_file"),
    "responses": {
        "200": {
            "description": "The result; with Accept: application/json, its base64.",
            "headers": {**_RESULT, **_RATE, **_IGNORED},
            "content": {
                **{f"image/{kind}": {"schema": _FILE} for kind in ("png", "jpeg", "webp")},
                "application/zip": {"schema": _FILE},
                "application/json": {"schema": _DATA},
            },
        },
        **_UPLOADS,
        "402": _errors("The key's quota is used up.", ("insufficient_credits", "the key has 0 credits left")),
        "504": _errors("It took too long.", ("timeout", "the picture took longer than 60 seconds")),
    },
}

_IMPROVE_TEXTS: Json = {
    **_TEXTS,
    "image_filename": _text("The picture's name.", "car.jpg"),
    "tag": _text("What it belongs to.", "batch_1"),
}
IMPROVE: Json = {
    "tags": ["remove.bg"],
    "requestBody": _body(_IMPROVE_TEXTS, "image_file"),
    "responses": {
        "200": {
            "description": "Understood; nothing was kept, and nothing learns from it.",
            "headers": {**_RATE, **_IGNORED},
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "properties": {"id": {"type": "string"}, "stored": {"type": "boolean"}},
                    },
                    "example": {"id": "00000000-0000-0000-0000-000000000000", "stored": False},
                }
            },
        },
        **_UPLOADS,
    },
}

ACCOUNT: Json = {
    "tags": ["remove.bg"],
    "responses": {
        "200": {
            "description": "What the key may still spend.",
            "headers": _RATE,
            "content": {
                "application/json": {
                    "schema": {"type": "object", "required": ["data"], "properties": {"data": {"type": "object"}}},
                    "example": {
                        "data": {
                            "attributes": {
                                "credits": {"total": 200, "subscription": 0, "payg": 200, "enterprise": 0},
                                "api": {"free_calls": 0, "sizes": "all"},
                            }
                        }
                    },
                }
            },
        },
        **_COMMON,
    },
}
