a 
¦c
