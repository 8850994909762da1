"""Every C++ and CUDA source is laid out as .clang-format says.

Usage: format_test.py SOURCE_DIR
"""
import pathlib
import shutil
import subprocess
import sys

source_dir = pathlib.Path(sys.argv[1])
folders = ("bench", "host", "include", "kernels", "tests")
sources = sorted(path for folder in folders for path in (source_dir / folder).rglob("*")
                 if path.suffix in (".hpp", ".cpp", ".cu", ".cuh"))
if not sources:
    sys.exit(f"no sources in {source_dir}")
clang_format = shutil.which("clang-format-14") or "clang-format"
sys.exit(subprocess.run([clang_format, "--dry-run", "--Werror", *sources]).returncode)
