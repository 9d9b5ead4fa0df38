x
    y
    ¦a
