"""Networks that steer a UNet by a picture: control nets of every kind, T2I adapters."""
