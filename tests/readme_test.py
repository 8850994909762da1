"""The README's C++ example is, letter for letter, the program that the tests compile and run.

Usage: readme_test.py README EXAMPLE
"""
import pathlib
import sys

readme, example = (pathlib.Path(path).read_text() for path in sys.argv[1:3])
if f"```cpp\n{example}```\n" not in readme:
    sys.exit(f"{sys.argv[1]} does not hold the text of {sys.argv[2]} between ```cpp and ```")
