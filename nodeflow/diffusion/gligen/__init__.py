"""GLIGEN (arXiv 2301.07093): texts in boxes."""
