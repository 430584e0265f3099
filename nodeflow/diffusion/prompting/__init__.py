"""Languages in which people write prompts: A1111's, wildcards and dynamic prompts."""
