"""The tests, in the rooms of the package. A folder here is a room there."""
