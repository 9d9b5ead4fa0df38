«if a:
    b

c¦
