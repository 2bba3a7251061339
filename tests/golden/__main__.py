"""Writes the golden files anew: `make golden`."""

from tests.golden.rendering import FOLDER, files

for old in FOLDER.glob("*.txt"):
    old.unlink()
for name, said in files().items():
    (FOLDER / name).write_text(said, encoding="utf-8")
