x
    y
        ab¦c
