"""The brush: denoising, pure. No torch, no screen, no process."""
