«a

b
c¦
