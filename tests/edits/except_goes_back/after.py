try:
    b
except OSError:¦