def f():
    # ret¦urn
