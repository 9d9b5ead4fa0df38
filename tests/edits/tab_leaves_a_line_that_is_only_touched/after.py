«    a
    b
¦c
