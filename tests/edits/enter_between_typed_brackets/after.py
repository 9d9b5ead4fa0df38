f(
    x¦
)