"""The ten promises of the design, a test file each."""
