"""Numbers, texts, and what shows them."""

NODES: dict[str, tuple[str, str]] = {
    "PrimitiveInt": ("value INT=0", "INT"),
    "PrimitiveFloat": ("value FLOAT=0.0", "FLOAT"),
    "PrimitiveString": ("value STRING=", "STRING"),
    "PrimitiveBoolean": ("value BOOLEAN=False", "BOOLEAN"),
    "PreviewAny": ("source *", ""),
    "PrimitiveStringMultiline": ("value STRING=", "STRING"),
    "StringConcatenate": ("string_a STRING; string_b STRING; delimiter STRING=", "STRING"),
}  # fmt: skip
