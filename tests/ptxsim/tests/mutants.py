#!/usr/bin/env python3
"""The unit tests must notice every error of mutant_list.py: a small one, planted into an instruction or the machine.

All errors are compiled into one binary, in which CHOSEN_MUTANT chooses the one that is made: each snippet becomes
(ptxsim_mutant == 12 ? (error) : (snippet)), or an if statement if it ends with a semicolon. Without one, the tests must
pass. That takes a minute, where compiling and linking each error for itself would take half an hour.

Usage: mutants.py BUILD_DIR [--jobs N] [--only WORD]
"""
import argparse
import concurrent.futures
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
import time

import mutant_list

ROOT = pathlib.Path(__file__).resolve().parent.parent
DECLARATION = "extern const int ptxsim_mutant;\n"
CHOICE = """#include <cstdlib>
extern const int ptxsim_mutant;
const int ptxsim_mutant = std::getenv("CHOSEN_MUTANT") != nullptr ? std::atoi(std::getenv("CHOSEN_MUTANT")) : 0;
"""
# An error that makes the tests hang is noticed, too.
INSTRUCTIONS = 3_000_000
SECONDS = 20


def run(command, folder):
    # ccache's direct mode would not see that a mutated header shadows the source's.
    environment = {**os.environ, "CCACHE_NODIRECT": "1"}
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if result.returncode != 0:
        raise RuntimeError(shlex.join(map(str, command)) + "\n" + result.stderr)


def mutated_files(mutants):
    """The text of each file with all its errors in it, by file."""
    texts = {}
    for file in sorted({mutant.file for mutant in mutants}):
        text = (ROOT / file).read_text()
        by_snippet = {}
        for number, mutant in enumerate(mutants, 1):
            if mutant.file == file:
                by_snippet.setdefault(mutant.original, []).append((number, mutant.replacement))
        for snippet in by_snippet:
            if text.count(snippet) != 1:
                sys.exit(f"{file}: {snippet!r} occurs {text.count(snippet)} times, expected once")
        spans = sorted((text.index(snippet), snippet) for snippet in by_snippet)
        for (begin, first), (following, second) in zip(spans, spans[1:]):
            if begin + len(first) > following:
                sys.exit(f"{file}: {first!r} and {second!r} overlap")
        for begin, snippet in reversed(spans):
            chosen = snippet if snippet.endswith(";") else f"({snippet})"
            for number, replacement in by_snippet[snippet]:
                if snippet.endswith(";"):
                    chosen = f"if (ptxsim_mutant == {number}) {{ {replacement} }} else {{ {chosen} }}"
                else:
                    chosen = f"(ptxsim_mutant == {number} ? ({replacement}) : {chosen})"
            text = text[:begin] + chosen + text[begin + len(snippet):]
        texts[file] = text
    return texts


def compile_commands(build):
    """Words of the compiler's command by source file, without output and optimisation, and the objects they made."""
    commands, objects = {}, {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if not re.search(r"ptxsim_(machine|unit_test)\.dir/", entry["command"]):
            continue
        words = shlex.split(entry["command"])
        source = os.path.relpath(entry["file"], ROOT)
        at = words.index("-o")
        objects[source] = str(build / words[at + 1])
        skipped = {at, at + 1, words.index("-c"), words.index("-c") + 1}
        commands[source] = [word for k, word in enumerate(words) if k not in skipped and not re.match(r"-O\d|-M", word)
                            and words[k - 1] not in ("-MT", "-MF")]
    return commands, objects


def build_binary(build, scratch, mutants, jobs):
    commands, objects = compile_commands(build)
    texts = mutated_files(mutants)
    for file, text in texts.items():
        (scratch / file).parent.mkdir(parents=True, exist_ok=True)
        (scratch / file).write_text(text)
    (scratch / "mutant.hpp").write_text(DECLARATION)
    (scratch / "choice.cpp").write_text(CHOICE)
    headers = [file for file in texts if file.endswith(".hpp")]
    # Whoever may include a mutated header is compiled again.
    affected = [source for source in commands if source in texts or (headers and source.startswith(("isa/", "machine/")))]

    def compile_one(source):
        target = scratch / (source.replace("/", "_") + ".o")
        if not (scratch / source).exists():
            (scratch / source).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, scratch / source)
        # -I. first: a mutated header takes the place of the source's.
        words = commands[source]
        compiler = 2 if words[0].endswith("ccache") else 1
        run([*words[:compiler], "-I.", *words[compiler:], "-O1", "-w", "-include", "mutant.hpp", "-o", target, "-c",
             source], scratch)
        return source, str(target)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        compilations = [pool.submit(compile_one, source) for source in affected]
        complaints = [str(each.exception()) for each in compilations if each.exception()]
        if complaints:
            sys.exit("\n".join(complaints))
        objects.update(each.result() for each in compilations)
    compiler = next(word for word in commands[affected[0]] if not word.endswith("ccache"))
    binary = scratch / "ptxsim_mutants"
    run([compiler, "-o", binary, "choice.cpp", *objects.values(), "-lgtest", "-lgtest_main", "-lmpfr", "-lgmp", "-ldl",
         "-lpthread"], scratch)
    return binary


def failure(binary, number, tests):
    """The test that notices, or None, and the seconds it took."""
    command = [binary, "--gtest_fail_fast", "--gtest_filter=" + tests]
    environment = {**os.environ, "CHOSEN_MUTANT": str(number), "PTXSIM_MAXINSTR": str(INSTRUCTIONS)}
    start = time.monotonic()
    try:
        result = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                errors="replace", timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return "the tests do not end", SECONDS
    seconds = time.monotonic() - start
    if result.returncode == 0:
        return None, seconds
    failed = re.findall(r"^\[  FAILED  \] (\S+?),? ", result.stdout, re.MULTILINE)
    started = re.findall(r"^\[ RUN      \] (\S+)", result.stdout, re.MULTILINE)
    return (failed or started or ["the tests do not start"])[0 if failed else -1], seconds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build_dir", type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="errors whose file or name contains this")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    mutants = [mutant for mutant in mutant_list.MUTANTS if options.only in mutant.file + " " + mutant.name]
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        binary = build_binary(options.build_dir.resolve(), pathlib.Path(folder), mutants, options.jobs)
        print(f"built with {len(mutants)} errors in {time.monotonic() - start:.0f} s", flush=True)
        noticed, seconds = failure(binary, 0, "*")
        if noticed:
            sys.exit(f"without any error {noticed} fails")
        runs = [pool.submit(failure, binary, number, mutant.tests) for number, mutant in enumerate(mutants, 1)]
        survivors = []
        for mutant, result in zip(mutants, runs):
            noticed, seconds = result.result()
            print(f"{mutant.file + ': ' + mutant.name:70} | {noticed or 'SURVIVED':50} | {seconds:4.1f} s", flush=True)
            if not noticed:
                survivors.append(f"{mutant.file}: {mutant.original!r} -> {mutant.replacement!r}")
    print(f"{len(mutants)} errors, {len(survivors)} survived, {time.monotonic() - start:.0f} s")
    print("\n".join(survivors))
    sys.exit(1 if survivors or not mutants else 0)


if __name__ == "__main__":
    main()
