"""Installs the build into a scratch prefix and uses it from there as a stranger would.

Usage: install_test.py BUILD_DIR SOURCE_DIR COMPILER GENERATOR
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD, SOURCE = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
COMPILER, GENERATOR = sys.argv[3:5]
EXPORTED = re.compile(r"kullback::\w+\(|kullback::(\w+)::~?\1\(|kullback::DeviceMemory::operator=|"
                      r"kullback::JointCountState::\w+\(|"
                      r"(typeinfo|typeinfo name|vtable) for kullback::\w+$")
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}


def output_of(*command):
    result = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            env=ENVIRONMENT)
    if result.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))} exited {result.returncode}:\n{result.stdout}")
    return result.stdout


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="install_test_", dir=BUILD)
        cls.addClassCleanup(scratch.cleanup)
        cls.scratch = pathlib.Path(scratch.name)
        first = cls.scratch / "first"
        output_of("cmake", "--install", BUILD, "--prefix", first)
        cls.prefix = cls.scratch / "moved"  # an installed tree may be moved
        shutil.move(first, cls.prefix)

    def test_consumer(self):
        """The README's example through find_package. P = softmax(2,1,0), Q = softmax(1,2,0):
        kl = (e - 1) e / (e^2 + e + 1), js of the halves by hand; then a row against itself."""
        header = (self.prefix / "include/kullback/export.hpp").read_text()
        version = re.search(r'KULLBACK_VERSION "([\d.]+)"', header)[1]
        build = self.scratch / "consumer"
        output_of("cmake", "-S", SOURCE / "tests/consumer", "-B", build, "-G", GENERATOR, "-DCMAKE_BUILD_TYPE=Release",
                  f"-DCMAKE_CXX_COMPILER={COMPILER}", f"-DCMAKE_PREFIX_PATH={self.prefix}",
                  f"-DKULLBACK_VERSION={version}")
        output_of("cmake", "--build", build)
        self.assertEqual(output_of(build / "readme_example"), "kl 0.420512  js 0.100956  same top token 0\n"
                                                              "kl 0.000000  js 0.000000  same top token 1\n")

    def test_headers_stand_alone(self):
        headers = sorted((self.prefix / "include/kullback").glob("*.hpp"))
        self.assertIn("kullback.hpp", [header.name for header in headers])
        self.assertEqual([h.name for h in headers], sorted(os.listdir(SOURCE / "include/kullback")))
        for header in headers:
            source = self.scratch / "alone.cpp"
            source.write_text(f"#include <kullback/{header.name}>\n")
            output_of(COMPILER, "-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only",
                      f"-I{self.prefix / 'include'}", source)

    def test_exported_symbols(self):
        """The public functions and classes; nothing of the engines, the reference or the standard library."""
        library, = {path.resolve() for path in self.prefix.glob("**/libkullback.so")}
        names = [line.split(maxsplit=2)[2] for line in output_of("nm", "-DC", "--defined-only", library).splitlines()]
        self.assertTrue(any(name.startswith("kullback::rows(") for name in names), names)
        self.assertEqual([name for name in names if not EXPORTED.match(name)], [])

    def test_tool_finds_its_library(self):
        self.assertIn("cpu", output_of(self.prefix / "bin/kullback", "doctor").lower())


unittest.main(argv=sys.argv[:1], verbosity=2)
