#!/usr/bin/env python3
"""The counters of programs/counted.cu against numbers worked out by hand, and predict.py's times from them.

Usage: counters_test.py PROGRAM
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

complaints = []


def counted(folder, name, **variables):
    file = pathlib.Path(folder) / name
    environment = {**os.environ, **variables, "PTXSIM_COUNTERS": str(file)}
    subprocess.run([sys.argv[1]], env=environment, check=True, stdout=subprocess.DEVNULL)
    return file


def expect(launches, kernel, index, **expected):
    """`global_load_sectors=128` is the counter global.load.sectors of the kernel's launch number `index`."""
    launch = [launch for launch in launches if launch["kernel"].removeprefix("void ").startswith(kernel)][index]
    for path, value in expected.items():
        actual = launch
        for key in path.split("__"):
            actual = actual[key]
        if actual != value:
            complaints.append(f"{kernel}: {path} is {actual}, expected {value}")


def expect_all(launches):
    warps = 4 * 8
    common = dict(global__load__requests=warps, global__load__bytes=warps * 128)
    expect(launches, "coalesced", 0, **common, global__load__sectors=warps * 4, global__store__sectors=warps * 4,
           global__distinct_read_sectors=128, global__distinct_write_sectors=128,
           global__load__bytes_in_16byte_accesses=0)
    expect(launches, "stride_of_two", 0, **common, global__load__sectors=warps * 8, global__distinct_read_sectors=256)
    # Each block reads 33 sectors, of which neighbours share one.
    expect(launches, "misaligned_by_four", 0, **common, global__load__sectors=warps * 5,
           global__distinct_read_sectors=129, global__per_block_distinct_read_sectors=4 * 33)
    expect(launches, "vectors", 0, global__load__requests=warps, global__load__sectors=warps * 16,
           global__load__bytes_in_16byte_accesses=warps * 512)
    expect(launches, "reread", 0, **common, global__load__sectors=warps * 4, global__distinct_read_sectors=4,
           global__per_block_distinct_read_sectors=16)
    # Eight loads of 32 lanes, each lane in a sector of its own: the same 32 sectors every time.
    expect(launches, "columns", 0, global__load__requests=8, global__load__sectors=8 * 32,
           global__distinct_read_sectors=32)
    expect(launches, "transpose<32>", 0, shared__store__wavefronts=32, shared__load__requests=32,
           shared__load__wavefronts=32 * 32, shared__load__max_degree=32, block_barriers=1, smem_static=4096)
    expect(launches, "transpose<33>", 0, shared__load__wavefronts=32, shared__load__extra_wavefronts=0,
           smem_static=32 * 33 * 4)
    for index, degree in enumerate((32, 8, 1)):
        expect(launches, "histogram", index, shared__atomic__requests=1, shared__atomic_same_address_sum=degree,
               shared__atomic_bank_passes=degree, shared__atomic__wavefronts=1)
    # nvcc adds a warp's values up first: one lane of each of the four warps goes to memory.
    atomics = next(launch for launch in launches if launch["kernel"].startswith("global_counter"))["global"]
    if atomics["atomic_distinct_addresses"] != 1 or atomics["atomic_max_per_address"] != 4:
        complaints.append(f"global_counter: {atomics}")


def expect_bound(file, kernel, name, seconds, *options):
    predict = pathlib.Path(__file__).resolve().parent.parent / "predict.py"
    text = subprocess.run([sys.executable, predict, file, "--json", "--kernel", kernel, *options], check=True,
                          capture_output=True, text=True).stdout
    actual = json.loads(text)[0]["times"][name]
    if abs(actual - seconds) > 1e-12 * max(1, seconds):
        complaints.append(f"predict.py: {kernel} needs {actual} s of {name}, expected {seconds}")
    subprocess.run([sys.executable, predict, file], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([sys.executable, predict, file, "--sum"], check=True, stdout=subprocess.DEVNULL)


with tempfile.TemporaryDirectory() as folder:
    for name, variables in (("checked", {}), ("plain", {"PTXSIM_CHECK": "0"}),
                            ("threads", {"PTXSIM_CHECK": "0", "PTXSIM_THREADS": "2"})):
        file = counted(folder, name, **variables)
        expect_all([json.loads(line) for line in file.read_text().splitlines()])
    expect_bound(file, "coalesced", "hbm_compulsory", 32 * 256 / 4.3e12)
    expect_bound(file, "coalesced", "hbm_compulsory", 0.0, "--warm")
    expect_bound(file, "coalesced", "hbm_compulsory", 32 * 256 / 1e12, "--set", "hbm_bytes=1e12")
    # One block, one multiprocessor: 1024 conflicting and 32 other wavefronts, 32 lines stored.
    expect_bound(file, "transpose<32>", "lsu_l1_shared", (32 * 32 + 32 + 32) / 1.755e9)
    expect_bound(file, "transpose<32>", "lsu_l1_shared", (32 * 32 + 32 + 32) / 2e9, "--clock", "2")
    expect_bound(file, "global_counter", "global_atomics", 4 / 1.6e9)
sys.exit("\n".join(complaints) or 0)
