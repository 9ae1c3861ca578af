"""What the benchmarks share: a scene, worker processes, a gateway, tables and bars."""
