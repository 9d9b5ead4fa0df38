if a:
    b
else:¦