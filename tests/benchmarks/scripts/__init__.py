"""What scripted observations cost."""
