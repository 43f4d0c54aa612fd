"""An app of the benchmark's own: patients of a programme as Django would have them, a ManyToManyField and nothing else."""
