"""Genotypes of 1,000 people at 28,501 places of chromosome 10, from Debian's package of Bioconductor's snpStats.

    python3 bench/data/snps.py [DIR]

writes DIR/snps.npy (beside this file unless told), uint8 [1000, 28501]: 0, 1, 2 = the second alleles of a person's two
chromosomes, 255 = not known (1 % of them). Needs numpy, and Debian's apt-get and dpkg-deb, not R. The package is GPL-3.
"""

import bz2
import gzip
import lzma
import pathlib
import struct
import subprocess
import sys
import tempfile

import numpy

PACKAGE = "r-bioc-snpstats"
MEMBER = "./usr/lib/R/site-library/snpStats/data/for.exercise.RData"
OBJECT, SHAPE = "snps.10", (1000, 28501)


class Reader:
    """R's serialisation in XDR form ("R Internals", section 1.8): as much of it as data sets need.

    Vectors become arrays or lists, lists of pairs become lists of (tag, value). Attributes stay beside their object.
    """

    SYMBOL, PAIRS, CHARS, LOGICALS, INTEGERS, REALS, STRINGS, LIST, RAW, S4 = 1, 2, 9, 10, 13, 14, 16, 19, 24, 25
    ALTERNATIVE, EMPTY_ENVIRONMENT, BASE_ENVIRONMENT, GLOBAL_ENVIRONMENT, NULL, REFERENCE = 238, 242, 241, 253, 254, 255

    def __init__(self, data):
        if data[:7] not in (b"RDX2\nX\n", b"RDX3\nX\n"):
            raise ValueError("not an .RData file in XDR form")
        self.data, self.at, self.symbols = data, 7, []
        version, _, _ = self.integer(), self.integer(), self.integer()
        if version == 3:
            self.bytes(self.integer())  # the encoding's name
        elif version != 2:
            raise ValueError(f"version {version} of R's serialisation, expected 2 or 3")

    def bytes(self, n):
        self.at += n
        return self.data[self.at - n:self.at]

    def integer(self):
        return struct.unpack(">i", self.bytes(4))[0]

    def array(self, dtype):
        n = self.integer()
        return numpy.frombuffer(self.bytes(n * numpy.dtype(dtype).itemsize), dtype)

    def item(self):
        """(value, attributes)"""
        flags = self.integer()
        kind, has_attributes, has_tag = flags & 0xFF, flags & 0x200, flags & 0x400
        if kind in (self.NULL, self.EMPTY_ENVIRONMENT, self.BASE_ENVIRONMENT, self.GLOBAL_ENVIRONMENT):
            return None, {}
        if kind == self.REFERENCE:
            return self.symbols[(flags >> 8 or self.integer()) - 1], {}
        if kind == self.SYMBOL:
            self.symbols.append(self.item()[0])
            return self.symbols[-1], {}
        if kind == self.PAIRS:
            return self.pairs(flags)
        if kind == self.ALTERNATIVE:
            return self.alternative()
        if kind == self.CHARS:
            n = self.integer()
            return (None if n < 0 else self.bytes(n).decode("utf-8", "replace")), {}
        if kind in (self.LOGICALS, self.INTEGERS):
            value = self.array(">i4")
        elif kind == self.REALS:
            value = self.array(">f8")
        elif kind == self.RAW:
            value = self.array("u1")
        elif kind in (self.STRINGS, self.LIST):
            value = [self.item()[0] for _ in range(self.integer())]
        elif kind == self.S4:
            value = None
        else:
            raise ValueError(f"an R object of type {kind}, which this reader does not know")
        return value, (dict(self.item()[0]) if has_attributes else {})

    def pairs(self, flags):
        result = []
        while flags & 0xFF == self.PAIRS:
            if flags & 0x200:
                self.item()
            tag = self.item()[0] if flags & 0x400 else None
            result.append((tag, self.item()))
            flags = self.integer()
        return result, {}

    def alternative(self):
        """Compact sequences and wrapped vectors."""
        info, state, _ = self.item()[0], self.item()[0], self.item()
        name = info[0][1][0]
        if name == "compact_intseq":
            n, first, step = (int(x) for x in state)
            return first + step * numpy.arange(n), {}
        if name.startswith("wrap_"):
            return (state[0][1] if isinstance(state[0], tuple) else (state[0], {}))
        raise ValueError(f"an alternative form of an R object, {name}, which this reader does not know")


def decompressed(data):
    for magic, module in [(b"\x1f\x8b", gzip), (b"BZh", bz2), (b"\xfd7zXZ", lzma)]:
        if data.startswith(magic):
            return module.decompress(data)
    return data


def rdata(package):
    """The .RData file in a Debian package."""
    tar = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE, check=True).stdout
    return subprocess.run(["tar", "-xO", MEMBER], input=tar, stdout=subprocess.PIPE, check=True).stdout


def main():
    if len(sys.argv) > 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(["apt-get", "-qq", "download", PACKAGE], cwd=directory, check=True)
        data = rdata(next(pathlib.Path(directory).glob("*.deb")))
    objects = dict(Reader(decompressed(data)).item()[0])
    codes, attributes = objects[OBJECT]
    shape = tuple(int(n) for n in attributes["dim"][0])
    if shape != SHAPE or codes.max() > 3:
        sys.exit(f"{OBJECT} is {shape} with codes up to {codes.max()}, expected {SHAPE} with codes 0..3")
    target = pathlib.Path(sys.argv[1]) if len(sys.argv) == 2 else pathlib.Path(__file__).parent
    target.mkdir(parents=True, exist_ok=True)
    numpy.save(target / "snps.npy", numpy.ascontiguousarray((codes - 1).reshape(shape, order="F")))  # 0 becomes 255
    print(f"{target / 'snps.npy'}: {shape[0]} people x {shape[1]} places, {numpy.mean(codes == 0):.2%} not known")


if __name__ == "__main__":
    main()
