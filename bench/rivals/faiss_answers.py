"""FAISS as a server of answers, for `bench -- checks`.

    faiss_answers.py HASHES

HASHES is a file of 32-byte hashes. Says `ready VERSION`, then takes, again and again, a 32-bit number n and n hashes on
standard input, and answers n bytes, each 1 if a listed hash is within 31 bits, else 0. The index is that of
faiss_images.py, which misses nothing at 31 bits.
"""

import struct
import sys

try:
    import faiss
    import numpy
except ImportError:
    print("missing apt-get install -y python3-faiss", flush=True)
    sys.exit(0)


def main():
    faiss.omp_set_num_threads(1)
    index = faiss.IndexBinaryMultiHash(256, 16, 16)
    index.nflip = 1
    index.add(numpy.fromfile(sys.argv[1], dtype=numpy.uint8).reshape(-1, 32))
    print(f"ready FAISS {faiss.__version__}", flush=True)
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    while len(head := asked.read(4)) == 4:
        (count,) = struct.unpack("<I", head)
        queries = numpy.frombuffer(asked.read(32 * count), dtype=numpy.uint8).reshape(-1, 32)
        limits, _, _ = index.range_search(queries, 32)
        answers.write(bytes(int(limits[i + 1] > limits[i]) for i in range(count)))
        answers.flush()


main()
