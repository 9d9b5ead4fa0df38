if x:
    a

    b¦
