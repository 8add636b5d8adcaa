"""nbgrader's part: its configuration, our two steps inside it, and entering verdicts into its gradebook."""
