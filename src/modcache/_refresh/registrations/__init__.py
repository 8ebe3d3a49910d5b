"""What statements registered elsewhere: seen while they are executed, kept with them, taken back with them."""
