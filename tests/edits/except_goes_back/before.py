try:
    b
    except OSError¦