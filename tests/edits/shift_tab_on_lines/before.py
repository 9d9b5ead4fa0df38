«    a
      b
  c
	d¦
