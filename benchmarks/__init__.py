"""The figures of this server beside those of its peers, measured in one run."""
