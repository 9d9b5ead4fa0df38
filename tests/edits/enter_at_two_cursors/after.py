    a
    x¦
    b
    x