if x:
    a¦
