a
	b
	c
d¦
