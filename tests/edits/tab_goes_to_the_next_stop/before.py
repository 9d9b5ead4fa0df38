ab¦c
