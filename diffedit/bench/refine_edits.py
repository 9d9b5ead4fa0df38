"""The edits that parallel refinement is measured on: functions as they stand in programs."""

_READ = """\
def read_config(path, encoding="utf-8"):
    values = {}
    with open(path, encoding=encoding) as source:
        for number, line in enumerate(source, start=1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            name, equals, value = line.partition("=")
            if not equals:
                raise ValueError(f"{path}:{number}: no value")
            values[name.strip()] = value.strip()
    return values
"""
_GREET = """\
class Greeter:
    def __init__(self, name, mark="!"):
        self.name = name
        self.mark = mark

    def greet(self):
        return "Hello, " + self.name + self.mark

    def part(self):
        return "Good bye, " + self.name + self.mark
"""
_ACCOUNT = """\
class Account:
    def __init__(self, owner, balance=0):
        self.owner = owner
        self.balance = balance

    def deposit(self, amount):
        self.balance += amount
        return self.balance

    def withdraw(self, amount):
        if amount > self.balance:
            raise ValueError("not enough money")
        self.balance -= amount
        return self.balance
"""
_MERGE = """\
def merge(left, right):
    result = []
    while left and right:
        if left[0] <= right[0]:
            result.append(left.pop(0))
        else:
            result.append(right.pop(0))
    result.extend(left)
    result.extend(right)
    return result
"""
_CIRCLE = """\
def circle(ids):
    \"\"\"The end of `ids` if it is one stretch over and over; empty if it is not.\"\"\"
    for period in range(1, LONGEST_PERIOD + 1):
        length = max(LEAST_TOKENS, LEAST_TURNS * period)
        if len(ids) >= length and ids[-length:-period] == ids[period - length :]:
            return ids[-length:]
    return ()
"""
_COMMON = """\
def common(one, other):
    \"\"\"How many tokens two beginnings share.\"\"\"
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count
"""
_SAMPLE = """\
def sample(scores, temperature, noise):
    \"\"\"The choice of one line: fixed noise for each place, so it can be repeated.\"\"\"
    floor = scores.max() + temperature * math.log(UNLIKELY)
    likely = np.flatnonzero(scores >= floor)
    uniform = uniform_of(noise[0], noise[1], likely)
    gumbel = -np.log(-np.log(uniform))
    return int(likely[np.argmax(scores[likely] / temperature + gumbel)])
"""
_ENTROPY = """\
def entropy(scores, temperature):
    \"\"\"Of each line's softmax, in nats.\"\"\"
    scores -= scores.max(axis=1, keepdims=True)
    scores /= temperature
    weights = np.exp(scores)
    total = weights.sum(axis=1)
    inner = (weights * scores).sum(axis=1)
    return (np.log(total) - inner / total).clip(min=0).tolist()
"""
EDITS = (
    (_READ, "Change the default encoding to latin-1"),
    (_READ, "Rename path to filename"),
    (_READ, "Add a docstring"),
    (_ACCOUNT, "Set the default balance to 100"),
    (_ACCOUNT, "Rename amount to money"),
    (_GREET, "Use f-strings"),
    (_GREET, "Change Hello to Welcome"),
    (_MERGE, "Use < instead of <="),
    (_MERGE, "Add a docstring"),
    (_CIRCLE, "Remove the docstring"),
    (_CIRCLE, "Rename period to turn"),
    (_COMMON, "Remove the docstring"),
    (_COMMON, "Rename count to shared"),
    (_SAMPLE, "Remove the docstring"),
    (_SAMPLE, "Rename likely to chosen"),
    (_ENTROPY, "Remove the docstring"),
    (_ENTROPY, "Rename weights to parts"),
)
"""A text, and what is asked of it."""
