"""Control messages: protobuf (proto3) read and written as Proto/*.proto says, which is parsed here. A message is a dict, an enum's value its
name without the enum's prefix."""
import pathlib
import re
import struct

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Proto"


class Malformed(Exception):
    """Bytes that are no message of this schema."""


class Field:
    def __init__(self, repeated, kind, name, number):
        self.repeated, self.kind, self.name, self.number = repeated, kind, name, number


class Schema:
    """All messages and enums of the folder."""

    def __init__(self, folder=FOLDER):
        self.messages, self.values, self.names = {}, {}, {}
        text = "\n".join(re.sub(r"//.*", "", path.read_text()) for path in sorted(folder.glob("*.proto")))
        for kind, name, body in re.findall(r"(message|enum) (\w+) \{((?:[^{}]|\{[^{}]*\})*)\}", text):
            if kind == "enum":
                prefix = re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper() + "_"
                pairs = [(value.removeprefix(prefix), int(number)) for value, number in re.findall(r"(\w+) = (\d+);", body)]
                self.values[name], self.names[name] = dict(pairs), {number: value for value, number in pairs}
            else:
                self.messages[name] = [
                    Field(bool(repeated), kind, field, int(number))
                    for repeated, kind, field, number in re.findall(r"(repeated )?\b(\w+) (\w+) = (\d+);", body)
                ]

    def encode(self, message, fields):
        known = {field.name: field for field in self.messages[message]}
        out = b""
        for name, value in fields.items():
            field = known[name]
            for one in value if field.repeated else [value]:
                out += self._encode(field, one)
        return out

    def _encode(self, field, value):
        if field.kind in self.messages:
            value = self.encode(field.kind, value)
        elif field.kind == "string":
            value = value.encode()
        elif field.kind in self.values:
            value = self.values[field.kind].get(value, value)
        if isinstance(value, (bytes, bytearray)):
            return varint(field.number << 3 | 2) + varint(len(value)) + value
        if field.kind == "fixed64":
            return varint(field.number << 3 | 1) + struct.pack("<Q", value)
        return varint(field.number << 3) + varint(int(value))

    def decode(self, message, data):
        """Every field is there: scalars as 0, messages as None, where the bytes say nothing of them."""
        known = {field.number: field for field in self.messages[message]}
        result = {field.name: [] if field.repeated else self._absent(field) for field in known.values()}
        place = 0
        while place < len(data):
            key, place = read_varint(data, place)
            number, form = key >> 3, key & 7
            if form == 0:
                value, place = read_varint(data, place)
            elif form == 2:
                size, place = read_varint(data, place)
                value, place = data[place : place + size], place + size
            elif form in (1, 5):
                size = 8 if form == 1 else 4
                value, place = int.from_bytes(data[place : place + size], "little"), place + size
            else:
                raise Malformed(f"field {number} of {message} has wire type {form}")
            if place > len(data):
                raise Malformed(f"{message} is cut short")
            field = known.get(number)
            if field is None:
                continue
            packed = form == 2 and field.repeated and field.kind not in self.messages and field.kind not in ("bytes", "string")
            for one in unpack(value) if packed else [self._decode(field, value)]:
                if field.repeated:
                    result[field.name].append(one)
                else:
                    result[field.name] = one
        return result

    def _absent(self, field):
        if field.kind in self.messages:
            return None
        if field.kind in self.values:
            return self.names[field.kind][0]
        return {"string": "", "bytes": b"", "bool": False}.get(field.kind, 0)

    def _decode(self, field, value):
        if field.kind in self.messages:
            return self.decode(field.kind, value)
        if field.kind in self.values:
            return self.names[field.kind].get(value, value)
        return {"string": lambda: value.decode(), "bool": lambda: bool(value)}.get(field.kind, lambda: value)()


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def read_varint(data, place):
    number = shift = 0
    while place < len(data) and shift < 70:
        byte = data[place]
        number |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return number, place
    raise Malformed("a number is cut short")


def unpack(data):
    place, numbers = 0, []
    while place < len(data):
        number, place = read_varint(data, place)
        numbers.append(number)
    return numbers


SCHEMA = Schema()


def envelope(body, fields, request=0):
    """The payload of a control frame."""
    return SCHEMA.encode("Envelope", {"request": request, body: fields})


def open_envelope(payload):
    """(request, the message's name, its fields)."""
    fields = SCHEMA.decode("Envelope", payload)
    request = fields.pop("request")
    for name, value in fields.items():
        if value is not None:
            return request, name, value
    raise Malformed("an envelope without a known message")
