#!/usr/bin/env python3
"""Exit statuses and environment variables of a program under the executor.

Usage: status_test.py PROGRAM SOURCE
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

complaints = []
lines = pathlib.Path(sys.argv[2]).read_text().splitlines()


def place(snippet):
    """status.cu:12, where the snippet stands."""
    return f"status.cu:{next(number for number, line in enumerate(lines, 1) if snippet in line)}"


def expect(status, in_stderr, *arguments, **variables):
    result = subprocess.run([sys.argv[1], *arguments], env={**os.environ, **variables}, capture_output=True, text=True)
    title = f"{variables} {arguments}"
    if result.returncode != status:
        complaints.append(f"{title}: status {result.returncode}, expected {status}\n{result.stderr}")
    if in_stderr not in result.stderr or (not in_stderr and result.stderr):
        complaints.append(f"{title}: {in_stderr!r} is not in\n{result.stderr}")
    return result.stdout


if expect(0, "") != "no error\n":
    complaints.append("the program does not print what it should")
expect(7, "", "own status")
expect(86, "RACE write->write of global byte 0 of 4096", "race")
expect(86, "ptxsim: 31 report(s), 1 different", "race")
expect(5, "RACE", "race", PTXSIM_FAILEXIT="5")
expect(0, "RACE", "race", PTXSIM_FAILEXIT="0")
expect(0, "", "race", PTXSIM_CHECK="0")
expect(99, "unsupported instruction executed: vabsdiff4.u32.u32.u32.add", "instruction")
expect(99, f"video at {place('asm volatile')} (PTX line", "instruction")
expect(98, "runtime function cudaCreateTextureObject is not implemented", "function")
expect(99, "PTXSIM_ORDER is not a number: first", PTXSIM_ORDER="first")
expect(99, "there is no order 3", PTXSIM_ORDER="3")
expect(99, "there is no variable PTXSIM_CHEK", PTXSIM_CHEK="1")
with tempfile.TemporaryDirectory() as folder:
    expect(0, "", PTXSIM_DUMP=folder + "/dumped")
    with open(folder + "/dumped.0.ptx") as file:
        if ".visible .entry _Z4finePi(" not in file.read():
            complaints.append("PTXSIM_DUMP does not write the PTX")
    expect(0, "", PTXSIM_COUNTERS=folder + "/counters.jsonl", PTXSIM_LINES="1")
    with open(folder + "/counters.jsonl") as file:
        if f'"at": "{place("void fine(")}"' not in file.read():
            complaints.append("PTXSIM_LINES does not name the lines")
# README.md lists the variables: all of them, and no others.
root = pathlib.Path(sys.argv[2]).resolve().parent.parent.parent
listed = set(re.findall(r"^\| `(PTXSIM_\w+)` \|", (root / "README.md").read_text(), re.MULTILINE))
known = set(re.findall(r'read\("(PTXSIM_\w+)"', (root / "machine/options.cpp").read_text()))
if not known or listed != known:
    complaints.append(f"variables only in README.md or options.cpp: {listed ^ known}")
sys.exit("\n".join(complaints) or 0)
