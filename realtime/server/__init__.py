"""Running the application as a program: where it listens, what it says, how it stops."""
