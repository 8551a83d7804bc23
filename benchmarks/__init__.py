"""MicroFrame measured beside its peers; `python -m benchmarks` writes `benchmarks/RESULTS.md`."""
