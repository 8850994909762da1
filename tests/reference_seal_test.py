#!/usr/bin/env python3
"""The reference must not see what it checks: its compiler-reported dependencies may not come from kernels/.

Usage: reference_seal_test.py SOURCE_DIR COMPILER
"""
import pathlib
import subprocess
import sys
import tempfile

source_dir, compiler = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
reference = source_dir / "host" / "reference"
allowed = [reference, source_dir / "include"]


def dependencies(source):
    flags = ["-std=gnu++17", f"-I{source_dir / 'include'}", f"-I{source_dir}", f"-I{reference}"]
    rule = subprocess.run([compiler, *flags, "-MM", str(source)], check=True, capture_output=True, text=True).stdout
    return [pathlib.Path(path).resolve() for path in rule.split(":", 1)[1].replace("\\\n", " ").split()]


def leaks(source):
    """Files of the project that the reference may not include."""
    return [path for path in dependencies(source)
            if source_dir in path.parents and not any(folder in path.parents for folder in allowed)]


failures = []
sources = sorted(reference.glob("*.cpp"))
if not sources:
    failures.append(f"no sources in {reference}")
for source in sources:
    if source not in dependencies(source):
        failures.append(f"{source.name}: the compiler does not list the source itself, the list cannot be trusted")
    failures += [f"{source.name} includes {path.relative_to(source_dir)}" for path in leaks(source)]

# The check must be able to fail: a copy of a source with a header of the kernels planted in it is caught.
with tempfile.TemporaryDirectory() as scratch:
    planted = pathlib.Path(scratch) / "planted.cpp"
    planted.write_text('#include "kernels/engines.hpp"\n' + sources[0].read_text() if sources else "")
    if source_dir / "kernels" / "engines.hpp" not in leaks(planted):
        failures.append("a planted #include of kernels/engines.hpp was not noticed")

for failure in failures:
    print(failure)
print(f"{len(sources)} sources checked, {len(failures)} failures")
sys.exit(1 if failures else 0)
