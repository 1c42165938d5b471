"""FAISS on the same hashes, for `bench -- images`.

    faiss_images.py flat|multi HASHES QUERIES PLANTED

HASHES and QUERIES are files of 32-byte hashes, PLANTED is a file of 32-bit numbers: which hash each query was made of.
Answers one line to each line on standard input:

    build    -> seconds of processor time, bytes of memory that were taken
    search   -> seconds of processor time, matches found, planted hashes found

MultiHash has 16 tables of 16 bits and looks up to one bit around: two hashes within 31 bits agree up to one bit in at
least one of 16 words, so nothing is missed. Fewer or wider words would need more flips, which take longer. FAISS counts
distances below the radius, so 31 bits are radius 32.
"""

import sys
import time

try:
    import faiss
    import numpy
except ImportError:
    print("missing apt-get install -y python3-faiss", flush=True)
    sys.exit(0)

RADIUS = 32


def resident():
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * 4096


def make(kind):
    if kind == "flat":
        return faiss.IndexBinaryFlat(256)
    index = faiss.IndexBinaryMultiHash(256, 16, 16)
    index.nflip = 1
    return index


def main():
    kind, hashes, queries, planted = sys.argv[1:]
    faiss.omp_set_num_threads(1)
    hashes = numpy.fromfile(hashes, dtype=numpy.uint8).reshape(-1, 32)
    queries = numpy.fromfile(queries, dtype=numpy.uint8).reshape(-1, 32)
    planted = numpy.fromfile(planted, dtype=numpy.int32)
    print(f"ready FAISS {faiss.__version__}", flush=True)
    index = None
    for line in sys.stdin:
        if line.strip() == "build":
            index = None
            before, start = resident(), time.process_time()
            index = make(kind)
            index.add(hashes)
            print(time.process_time() - start, resident() - before, flush=True)
        else:
            start = time.process_time()
            limits, _, found = index.range_search(queries, RADIUS)
            seconds = time.process_time() - start
            hits = sum(planted[i] in found[limits[i]:limits[i + 1]] for i in range(len(queries)))
            print(seconds, limits[-1], hits, flush=True)


main()
