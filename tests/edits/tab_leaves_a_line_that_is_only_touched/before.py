«a
b
¦c
