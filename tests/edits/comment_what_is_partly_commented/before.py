«# a
b¦
