«a
    b
c
d¦
