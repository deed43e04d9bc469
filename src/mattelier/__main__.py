"""python -m mattelier = matte."""

from mattelier.cli import main

if __name__ == "__main__":
    main()
