«if a:
    b
c¦
