"""What only an instructor has: the jail, marks, the gradebook, reports. Students get the rest of `autograder`."""
