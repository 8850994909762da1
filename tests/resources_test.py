"""What ptxas says of every kernel: no spills, no local memory, and not too many kernels to build on two cores.

Usage: resources_test.py BUILD_DIR
"""
import pathlib
import re
import subprocess
import sys
import unittest

BUILD = pathlib.Path(sys.argv.pop(1))
MOST_KERNELS = 150
KERNEL = re.compile(
    r"Compiling entry function '(?P<name>\w+)' for 'sm_(?P<arch>\d+)'.*?"
    r"(?P<stack>\d+) bytes stack frame, (?P<stores>\d+) bytes spill stores, (?P<loads>\d+) bytes spill loads.*?"
    r"Used (?P<registers>\d+) registers", re.DOTALL)


def kernels():
    reports = sorted((BUILD / "CMakeFiles/kullback_cuda.dir").rglob("*.ptxas"))
    found = [match.groupdict() for report in reports for match in KERNEL.finditer(report.read_text())]
    names = subprocess.run(["c++filt"], input="\n".join(k["name"] for k in found), capture_output=True, text=True)
    for kernel, name in zip(found, names.stdout.splitlines()):
        kernel["name"] = re.sub(r"^void |kullback::(cuda::)?|\(.*\)$", "", name)
    return found


class Resources(unittest.TestCase):
    def test_kernels(self):
        found = kernels()
        for k in sorted(found, key=lambda k: (k["name"], k["arch"])):
            print(f"{k['name']:70} sm_{k['arch']} {k['registers']:>3} registers")
        self.assertGreaterEqual(len(found), 30, "the reports of the row engines alone have more")
        for k in found:
            with self.subTest(kernel=k["name"], arch=k["arch"]):
                self.assertEqual((k["stack"], k["stores"], k["loads"]), ("0", "0", "0"))
        self.assertLessEqual(len({k["name"] for k in found}), MOST_KERNELS)


unittest.main()
