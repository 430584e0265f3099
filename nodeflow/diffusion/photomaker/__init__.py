"""PhotoMaker (arXiv 2312.04461): a person in a prompt, from pictures."""
