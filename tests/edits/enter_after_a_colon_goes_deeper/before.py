def f():¦
