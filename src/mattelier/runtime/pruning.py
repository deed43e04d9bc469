"""An ONNX file without what a cut does not need: ONNX Runtime computes every node of a file, asked for or not.

MODNet's semantic and detail heads, which only `Matter.look` shows, would cost a cut a third more (measured: 78 against
60 ms of one core at 384 px). Only the outermost layers of protobuf's wire format are read, so that the package that
writes ONNX files is not needed; tensors are copied as they are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# Numbers of fields in onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
GRAPH = 7  # of a model
NODE, OUTPUT = 1, 12  # of a graph
INPUTS, OUTPUTS, ATTRIBUTE = 1, 2, 5  # of a node
SUBGRAPH, SUBGRAPHS = 6, 11  # of an attribute
NAME = 1  # of an output
VARINT, EIGHT, LENGTH, FOUR = 0, 1, 2, 5  # kinds of fields


@dataclass(frozen=True)
class Field:
    """whole: as it stands in the file, with its tag; content: what it holds, empty unless it has a length."""

    number: int
    whole: memoryview
    content: memoryview


def pruned(model: bytes, outputs: Sequence[str]) -> bytes:
    """The model with no node that none of these outputs needs; the very same bytes where every node is needed.

    Nodes with graphs inside (If, Loop) use names that are not among their inputs: a model with one is left alone, and
    so is what is no ONNX file, for ONNX Runtime to name.
    """
    try:
        parts = list(fields(memoryview(model)))
        graph = list(fields(next(part.content for part in parts if part.number == GRAPH)))
        unneeded = spare(graph, outputs)
    except (StopIteration, IndexError, ValueError):
        return model
    if not unneeded:
        return model
    kept = b"".join(part.whole for i, part in enumerate(graph) if i not in unneeded)
    return b"".join(tagged(GRAPH, kept) if part.number == GRAPH else part.whole for part in parts)


def spare(graph: Sequence[Field], outputs: Sequence[str]) -> set[int]:
    """Where in a graph the nodes and outputs stand that can be left away; nodes are stored in the order they run."""
    made = [i for i, part in enumerate(graph) if part.number == OUTPUT]
    if not set(outputs) <= {name for i in made for name in names(list(fields(graph[i].content)), NAME)}:
        return set()  # for ONNX Runtime to name
    needed, unneeded = set(outputs), set[int]()
    for i in reversed([i for i, part in enumerate(graph) if part.number == NODE]):
        node = list(fields(graph[i].content))
        if any(holds_graph(part) for part in node):
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


def holds_graph(part: Field) -> bool:
    return part.number == ATTRIBUTE and any(inner.number in (SUBGRAPH, SUBGRAPHS) for inner in fields(part.content))


def fields(data: memoryview) -> Iterator[Field]:
    """The fields of one message.  Raises IndexError or ValueError for what is none."""
    at = 0
    while at < len(data):
        start = at
        tag, at = varint(data, at)
        number, kind = tag >> 3, tag & 7
        content = data[:0]
        if kind == VARINT:
            _, at = varint(data, at)
        elif kind == LENGTH:
            length, at = varint(data, at)
            content = data[at : at + length]
            at += length
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


def tagged(number: int, content: bytes) -> bytes:
    """A field that has a length."""
    head = bytearray()
    for value in (number << 3 | LENGTH, len(content)):
        while value > 127:
            head.append(value & 127 | 128)
            value >>= 7
        head.append(value)
    return bytes(head) + content
