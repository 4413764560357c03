"""Corner & Co., a made-up shop to try everything on."""
