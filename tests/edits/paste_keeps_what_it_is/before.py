if a:
    ¦
