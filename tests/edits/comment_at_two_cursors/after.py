# a¦
# b
c