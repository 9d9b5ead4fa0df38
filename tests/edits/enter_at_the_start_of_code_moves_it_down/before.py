    ¦one
