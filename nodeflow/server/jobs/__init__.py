"""The job core: what a job is, in which order jobs run, what happens to them."""
