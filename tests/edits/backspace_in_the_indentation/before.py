x
    y
        ¦a
