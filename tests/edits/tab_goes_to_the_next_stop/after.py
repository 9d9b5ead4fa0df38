ab  ¦c
