"""How domain values are written into Temporal's histories: as JSON, by the domain's own codec."""

import dataclasses
import json
from typing import Any, Final

import attrs
from temporalio.api.common.v1 import Payload
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


class _JsonConverter(JSONPlainPayloadConverter):
    """The SDK's converter, but for the keys of objects: they stay in the order in which they were given."""

    @override
    def to_payload(self, value: Any) -> Payload | None:
        text = json.dumps(value, cls=_Encoder, separators=(",", ":"))
        return Payload(metadata={"encoding": self.encoding.encode()}, data=text.encode())


_JSON: Final = _JsonConverter(encoder=_Encoder, custom_type_converters=[_TypeConverter()])
_CONVERTERS: Final = tuple(
    _JSON if isinstance(each, JSONPlainPayloadConverter) else each
    for each in DefaultPayloadConverter.default_encoding_payload_converters
)


class PayloadConverter(CompositePayloadConverter):
    """Temporal's own converters, with attrs classes written by the domain's codec.

    They keep nothing, so they are made once: the SDK makes one of these several times in each step of a workflow.
    """

    def __init__(self) -> None:
        super().__init__(*_CONVERTERS)


DATA_CONVERTER = dataclasses.replace(DataConverter.default, payload_converter_class=PayloadConverter)
"""The converter that every client and worker of Compozy uses."""
