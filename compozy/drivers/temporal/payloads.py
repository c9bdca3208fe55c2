"""How domain values are written into Temporal's histories: as JSON, by the domain's own codec."""

import dataclasses
from typing import Any

import attrs
from temporalio.converter import (
    AdvancedJSONEncoder,
    CompositePayloadConverter,
    DataConverter,
    DefaultPayloadConverter,
    JSONPlainPayloadConverter,
    JSONTypeConverter,
)
from typing_extensions import override

from compozy.domain.codec import from_json, to_json


class _Encoder(AdvancedJSONEncoder):
    @override
    def default(self, o: Any) -> Any:
        return to_json(o) if attrs.has(type(o)) else super().default(o)


class _TypeConverter(JSONTypeConverter):
    @override
    def to_typed_value(self, hint: type, value: Any) -> Any:
        return from_json(value, hint) if attrs.has(hint) else self.Unhandled


class PayloadConverter(CompositePayloadConverter):
    """Temporal's own converters, with attrs classes written by the domain's codec."""

    def __init__(self) -> None:
        json_converter = JSONPlainPayloadConverter(encoder=_Encoder, custom_type_converters=[_TypeConverter()])
        converters = DefaultPayloadConverter.default_encoding_payload_converters
        super().__init__(
            *(json_converter if isinstance(each, JSONPlainPayloadConverter) else each for each in converters)
        )


DATA_CONVERTER = dataclasses.replace(DataConverter.default, payload_converter_class=PayloadConverter)
"""The converter that every client and worker of Compozy uses."""
