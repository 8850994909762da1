"""What the tests of the command-line tool share: writing .npy files with struct, running the tool."""
import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest

FORMATS = {"<f8": "d", "<f4": "f", "<f2": "e", "<i8": "q", "<i4": "i", "<i2": "h", "|i1": "b", "|u1": "B", "<u2": "H",
           "<u4": "I", "<u8": "Q", "|b1": "B", "<V2": "H"}


def tool():
    return os.environ["KULLBACK_TOOL"]


def backend():
    """The one that commands run on unless a test chooses."""
    return os.environ.get("KULLBACK_TOOL_BACKEND", "cpu")


def npy_bytes(descr, shape, data, order="False", version=1):
    text = "{'descr': %r, 'fortran_order': %s, 'shape': %s, }" % (descr, order, shape)
    preamble = 10 if version == 1 else 12
    text += " " * (-(preamble + len(text) + 1) % 64) + "\n"
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text.encode("latin1") + data


def safetensors_bytes(tensors, metadata=None):
    """tensors: {name: (dtype, shape, data)}"""
    header, data = {} if metadata is None else {"__metadata__": metadata}, b""
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def flatten(values):
    if isinstance(values, (list, tuple)):
        return [x for v in values for x in flatten(v)]
    return [values]


def shape_of(values):
    return (len(values),) + (shape_of(values[0]) if values else ()) if isinstance(values, (list, tuple)) else ()


def bfloat16(value):
    """Round to nearest even of the upper half of a float32."""
    bits = struct.unpack("<I", struct.pack("<f", value))[0]
    return (bits + 0x7FFF + (bits >> 16 & 1)) >> 16


def read_npy_f64(path):
    with open(path, "rb") as f:
        content = f.read()
    length = struct.unpack("<H", content[8:10])[0]
    header = eval(content[10:10 + length])  # the tool's own output
    assert header["descr"] == "<f8" and header["fortran_order"] is False, header
    data = content[10 + length:]
    return header["shape"], list(struct.unpack("<%dd" % (len(data) // 8), data))


class ToolTest(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="kullback_cli_")
        self.addCleanup(self.scratch.cleanup)

    def path(self, name):
        return os.path.join(self.scratch.name, name)

    def raw(self, name, content):
        with open(self.path(name), "wb") as f:
            f.write(content)
        return self.path(name)

    def npy(self, name, values, descr="<f8", shape=None, **options):
        flat = flatten(values)
        data = struct.pack("<%d%s" % (len(flat), FORMATS[descr]), *flat)
        return self.raw(name, npy_bytes(descr, shape_of(values) if shape is None else shape, data, **options))

    def run_tool(self, *arguments):
        """On backend(), if the command takes one and the test does not choose."""
        chooses = "--backend" in arguments or not arguments or arguments[0] not in ("rows", "compare", "mi")
        extra = [] if chooses or backend() == "cpu" else ["--backend", backend()]
        return subprocess.run([tool(), *map(str, arguments), *extra], capture_output=True, text=True, timeout=120)

    def json(self, *arguments):
        result = self.run_tool(*arguments, "--format", "json")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stderr, "")
        return json.loads(result.stdout)

    def values(self, *arguments):
        """The --out array's values, and its shape."""
        out = self.path("out.npy")
        result = self.run_tool(*arguments, "--out", out)
        self.assertEqual(result.returncode, 0, result.stderr)
        shape, values = read_npy_f64(out)
        os.remove(out)
        return values, shape

    def assert_close(self, got, expected, relative=1e-12):
        tolerance = relative * abs(expected) + 1e-300
        self.assertLessEqual(abs(got - expected), tolerance, "got %r, expected %r" % (got, expected))

    def assert_all_close(self, got, expected, relative=1e-12):
        self.assertEqual(len(got), len(expected))
        for g, e in zip(got, expected):
            self.assert_close(g, e, relative)

    def assert_refused(self, arguments, *parts, code=2):
        """One sentence on stderr with all of `parts`, nothing on stdout, and not even a trace of the output file."""
        before = sorted(os.listdir(self.scratch.name))
        result = self.run_tool(*arguments, "--out", self.path("refused.npy"))
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        self.assertTrue(result.stderr.startswith("kullback: "), result.stderr)
        for part in parts:
            self.assertIn(str(part), result.stderr)
        self.assertEqual(sorted(os.listdir(self.scratch.name)), before)


def main():
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        os.environ["KULLBACK_TOOL"] = sys.argv.pop(1)
    unittest.main()
