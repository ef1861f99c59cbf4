"""Cuts a GGUF file into files of a split model, as llama.cpp's gguf-split does: split_gguf.py FROM PREFIX COUNT [empty].

The first file gets all metadata, the others only what says whose part they are; each gets about as many bytes of tensors, but with `empty` the
first gets none.
"""
import struct
import sys

SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
ALIGNMENT = 32


class Reader:
    def __init__(self, data):
        self.data, self.place = data, 0

    def number(self, format):
        value, = struct.unpack_from("<" + format, self.data, self.place)
        self.place += struct.calcsize("<" + format)
        return value

    def string(self):
        length = self.number("Q")
        self.place += length
        return self.data[self.place - length:self.place]

    def skip(self, kind):
        if kind == 8:
            self.string()
        elif kind == 9:
            element, count = self.number("I"), self.number("Q")
            if element in SIZES:
                self.place += SIZES[element] * count
            else:
                for _ in range(count):
                    self.skip(element)
        else:
            self.place += SIZES[kind]


def string(value):
    return struct.pack("<Q", len(value)) + value


def pad(data):
    return data + bytes(-len(data) % ALIGNMENT)


def main():
    source, prefix, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    data = open(source, "rb").read()
    reader = Reader(data)
    assert reader.number("I") == 0x46554747 and reader.number("I") == 3
    tensor_count, key_count = reader.number("Q"), reader.number("Q")
    began = reader.place
    for _ in range(key_count):
        assert reader.string() != b"general.alignment"
        reader.skip(reader.number("I"))
    metadata = data[began:reader.place]
    tensors = []
    for _ in range(tensor_count):
        name = reader.string()
        dimensions = [reader.number("Q") for _ in range(reader.number("I"))]
        tensors.append((name, dimensions, reader.number("I"), reader.number("Q")))
    start = (reader.place + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT
    ends = sorted([tensor[3] for tensor in tensors] + [len(data) - start])
    groups = [[] for _ in range(count)]
    filled = groups[1:] if "empty" in sys.argv[4:] else groups
    for tensor in tensors:
        filled[tensor[3] * len(filled) // (len(data) - start)].append(tensor)
    for index, group in enumerate(groups):
        entries = string(b"split.no") + struct.pack("<IH", 2, index)
        entries += string(b"split.count") + struct.pack("<IH", 2, count)
        entries += string(b"split.tensors.count") + struct.pack("<Ii", 5, tensor_count)
        header = struct.pack("<IIQQ", 0x46554747, 3, len(group), 3 + (key_count if index == 0 else 0))
        header += (metadata if index == 0 else b"") + entries
        pieces = []
        offset = 0
        for name, dimensions, kind, place in group:
            header += string(name) + struct.pack("<I", len(dimensions)) + struct.pack(f"<{len(dimensions)}Q", *dimensions)
            header += struct.pack("<IQ", kind, offset)
            # To where the next begins, with the padding.
            piece = pad(data[start + place:start + ends[ends.index(place) + 1]])
            pieces.append(piece)
            offset += len(piece)
        with open(f"{prefix}-{index + 1:05}-of-{count:05}.gguf", "wb") as file:
            file.write(pad(header) + b"".join(pieces))


main()
