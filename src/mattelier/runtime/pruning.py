"""An ONNX file without what a cut does not need: ONNX Runtime computes every node of a file, asked for or not.

MODNet's semantic and detail heads, which only `Matter.look` shows, would cost a cut a third more (measured: 78 against
60 ms of one core at 384 px). Only the outermost layers of protobuf's wire format are read, so that the package that
writes ONNX files is not needed; tensors are copied as they are.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

# Numbers of fields in onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
GRAPH = 7  # of a model
NODE, OUTPUT = 1, 12  # of a graph
INPUTS, OUTPUTS, KIND = 1, 2, 4  # of a node
NAME = 1  # of an output
VARINT, EIGHT, LENGTH, FOUR = 0, 1, 2, 5  # kinds of fields
WITH_GRAPHS = {"If", "Loop", "Scan", "SequenceMap"}  # nodes that hold graphs


class Field(NamedTuple):
    """whole: as it stands in the file, with its tag; content: what it holds, empty unless it has a length."""

    number: int
    whole: memoryview
    content: memoryview


def pruned(model: bytes, outputs: Sequence[str]) -> bytes:
    """The model with no node that none of these outputs needs; the very same bytes where every node is needed.

    Graphs inside nodes use names that are not among the nodes' inputs: a model with one is left alone, and so is what
    is no ONNX file, for ONNX Runtime to name.
    """
    try:
        parts = list(fields(memoryview(model)))
        graph = list(fields(next(part.content for part in parts if part.number == GRAPH)))
        unneeded = spare(graph, outputs)
    except (StopIteration, IndexError, ValueError):
        return model
    if not unneeded:
        return model
    kept = [part.whole for i, part in enumerate(graph) if i not in unneeded]
    head = tag(GRAPH, sum(map(len, kept)))
    pieces: list[bytes | memoryview] = []
    for part in parts:
        pieces += [head, *kept] if part.number == GRAPH else [part.whole]
    return b"".join(pieces)


def spare(graph: Sequence[Field], outputs: Sequence[str]) -> set[int]:
    """Where in a graph the nodes and outputs stand that can be left away; nodes are stored in the order they run."""
    made = [i for i, part in enumerate(graph) if part.number == OUTPUT]
    answered = {name for i in made for name in names(list(fields(graph[i].content)), NAME)}
    if answered <= set(outputs) or not set(outputs) <= answered:
        return set()  # all that it answers is asked for; or something else is, for ONNX Runtime to name
    needed, unneeded = set(outputs), set[int]()
    for i in reversed([i for i, part in enumerate(graph) if part.number == NODE]):
        node = list(fields(graph[i].content))
        if not WITH_GRAPHS.isdisjoint(names(node, KIND)):
            return set()
        if needed.isdisjoint(names(node, OUTPUTS)):
            unneeded.add(i)
        else:
            needed |= names(node, INPUTS)
    if not unneeded:
        return set()
    return unneeded | {i for i in made if names(list(fields(graph[i].content)), NAME).isdisjoint(outputs)}


def names(parts: Sequence[Field], number: int) -> set[str]:
    return {bytes(part.content).decode() for part in parts if part.number == number}


def fields(data: memoryview) -> Iterator[Field]:
    """The fields of one message.  Raises IndexError or ValueError for what is none."""
    at = 0
    while at < len(data):
        start = at
        tag, at = varint(data, at)
        number, kind = tag >> 3, tag & 7
        content = data[:0]
        if kind == LENGTH:
            length, at = varint(data, at)
            content = data[at : at + length]
            at += length
        elif kind == VARINT:
            _, at = varint(data, at)
        elif kind in (EIGHT, FOUR):
            at += 8 if kind == EIGHT else 4
        else:
            raise ValueError(f"kind {kind} at byte {start}")
        if at > len(data):
            raise ValueError(f"a field ends at byte {at} of {len(data)}")
        yield Field(number, data[start:at], content)


def varint(data: memoryview, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and where it ends."""
    value, shift = 0, 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def tag(number: int, length: int) -> bytes:
    """What stands before a field of this length."""
    head = bytearray()
    for value in (number << 3 | LENGTH, length):
        while value > 127:
            head.append(value & 127 | 128)
            value >>= 7
        head.append(value)
    return bytes(head)
