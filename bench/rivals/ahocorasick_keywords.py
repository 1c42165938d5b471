"""pyahocorasick on the same keywords and texts, for `bench -- keywords`.

    ahocorasick_keywords.py KEYWORDS TEXTS

Both are UTF-8 files with one keyword, or text, a line. Answers one line to each line on standard input:

    search   -> seconds of processor time, matches found
"""

import sys
import time

try:
    import ahocorasick
except ImportError:
    print("missing apt-get install -y python3-ahocorasick", flush=True)
    sys.exit(0)


def lines(path):
    with open(path, encoding="utf-8") as file:
        return file.read().split("\n")


automaton = ahocorasick.Automaton()
for number, keyword in enumerate(lines(sys.argv[1])):
    automaton.add_word(keyword, number)
automaton.make_automaton()
texts = lines(sys.argv[2])
print("ready pyahocorasick", flush=True)
for _ in sys.stdin:
    start = time.process_time()
    found = 0
    for text in texts:
        for _ in automaton.iter(text):
            found += 1
    print(time.process_time() - start, found, flush=True)
