def f():
    pass¦
