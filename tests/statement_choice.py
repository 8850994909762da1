"""Many errors in one text of C++: each statement that one of them changes becomes a choice between its versions, made by
a number that an environment variable gives when the program starts. That compiles once where each error for itself would
compile for half a minute."""
import re

VARIABLE = "KULLBACK_MUTANT"
DECLARATION = "extern const int kullback_mutant;\n"
DEFINITION = f"""#include <cstdlib>
extern const int kullback_mutant;
const int kullback_mutant = std::getenv("{VARIABLE}") != nullptr ? std::atoi(std::getenv("{VARIABLE}")) : 0;
"""
INITIALISER = re.compile(r"((?:const )?[\w:]+(?:<\w+>)?[ &*]+\w+ = )(.*);$", re.DOTALL)
NO_STATEMENT = re.compile(r"(else|case|default|template|static|constexpr|using|struct|class|#|KULLBACK_HD|\w+:[^:])")
DECLARATION_START = re.compile(r"(const|auto|TwoTerms|DoubleDouble|Pair|\w+Plan|std::u?int\w+)\b")


def is_balanced(text):
    open_ones = []
    for mark in re.findall(r"[(){}\[\]]", text):
        if mark in "({[":
            open_ones.append(mark)
        elif not open_ones or open_ones.pop() + mark not in ("()", "{}", "[]"):
            return False
    return not open_ones


def statement_around(text, begin, end):
    """The statement that holds text[begin:end], as (first, last), or None where that is no business of a function."""
    last = text.find(";", max(end - 1, begin)) + 1
    first = begin
    while last > 0:
        first = max(text.rfind(mark, 0, first) for mark in ";{}")
        if first < 0:
            return None
        if is_balanced(text[first + 1:last]):
            break
    opening = max(text.rfind("{", 0, first + 1), text.rfind("}", 0, first + 1))
    if text.count("(", opening, first + 1) > text.count(")", opening, first + 1):
        return None  # in the head of a loop
    first += 1 + len(text[first + 1:]) - len(text[first + 1:].lstrip())
    statement = text[first:last]
    if NO_STATEMENT.match(statement) or "//" in statement or re.match(r"\s*else\b", text[last:]):
        return None
    return first, last


def declares_one(head):
    """Whether a matched INITIALISER declares nothing more after a comma."""
    return "," not in re.sub(r"\(.*\)|<.*>", "", head[2], flags=re.DOTALL)


def choice(versions):
    """versions: {number: text}, 0 the original. None where no choice can be written."""
    if not DECLARATION_START.match(versions[0]):
        branches = [f"if (kullback_mutant == {number}) {{ {text} }} else " for number, text in versions.items() if number]
        return "".join(branches) + f"{{ {versions[0]} }}"
    heads = {number: INITIALISER.match(text) for number, text in versions.items()}
    if not all(heads.values()) or not all(map(declares_one, heads.values())):
        return None
    if len({head[1] for head in heads.values()}) > 1:
        return None
    value = f"({heads[0][2]})"
    for number, head in heads.items():
        if number:
            value = f"(kullback_mutant == {number} ? ({head[2]}) : {value})"
    return f"{heads[0][1]}{value};"


def with_choices(text, changes, first):
    """changes: (snippet, replacement), the snippet occurring once. The text with as many as possible, numbered from
    `first` on, and {index in changes: number}."""
    by_statement, numbers = {}, {}
    for index, (snippet, replacement) in enumerate(changes):
        begin = text.index(snippet)
        end = begin + len(snippet)
        mutated = text[:begin] + replacement + text[end:]
        # What really changes.
        while begin < end and mutated[begin] == text[begin]:
            begin += 1
        tail = len(text) - end
        while end > begin and len(mutated) - tail > begin and text[end - 1] == mutated[len(mutated) - tail - 1]:
            end, tail = end - 1, tail + 1
        span = statement_around(text, begin, end)
        if span:
            by_statement.setdefault(span, {})[index] = mutated[span[0]:span[1] + len(mutated) - len(text)]
    spans = sorted(by_statement)
    spans = [span for k, span in enumerate(spans)
             if all(span[1] <= other[0] or other[1] <= span[0] for other in spans[:k])]
    number = first
    for span in spans:
        own = {index: number + k for k, index in enumerate(by_statement[span])}
        versions = {own[index]: version for index, version in by_statement[span].items()}
        by_statement[span] = choice({0: text[span[0]:span[1]], **versions})
        if by_statement[span]:  # else its numbers are still free
            numbers.update(own)
            number += len(own)
    for span in reversed(spans):
        if by_statement[span]:
            text = text[:span[0]] + by_statement[span] + text[span[1]:]
    return text, numbers
