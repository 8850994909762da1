#!/usr/bin/env python3
"""The suite must notice every mutant of mutant_list.py: a small error planted into a measure or an engine.

Mutants are compiled from the sources with a file replaced, linked with the objects of the finished build into a library
of their own, and the built test binaries run against that library. The leading ones of the CPU backend share a library
where they change one statement: an environment variable chooses one (statement_choice.py). Each test case that noticed a
mutant must pass on the unmutated sources, compiled the same way; with --leading, where CUDA kernels are concerned, in the
build that the test suite runs. Results do not depend on the optimisation level, so
mutants are compiled for speed of compilation. Mutants of CUDA kernels run on the PTX executor, whose reports count as
failures: a race or a barrier too few is found even where the results come out right.

Usage: mutants.py SOURCE_DIR BUILD_DIR [--jobs N] [--only WORD] [--leading]
"""
import argparse
import collections
import concurrent.futures
import difflib
import json
import os
import pathlib
import re
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import mutant_list
import statement_choice

NO_CUDA = "host/no_cuda.cpp"
ROW_ENGINES = "kernels/cpu/row_engines.cpp"  # compiled once per instruction set in the build, here once for all
TEST_SECONDS = 120  # a mutant that hangs is noticed, too


class Build:
    """What the finished build tells: how its sources were compiled, to which objects."""

    def __init__(self, source_dir, build_dir):
        self.source_dir, self.build_dir = source_dir, build_dir
        self.executor = build_dir / "lib/ptxsim"
        self.commands, self.engine_tables = {}, []
        self.objects = {"cpu": {}, "cuda": {}}  # of a library with that backend, by unit
        for entry in json.loads((build_dir / "compile_commands.json").read_text()):
            command = shlex.split(entry["command"])
            output = command[command.index("-o") + 1]
            unit = os.path.relpath(entry["file"], source_dir)
            self.commands.setdefault(unit, command)
            part = re.match(r"CMakeFiles/kullback_(core|reference|\w+_engines|cuda)\w*\.dir/", output)
            if not part:
                continue  # not in the library
            for backend in ("cuda",) if part[1] == "cuda" else ("cpu", "cuda"):
                self.objects[backend].setdefault(unit, []).append(str(build_dir / output))
            self.engine_tables += re.findall(r"KULLBACK_ROW_ENGINES=(\w+)", entry["command"])
        self.has_cuda = self.objects["cpu"] != self.objects["cuda"]
        self.commands.setdefault(NO_CUDA, self.commands["host/backend.cpp"])

    def prepare(self, scratch):
        """Libraries of the CPU backend alone, whatever the build is: those link faster."""
        if self.has_cuda:
            self.objects["cpu"][NO_CUDA] = [self.compile(NO_CUDA, scratch)]

    def compile(self, unit, where, *options):
        """Object file of a unit, files below `where` taking the place of the source's."""
        source = where / unit if (where / unit).exists() else self.source_dir / unit
        if unit == ROW_ENGINES:
            source = where / "row_engines_of_all_sets.cpp"
            others = "".join(f"extern const RowEngines {name} = {{rows_range, cross_entropy_range, divergence_loss_range}};\n"
                             for name in self.engine_tables[1:])
            source.write_text(f'#define KULLBACK_ROW_ENGINES {self.engine_tables[0]}\n#include "{unit}"\n'
                              f"namespace kullback::cpu {{\n{others}}}\n")
        command, skip = [], False
        for word in self.commands[unit]:
            if not skip and word not in ("-o", "-c") and not re.match(r"-(O|m|W|DKULLBACK_ROW_ENGINES|Xptxas)", word):
                command.append(re.sub(r"code=\[(compute_\w+),\w+\]", r"code=[\1]", word))  # the executor reads PTX
            skip = word in ("-o", "-c")
        command[1:1] = ["-I."]  # before the source's own directories
        target = where / (unit.replace("/", "_") + ".o")
        cache = [shutil.which("ccache")] if shutil.which("ccache") else []
        quick = ["-Xcicc", "-O1"] if source.suffix == ".cu" else ["-O1"]
        run([*cache, *command, *quick, *options, "-o", target.name, "-c", os.path.relpath(source, where)], where)
        return str(target)

    def link(self, rebuilt, where, backend, *more):
        """The library with some units compiled anew, {unit: object}; a unit of tests/ becomes an executable."""
        objects = self.objects[backend]
        for unit, path in rebuilt.items():
            if unit not in objects:
                run([self.commands[unit][0], "-o", pathlib.Path(unit).stem, path, *more, "-lgtest_main", "-lgtest",
                     "-lquadmath"], where)
        library = [path for unit, path in rebuilt.items() if unit in objects]
        if library:
            kept = [path for unit, paths in objects.items() if unit not in rebuilt for path in paths]
            runtime = [str(self.executor / "libcudart.so.13")] if backend == "cuda" else []
            run([self.commands["host/backend.cpp"][0], "-shared", "-Wl,-soname,libkullback.so.0", "-o",
                 "libkullback.so.0", *library, *more, *kept, *runtime, "-fopenmp", "-lquadmath"], where)

    def compile_all(self, units, where, pool, *options):
        runs = {unit: pool.submit(self.compile, unit, where, *options) for unit in units}
        return {unit: each.result() for unit, each in runs.items()}


class SharedLibrary:
    """The leading mutants of the CPU backend that change one statement, all in one library."""

    def __init__(self, build, scratch, mutants, pool):
        self.folder = scratch / "choices"
        self.folder.mkdir()
        self.numbers = {}
        changes = collections.defaultdict(list)
        for mutant in mutants:
            if mutant.leads and mutant.suite.backend == "cpu":
                changes[mutant.file].append(mutant)
        for file, all_of_it in changes.items():
            text = (build.source_dir / file).read_text()
            text, chosen = statement_choice.with_choices(
                text, [(m.original, m.replacement) for m in all_of_it], first=len(self.numbers) + 1)
            for at, number in chosen.items():
                self.numbers[all_of_it[at]] = number
            (self.folder / file).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / file).write_text(text)
        if not self.numbers:
            return
        (self.folder / "choice.hpp").write_text(statement_choice.DECLARATION)
        (self.folder / "choice.cpp").write_text(statement_choice.DEFINITION)
        choice = str(self.folder / "choice.o")
        run([build.commands["host/backend.cpp"][0], "-fPIC", "-O1", "-o", choice, "-c", "choice.cpp"], self.folder)
        units = sorted({unit for mutant in self.numbers for unit in mutant.suite.units})
        objects = build.compile_all(units, self.folder, pool, "-include", str(self.folder / "choice.hpp"))
        build.link(objects, self.folder, "cpu", choice)


def run(command, where):
    # ccache's direct mode would not see that a mutated file now shadows one of the source tree.
    environment = {**os.environ, "CCACHE_NODIRECT": "1"}
    result = subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True)
    if result.returncode != 0:
        raise RuntimeError(shlex.join(command) + "\n" + result.stderr)


# Who noticed a mutant: the binary, its test case if there was one, and what the PTX executor said.
Failure = collections.namedtuple("Failure", "binary case report")


def first_failure(build, test, library_dir, backend, choice=0):
    """The first test case that fails or that the PTX executor reports something of; None if all is well."""
    binary, *arguments = test
    executable = library_dir / binary if (library_dir / binary).exists() else build.build_dir / "bin" / binary
    environment = {**os.environ, "LD_LIBRARY_PATH": f"{library_dir}:{build.executor}", "OMP_WAIT_POLICY": "passive",
                   "KULLBACK_TEST_BACKEND": backend, statement_choice.VARIABLE: str(choice)}
    case = report = None
    with subprocess.Popen([executable, "--gtest_break_on_failure", *arguments], cwd=library_dir, env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace") as process:
        clock = threading.Timer(TEST_SECONDS, process.kill)
        clock.start()
        for line in process.stdout:
            begun = re.match(r"\[ RUN      \] (\S+)", line)
            case = begun[1] if begun else case
            found = re.match(r"ptxsim: .*?(?=: block|$)", line)
            if found:
                report = found[0]
                process.kill()
                break
        code = process.wait()
        clock.cancel()
    return Failure(binary, case, report or "") if code != 0 else None


def judge(build, scratch, shared, mutant):
    """(who noticed it or None, seconds, diff)"""
    start = time.monotonic()
    original = (build.source_dir / mutant.file).read_text()
    mutated = original.replace(mutant.original, mutant.replacement)
    diff = "\n".join(difflib.unified_diff(original.splitlines(), mutated.splitlines(), mutant.file, mutant.name,
                                          n=0, lineterm=""))
    choice, failed = shared.numbers.get(mutant, 0), None
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        where = shared.folder if choice else pathlib.Path(folder)
        if not choice:
            (where / mutant.file).parent.mkdir(parents=True)
            (where / mutant.file).write_text(mutated)
            build.link({unit: build.compile(unit, where) for unit in mutant.suite.units}, where, mutant.suite.backend)
        for test in mutant.suite.tests:
            failed = failed or first_failure(build, test, where, mutant.suite.backend, choice)
    return failed, time.monotonic() - start, diff


def misplaced(build, mutants):
    """Complaints about mutants whose snippet does not occur once."""
    counts = [(m, (build.source_dir / m.file).read_text().count(m.original)) for m in mutants]
    return [f"{m.file}: {m.name}: {m.original!r} occurs {n} times, expected once" for m, n in counts if n != 1]


def check_witnesses(build, scratch, shared, pool, witnesses, leading):
    """Complaints about (mutant, failure) pairs whose test case fails without a mutant, too: it notices nothing."""
    def complaint(folder, backend, failure):
        only = [f"--gtest_filter={failure.case}"] if failure.case else []
        again = first_failure(build, (failure.binary, *only), folder, backend)
        return f"{backend}: {failure.binary} {failure.case} fails without any mutant {again.report}" if again else None

    kinds = collections.defaultdict(list)
    for mutant, failure in witnesses:
        kinds["shared" if mutant in shared.numbers else mutant.suite.backend].append((mutant, failure))
    runs = []
    for kind, pairs in sorted(kinds.items()):
        backend, folder = pairs[0][0].suite.backend, scratch / kind
        if kind == "shared":
            folder = shared.folder  # choice 0
        elif kind == "cuda" and leading:
            folder = build.build_dir / "lib/shared_cudart"
        else:
            folder.mkdir()
            units = sorted({unit for mutant, _ in pairs for unit in mutant.suite.units})
            build.link(build.compile_all(units, folder, pool), folder, backend)
        cases = sorted({failure._replace(report="") for _, failure in pairs}, key=str)
        runs += [pool.submit(complaint, folder, backend, case) for case in cases]
    return [run.result() for run in runs if run.result()]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("source_dir", type=pathlib.Path)
    parser.add_argument("build_dir", type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="mutants whose file or name contains this")
    parser.add_argument("--leading", action="store_true", help="of each group the first alone")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    build = Build(options.source_dir.resolve(), options.build_dir.resolve())
    mutants = [m for m in mutant_list.MUTANTS
               if options.only in m.file + " " + m.name and (build.has_cuda or m.suite.backend != "cuda")]
    tried = [m for m in mutants if m.leads or not options.leading]
    complaints, survivors, witnesses = [], [], set()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        scratch = pathlib.Path(folder)
        complaints += misplaced(build, mutants)
        if complaints:
            sys.exit("\n".join(complaints))
        build.prepare(scratch)
        shared = SharedLibrary(build, scratch, tried, pool)
        print(f"{len(shared.numbers)} mutants share a library, built after {time.monotonic() - start:.0f} s", flush=True)
        # Those that compile for themselves begin.
        order = sorted(tried, key=lambda mutant: mutant in shared.numbers)
        runs = {mutant: pool.submit(judge, build, scratch, shared, mutant) for mutant in order}
        for mutant, result in runs.items():
            title = f"{mutant.file}: {mutant.name}"
            try:
                failure, seconds, diff = result.result()
            except RuntimeError as error:
                complaints.append(f"{title}: {error}")
                continue
            noticed = f"{failure.case or failure.binary} {failure.report}" if failure else "SURVIVED"
            print(f"{title:72} | {noticed:60} | {seconds:5.1f} s", flush=True)
            if failure:
                witnesses.add((mutant, failure))
            else:
                survivors.append(f"{title} survived:\n{diff}")
        complaints += check_witnesses(build, scratch, shared, pool, witnesses, options.leading)
    print(f"{len(tried)} of {len(mutants)} mutants tried, {len(survivors)} survived, {len(complaints)} complaints, "
          f"{time.monotonic() - start:.0f} s")
    if not tried:
        complaints.append("no mutant was tried")
    print("\n".join(survivors + complaints), end="")
    sys.exit(1 if survivors or complaints else 0)


if __name__ == "__main__":
    main()
