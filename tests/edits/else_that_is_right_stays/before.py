if a:
    b
else¦