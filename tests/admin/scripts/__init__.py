"""The pages of scripts and versions."""
