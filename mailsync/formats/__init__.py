"""How a page writes days and times in each language: as its script does."""
