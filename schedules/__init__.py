"""What is sent when: pure values and functions. Standard library only; no clock, no I/O."""
