"""The tool on the web: our own API, two protocols that old clients speak, and the page."""
