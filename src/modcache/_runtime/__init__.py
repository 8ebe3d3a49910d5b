"""Floor: runtime. The only floor that writes to the import system."""
