"""plugwire against its peers and against the limit, side by side.

`nox -s bench` runs it (`python -m benchmarks` with tests on the path). The
figures are ratios within one run: absolute ones say more of the machine.
"""
