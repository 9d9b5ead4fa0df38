    one
    ¦two
