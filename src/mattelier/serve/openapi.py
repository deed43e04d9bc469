"""The OpenAPI document, as far as FastAPI cannot know it: bodies are read by uploads.py, not by its own machinery."""

from typing import Any

Json = dict[str, Any]

# A light disc on dark blue, 24 x 24: the smallest picture that has a subject.
DISC = (
    "iVBORw0KGgoAAAANSUhEUgAAABgAAAAYAQMAAADaua+7AAAABlBMVEUUHlD68ObMe4/1AAAAOklEQVR42mXMsQ2AIABFweNLYekIjOJkzMYojGBp"
    "YYy9vOTax79uK6MkzlQtyO4IFrcryGPmNejL7QMlxwfcyuNK2QAAAABJRU5ErkJggg=="
)


def problem(description: str, code: str, message: str) -> Json:
    """An error response of ours, with an example."""
    body = {"error": {"code": code, "message": message}}
    return {
        "description": description,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}, "example": body}},
    }


REFUSALS: Json = {
    "400": problem(
        "A field or a picture that cannot be used.",
        "bad_input",
        "keep is 'rgb'; rgba or alpha or foreground or trimap was expected; choose one of them",
    ),
    "401": problem("No valid API key.", "unauthorised", "no API key came with the request; a valid one was expected"),
    "402": problem("The key's quota is used up.", "insufficient_credits", "the key has 0 credits left"),
    "404": problem("No such model.", "unknown_model", "no model is called 'modnt'; near names: modnet-lite.mattelier"),
    "408": problem("The body did not arrive in time.", "too_slow", "the body had not arrived after 60 seconds"),
    "413": problem("Too many bytes.", "too_large", "the body has at least 134217729 bytes; fewer were expected"),
    "415": problem("A kind of picture that this server cannot read.", "unsupported", "pi-heif is not installed"),
    "422": problem("A picture without a subject.", "no_subject", "no subject found: the picture is one even colour"),
    "429": problem("Too many requests of one client; see Retry-After.", "rate_limited", "6000 requests came"),
    "431": problem("Headers or query string too large.", "headers_too_large", "headers have 20000 bytes"),
    "503": problem("The queue is full; see Retry-After.", "busy", "66 requests are worked on or waiting"),
    "504": problem("It took too long.", "timeout", "the picture took longer than 60 seconds"),
}

_FILE: Json = {"type": "string", "format": "binary"}
_TEXT_FILE: Json = {"type": "string", "format": "byte", "example": DISC}
_OPTIONS: Json = {
    "url": {"type": "string", "description": "Where the picture lies; only on servers started with --allow-url."},
    "model": {"type": "string", "example": "modnet-lite", "description": "A name from /api/models, with or without @."},
    "prompt": {"type": "string", "description": "What to keep, for models that read."},
    "keep": {"type": "string", "enum": ["rgba", "alpha", "foreground", "trimap"], "default": "rgba"},
    "background": {"type": "string", "example": "white", "description": "A colour as in CSS, blur, or blur:20 (px)."},
    "quality": {"type": "string", "enum": ["draft", "standard", "fine"], "default": "standard"},
    "format": {"type": "string", "enum": ["png", "webp", "tiff", "jpg"], "default": "png"},
    "bits": {"type": "integer", "enum": [8, 16], "description": "A sample; left out: as in the picture."},
    "crop": {"type": "boolean", "default": False, "description": "Cut the file to the subject's box."},
}


def _body(kind: Json) -> Json:
    """The fields of a form or of a JSON object, whose pictures are of a kind."""
    pictures = {"image": kind, "trimap": kind, "background_image": kind}
    return {"type": "object", "properties": {**pictures, **_OPTIONS}, "additionalProperties": False}


_JSON_EXAMPLE: Json = {"image": DISC, "background": "white", "format": "png"}
_WHOLE_BODY: Json = {"schema": _FILE}

CUT: Json = {
    "tags": ["cut"],
    "parameters": [
        {"name": name, "in": "query", "required": False, "schema": schema, "description": schema.get("description", "")}
        for name, schema in _OPTIONS.items()
    ],
    "requestBody": {
        "required": True,
        "description": "Exactly one picture: image, url, or the whole body. A field is given once, here or in the "
        "query string.",
        "content": {
            "multipart/form-data": {"schema": _body(_FILE)},
            "application/json": {"schema": _body(_TEXT_FILE), "example": _JSON_EXAMPLE},
            "image/jpeg": _WHOLE_BODY,
            "image/png": _WHOLE_BODY,
            "application/octet-stream": _WHOLE_BODY,
        },
    },
    "responses": {
        "200": {
            "description": "The cut-out; with Accept: application/json, its parts.",
            "headers": {
                "X-Mattelier-Model": {"schema": {"type": "string"}, "description": "NAME@DIGEST of the weights."},
                "X-Mattelier-Seconds": {"schema": {"type": "string"}, "description": "JSON: stage to seconds."},
                "X-Mattelier-Notes": {"schema": {"type": "string"}, "description": "Percent-encoded sentences."},
            },
            "content": {
                **{f"image/{kind}": _WHOLE_BODY for kind in ("png", "webp", "tiff", "jpeg")},
                "application/json": {"schema": {"$ref": "#/components/schemas/Parts"}},
            },
        },
        **REFUSALS,
    },
}

_LOOK_OPTIONS: Json = {name: _OPTIONS[name] for name in ("model", "prompt")}
_MADE = "A picture as large as the photo; or the word glance: made from another system's glance."


def _look_body(kind: Json) -> Json:
    pictures = {"image": kind, "trimap": {**kind, "description": _MADE}}
    return {
        "type": "object",
        "required": ["image"],
        "properties": {**pictures, **_LOOK_OPTIONS},
        "additionalProperties": False,
    }


LOOK: Json = {
    "tags": ["cut"],
    "requestBody": {
        "required": True,
        "description": "One picture, and what the system needs beside it.",
        "content": {
            "multipart/form-data": {"schema": _look_body(_FILE)},
            "application/json": {"schema": _look_body(_TEXT_FILE), "example": {"image": DISC}},
        },
    },
    "responses": {
        "200": {
            "description": "What the system says on its way, coarse to refined, and its cut-out.",
            "content": {
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/Look"},
                    "example": {
                        "model": "gfm-lite.mattelier@8151ec43",
                        "trimap": None,
                        "trimap_model": None,
                        "seconds": 0.11,
                        "notes": [],
                        "doubt": None,
                        "layers": [
                            {
                                "name": "glance",
                                "title": "glance: background, unclear, subject",
                                "width": 24,
                                "height": 24,
                                "png": DISC,
                            }
                        ],
                    },
                }
            },
        },
        **REFUSALS,
    },
}

MODELS: Json = {
    "tags": ["cut"],
    "responses": {
        "200": {
            "description": "The models and the six systems.",
            "content": {
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/Models"},
                    "example": {
                        "models": [
                            {
                                "name": "modnet-lite.mattelier",
                                "pinned": "modnet-lite.mattelier@f7619536",
                                "system": "modnet",
                                "needs": ["image"],
                                "ready": True,
                                "licence": "Apache-2.0",
                                "size_bytes": 8360647,
                            }
                        ],
                        "systems": [{"system": "modnet", "title": "MODNet", "ready": True, "models": []}],
                    },
                }
            },
        }
    },
}

_STATUS: Json = {
    "description": "It is.",
    "content": {
        "application/json": {
            "schema": {"type": "object", "properties": {"status": {"type": "string"}}},
            "example": {"status": "ready"},
        }
    },
}
HEALTH: Json = {"tags": ["health"], "responses": {"200": _STATUS}}
READY: Json = {
    "tags": ["health"],
    "responses": {"200": _STATUS, "503": problem("Not yet.", "not_ready", "the default model is not warm")},
}
METRICS: Json = {
    "tags": ["health"],
    "responses": {
        "200": {
            "description": "Prometheus' text format.",
            "content": {
                "text/plain": {"schema": {"type": "string"}, "example": "mattelier_pictures_total 42.0\n"},
            },
        },
        "403": problem(
            "Asked from elsewhere without a key.", "forbidden", "the numbers of a server are for its operator"
        ),
    },
}

SCHEMAS: Json = {
    "Error": {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
            }
        },
    },
    "Parts": {
        "type": "object",
        "required": ["image", "alpha", "foreground", "width", "height", "model", "seconds", "notes", "box"],
        "properties": {
            "image": {"type": "string", "format": "byte", "description": "The file asked for."},
            "alpha": {"type": "string", "format": "byte", "description": "A grey PNG."},
            "foreground": {"type": "string", "format": "byte", "description": "A PNG of the subject's colours."},
            "width": {"type": "integer"},
            "height": {"type": "integer"},
            "model": {"type": "string"},
            "seconds": {"type": "object", "additionalProperties": {"type": "number"}},
            "notes": {"type": "array", "items": {"type": "string"}},
            "box": {
                "type": "object",
                "description": "Where the subject is in the photo.",
                "properties": {side: {"type": "integer"} for side in ("top", "left", "width", "height")},
            },
        },
    },
    "Look": {
        "type": "object",
        "required": ["model", "trimap", "trimap_model", "seconds", "notes", "doubt", "layers"],
        "properties": {
            "model": {"type": "string", "description": "NAME@DIGEST of the weights."},
            "trimap": {
                "enum": ["painted", "glance", None],
                "description": "Sent with the request, made from another system's glance, or none.",
            },
            "trimap_model": {"description": "Whose glance it was made from, or null."},
            "seconds": {"type": "number", "description": "From the decoded picture to the network's last answer."},
            "notes": {"type": "array", "items": {"type": "string"}},
            "doubt": {"description": "A sentence where no subject was found, or null."},
            "layers": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["name", "title", "width", "height", "png"],
                    "properties": {
                        "name": {"type": "string"},
                        "title": {"type": "string"},
                        "width": {"type": "integer"},
                        "height": {"type": "integer"},
                        "png": {"type": "string", "format": "byte"},
                    },
                },
            },
        },
    },
    "Models": {
        "type": "object",
        "required": ["models", "systems"],
        "properties": {
            "models": {"type": "array", "items": {"type": "object"}},
            "systems": {"type": "array", "items": {"type": "object"}},
        },
    },
}
SECURITY: Json = {
    "ApiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
    "Bearer": {"type": "http", "scheme": "bearer"},
}


def complete(document: Json) -> Json:
    """FastAPI's document with the schemas and keys that ours refer to; keys are needed only where a server has some."""
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update(SCHEMAS)
    components["securitySchemes"] = SECURITY
    document["security"] = [{}, {"ApiKey": []}, {"Bearer": []}]
    return document
