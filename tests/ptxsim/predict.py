#!/usr/bin/env python3
"""Lower bounds for the time of kernels on an H200, from the executor's counters.

Each line of COUNTERS.jsonl is one launch. For every resource of the hardware the counted work is divided by the peak rate
of that resource; the greatest quotient is the bound and names the resource that binds. A kernel is slower: latency that is
not hidden, dependency chains, low occupancy, barriers, tails, page and turn-around effects of DRAM, throttling and the cost
of launches are not modelled. Use it to reject designs and to see what binds, not to forecast times.

Memory, bank and atomic counts are exact for the addresses that the kernel used. Instruction costs are estimated from PTX
(see README.md, sass_est) and may be off by a quarter. Lanes of a warp whose shared atomics meet at one address count as one
pass: the hardware is believed to merge them; the time if they are served one by one is printed beside it, and
--set shared_atomics_serialise=1 makes it part of the bound. None of the rates has been calibrated against a GPU.

usage: predict.py COUNTERS.jsonl [--warm] [--sum | --json] [--kernel WORD] [--clock GHZ] [--set NAME=VALUE ...]
"""
import argparse
import collections
import json
import math
import sys

# Rates of an H200: per second, or per cycle and multiprocessor.
RATES = dict(
    multiprocessors=132,
    clock=1.755e9,
    hbm_bytes=4.3e12,           # a copy's share of the nominal 4.8e12
    l2_bytes=5.5e12,
    l2_capacity=50e6,
    l2_bytes_per_cycle=64,      # to one multiprocessor
    issue=4,                    # warp instructions
    fp32=128, int=64, fp64=64, mufu=16, cvt=64,  # lanes
    lsu_wavefronts=1.0,         # of L1 and shared memory
    l1_sectors=4.0,
    redux_cycles=2.0,
    dsmem_wavefronts=0.5,
    shared_atomics_serialise=0,
    l2_slices=96,
    l2_clock=1.6e9,             # one atomic a cycle and slice
    registers=65536,
    shared_bytes=228 * 1024,
    launch=2.5e-6,
)
SECTOR = 32
KINDS = ("load", "store", "atomic")


def occupancy(launch, rates):
    """Blocks on one multiprocessor, and warps of a block."""
    threads = math.prod(launch["block"])
    warps = math.ceil(threads / 32)
    registers = math.ceil((launch["regs"] or 32) * 32 / 256) * 256 * warps
    shared = launch["smem_static"] + launch["smem_dynamic"] + 1024
    return max(1, min(32, 64 // warps, int(rates["registers"] // registers), int(rates["shared_bytes"] // shared))), warps


def load_store_wavefronts(launch, rates):
    """Passes of the load-store unit, with merged and with serialised shared atomics."""
    shared, atomics = launch["shared"], launch["shared"]["atomic"]["wavefronts"]
    of_global = sum(max(launch["global"][kind]["lines128"], launch["global"][kind]["sectors"] / rates["l1_sectors"])
                    for kind in KINDS)
    remote = sum(launch["dsmem"][kind]["wavefronts"] for kind in KINDS) / rates["dsmem_wavefronts"]
    others = (of_global + shared["load"]["wavefronts"] + shared["store"]["wavefronts"] + launch["local"]["requests"] +
              launch["warp"].get("shfl", 0) + launch["warp"].get("redux", 0) * rates["redux_cycles"] + remote)
    return others + atomics, others + max(shared["atomic_bank_passes"], atomics)


def times(launch, rates, warm):
    """Seconds that each resource needs at least, by name; and the load-store unit's if shared atomics serialise."""
    memory, cost = launch["global"], launch["sass_est"]
    cycles = min(rates["multiprocessors"], launch["blocks"]) * rates["clock"]
    footprint = SECTOR * (memory["distinct_read_sectors"] + memory["distinct_write_sectors"])
    l2 = SECTOR * (memory["per_block_distinct_read_sectors"] + memory["store"]["sectors"] + memory["atomic"]["sectors"])
    merged, serialised = load_store_wavefronts(launch, rates)
    in_l2 = warm and footprint <= rates["l2_capacity"]
    result = {
        "hbm_compulsory": 0.0 if in_l2 else footprint / rates["hbm_bytes"],
        "l2_to_sm": max(l2 / rates["l2_bytes"], l2 / (cycles * rates["l2_bytes_per_cycle"])),
        "issue": cost["issue_warp"] / (rates["issue"] * cycles),
        "lsu_l1_shared": (serialised if rates["shared_atomics_serialise"] else merged) / rates["lsu_wavefronts"] / cycles,
        "global_atomics": max(memory["atomic"]["sectors"] / (rates["l2_slices"] * rates["l2_clock"]),
                              memory["atomic_max_per_address"] / rates["l2_clock"]),
    }
    for pipe in ("fp32", "int", "mufu", "fp64", "cvt"):
        result[pipe] = cost[pipe] / (rates[pipe] * cycles)
    return result, serialised / rates["lsu_wavefronts"] / cycles


def model(launch, rates, warm):
    memory, shared, bulk = launch["global"], launch["shared"], launch["bulk"]
    seconds, serialised = times(launch, rates, warm)
    binding = max(seconds, key=seconds.get)
    read, written = (SECTOR * memory[f"distinct_{which}_sectors"] for which in ("read", "write"))
    blocks, warps = occupancy(launch, rates)
    waves = launch["blocks"] / rates["multiprocessors"]

    def ratio(numerator, denominator):
        return numerator / max(1, denominator)

    return dict(
        kernel=launch["kernel"], launch=launch["launch"], grid=launch["grid"], block=launch["block"], times=seconds,
        binding=binding, bound=seconds[binding], lsu_serialised=serialised, read=read, written=written,
        roofline=(read + written) / rates["hbm_bytes"] / seconds[binding] if seconds[binding] else 0.0,
        in_l2=read + written <= rates["l2_capacity"],
        reread=ratio(memory["load"]["sectors"] + bulk["bytes_in"] / SECTOR, memory["distinct_read_sectors"]),
        block_reread=ratio(memory["per_block_distinct_read_sectors"], memory["distinct_read_sectors"]),
        rewritten=ratio(memory["store"]["sectors"] + bulk["bytes_out"] / SECTOR, memory["distinct_write_sectors"]),
        coalescing=ratio(memory["load"]["bytes"], SECTOR * memory["load"]["sectors"]),
        wide=ratio(memory["load"]["bytes_in_16byte_accesses"], memory["load"]["bytes"]),
        conflicts=shared["load"]["extra_wavefronts"] + shared["store"]["extra_wavefronts"],
        wavefronts=shared["load"]["wavefronts"] + shared["store"]["wavefronts"],
        atomic_degree=ratio(shared["atomic_same_address_sum"], shared["atomic"]["requests"]),
        float_atomics=shared["atomic_float_lanes"], active=launch["simd_eff"], local=launch["local"]["bytes"],
        imbalance=math.ceil(waves) / waves if waves > 1 else 1.0, blocks_per_sm=blocks,
        warps_per_sm=min(64, blocks * warps) if waves >= 1 else warps, sms=min(rates["multiprocessors"], launch["blocks"]))


def show(result, rates):
    micro = 1e6
    print(f"\n{result['kernel']}\n  grid {result['grid']} block {result['block']}  {result['blocks_per_sm']} blocks, "
          f"{result['warps_per_sm']} warps on a multiprocessor, {result['sms']} of them used, "
          f"last wave x{result['imbalance']:.2f}")
    print(f"  compulsory traffic {(result['read'] + result['written']) / 1e6:.3f} MB (read {result['read'] / 1e6:.3f}, "
          f"written {result['written'] / 1e6:.3f}){', fits in L2' if result['in_l2'] else ''}; sectors read "
          f"{result['reread']:.2f} times, {result['block_reread']:.2f} by different blocks, written "
          f"{result['rewritten']:.2f} times; {100 * result['coalescing']:.0f} % of the sectors' bytes wanted, "
          f"{100 * result['wide']:.0f} % by 16-byte loads")
    print(f"  active lanes {100 * result['active']:.1f} %; bank conflicts {result['conflicts']} of "
          f"{result['wavefronts']} wavefronts; lanes on one shared atomic {result['atomic_degree']:.1f}; local memory "
          f"{result['local']} bytes")
    for name, seconds in sorted(result["times"].items(), key=lambda item: -item[1]):
        if seconds > 0:
            print(f"    {name:15} {seconds * micro:10.3f} us{'   <== binding' if name == result['binding'] else ''}")
    if result["lsu_serialised"] > result["times"]["lsu_l1_shared"]:
        print(f"    (lsu_l1_shared {result['lsu_serialised'] * micro:11.3f} us if shared atomics on one address serialise"
              f"{'; those of floats are loops and cost more' if result['float_atomics'] else ''})")
    print(f"  BOUND {result['bound'] * micro:.3f} us, {100 * result['roofline']:.1f} % of the memory roofline at most "
          f"(and about {rates['launch'] * micro:.1f} us to launch)")


def show_sums(results):
    sums = collections.defaultdict(lambda: dict(launches=0, bound=0.0, bytes=0, binding=collections.Counter()))
    for result in results:
        entry = sums[result["kernel"]]
        entry["launches"] += 1
        entry["bound"] += result["bound"]
        entry["bytes"] += result["read"] + result["written"]
        entry["binding"][result["binding"]] += 1
    for kernel, entry in sorted(sums.items(), key=lambda item: -item[1]["bound"]):
        binding = ",".join(name for name, _ in entry["binding"].most_common())
        print(f"{entry['bound'] * 1e6:10.3f} us bound  {entry['bytes'] / 1e6:10.3f} MB  {entry['launches']:4d} launches  "
              f"binding {binding}  {kernel}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--warm", action="store_true", help="what fits in L2 is there already")
    parser.add_argument("--sum", action="store_true", help="only the sums of each kernel")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--kernel", default="", help="kernels whose name contains this")
    parser.add_argument("--clock", type=float, help="GHz")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help=", ".join(RATES))
    options = parser.parse_args()
    rates = dict(RATES)
    if options.clock:
        rates["clock"] = options.clock * 1e9
    for setting in options.set:
        name, _, value = setting.partition("=")
        if name not in rates:
            sys.exit(f"no rate {name}; there are {', '.join(rates)}")
        rates[name] = float(value)
    with open(options.file) as file:
        launches = [json.loads(line) for line in file if line.strip()]
    results = [model(launch, rates, options.warm) for launch in launches if options.kernel in launch["kernel"]]
    if options.json:
        json.dump(results, sys.stdout, indent=1)
        print()
    elif options.sum:
        show_sums(results)
    else:
        for result in results:
            show(result, rates)
    if len(results) > 1 and not options.json:
        print(f"\nall {len(results)} launches: {sum(result['bound'] for result in results) * 1e6:.3f} us")


if __name__ == "__main__":
    main()
