"""Copies a GGUF file with one change: edit_gguf.py FROM TO architecture NAME | template TEXT | type TENSOR NUMBER | rename TENSOR NAME |
nan TENSOR | metadata.

NAME must be as long as what is there, so that nothing else moves; TEXT, the chat template, at most as long, for a comment fills up the rest.
`metadata` leaves out all tensors.
"""
import shutil
import struct
import sys

source, target, what, *values = sys.argv[1:]
shutil.copyfile(source, target)
with open(target, "r+b") as file:
    head = file.read(8 << 20)
    if what == "architecture":
        # A string's length, the key, its type (8 is a string), the value's length.
        place = head.index(b"general.architecture") + len(b"general.architecture")
        kind, length = struct.unpack_from("<IQ", head, place)
        name = values[0].encode()
        assert kind == 8 and length == len(name), (kind, length)
        place += 12
        change = name
    elif what == "metadata":
        # The number of tensors stands behind the magic number and the version; the first of them behind the metadata.
        tensors, = struct.unpack_from("<Q", head, 8)
        first = head.index(struct.pack("<Q", len(b"token_embd.weight")) + b"token_embd.weight")
        names = [b"output_norm.weight", b"blk.0.attn_norm.weight", b"output.weight"]
        places = [place for name in names if (place := head.find(struct.pack("<Q", len(name)) + name)) >= 0]
        file.truncate(min([first, *places]))
        place, change = 8, struct.pack("<Q", 0)
    elif what == "rename":
        name, change = (struct.pack("<Q", len(value)) + value.encode() for value in values)
        assert len(name) == len(change)
        place = head.index(name)
    elif what == "template":
        place = head.index(b"tokenizer.chat_template") + len(b"tokenizer.chat_template")
        kind, length = struct.unpack_from("<IQ", head, place)
        text = values[0].encode()
        assert kind == 8 and len(text) + 4 <= length, (kind, length, len(text))
        place += 12
        change = text + b"{#" + b" " * (length - len(text) - 4) + b"#}"
    else:
        # A tensor: its name, the number of dimensions, those, the type.
        name = values[0].encode()
        name = struct.pack("<Q", len(name)) + name
        place = head.index(name) + len(name)
        dimensions, = struct.unpack_from("<I", head, place)
        place += 4 + 8 * dimensions
        if what == "type":
            change = struct.pack("<I", int(values[1]))
        else:
            # The first two bytes of its data, a block's scale, become a half's NaN. The data begins behind the description of the last tensor,
            # after which comes nothing or a name without a letter.
            offset, = struct.unpack_from("<Q", head, place + 4)
            place += 12
            while 0 < (length := struct.unpack_from("<Q", head, place)[0]) < 256:
                place += 8 + length
                dimensions, = struct.unpack_from("<I", head, place)
                place += 4 + 8 * dimensions + 12
            place = (place + 31) // 32 * 32 + offset
            change = struct.pack("<e", float("nan"))
    file.seek(place)
    file.write(change)
