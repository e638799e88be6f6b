"""Times earthcatalog 0.6.1's H3 partitioner. Run by grid.py with the Python that has it.

Standard input: one WKB a line, in hexadecimal digits. Prints items per second and core.
"""

import sys
import time

from earthcatalog.grids.h3_partitioner import H3Partitioner

partitioner = H3Partitioner(int(sys.argv[1]))
footprints = [bytes.fromhex(line) for line in sys.stdin]
start = time.process_time()
for footprint in footprints:
    partitioner.get_intersecting_keys(footprint)
print(len(footprints) / (time.process_time() - start))
