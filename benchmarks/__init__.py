"""What the engine costs, as ratios of interleaved rounds in one run: `script/bench`, results in docs/performance.md."""
