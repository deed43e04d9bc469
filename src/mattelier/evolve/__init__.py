"""Six generations of matting on one photo: each system run alone, its answers side by side on a sheet."""
