
    ¦one
