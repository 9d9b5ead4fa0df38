def f():
    ret¦urn
