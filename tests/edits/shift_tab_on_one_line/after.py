x
    y
    ab¦c
