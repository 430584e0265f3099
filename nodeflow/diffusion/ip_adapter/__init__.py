"""IP-Adapter (arXiv 2308.06721): pictures as prompts, looked at beside the text."""
