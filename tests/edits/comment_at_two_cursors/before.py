a¦
b
c