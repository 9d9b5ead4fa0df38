# note:
x¦
