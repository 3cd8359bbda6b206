"""What `benchmarks/gpu.py` measures, a part a file."""
