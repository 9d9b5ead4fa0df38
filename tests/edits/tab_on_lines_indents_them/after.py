«    a

    b
    c¦
