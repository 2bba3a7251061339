"""How fast, beside what it could be at best; every figure measured side by side in one run and kept in RESULTS.md."""
