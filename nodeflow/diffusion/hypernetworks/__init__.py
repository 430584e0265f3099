"""Small networks that change what a UNet's attention looks at."""
