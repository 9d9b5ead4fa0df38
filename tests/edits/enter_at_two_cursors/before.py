    a¦
    b