"""What learning platforms hand out, brought into nbgrader's layout: one module for each platform's names of files."""
