"""PyTorch's side of the bench: reads {"workload", "warmUp", "budget"} lines, answers {"times"} in ms.

THREADS sets the number of threads. With the argument `compile`, models and expressions go through
torch.compile first, where that makes sense.
"""

import json
import os
import subprocess
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

COMPILES = len(sys.argv) > 1 and sys.argv[1] == "compile"
THREADS = int(os.environ.get("THREADS", "1"))
torch.set_num_threads(THREADS)
torch.manual_seed(0)


def compiled(f):
    return torch.compile(f) if COMPILES else f


def without_grad(run):
    """Only while it runs: grad mode belongs to the process, and others train in it."""

    def inside():
        with torch.no_grad():
            return run()

    return inside


def matmul(m, n):
    a, b = torch.randn(m, n), torch.randn(n, n)
    return without_grad(lambda: a @ b)


def elementwise():
    x, w, b = (torch.randn(1_000_000) for _ in range(3))
    f = compiled(lambda x, w, b: torch.tanh(x * w + b) * 0.5 + 0.5)
    return without_grad(lambda: f(x, w, b))


def adds(grad):
    a, b = torch.randn(4, requires_grad=grad), torch.randn(4)

    def run():
        c = a
        for _ in range(2000):
            c = c + b
        if grad:
            c.sum().backward()
            a.grad = None
        return c

    return run if grad else without_grad(run)


def train(model, x, loss_of, optimizer):
    forward = compiled(model)

    def run():
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(forward(x))
        loss.backward()
        optimizer.step()
        return loss.item()

    return run


def classify(model, x):
    y = torch.randint(0, 10, (x.shape[0],))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    return train(model, x, lambda out: F.cross_entropy(out, y), optimizer)


def mlp():
    layers = [nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10)]
    return classify(nn.Sequential(*layers), torch.randn(64, 784))


def make_cnn():
    layers = [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)]
    layers += [nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Linear(128, 10)]
    return nn.Sequential(*layers)


def infer(model, x):
    f = compiled(model.eval())
    return without_grad(lambda: f(x))


def convolution(inputs, outputs, size, wanted):
    x = torch.randn(64, inputs, size, size, requires_grad=wanted == "x")
    w = torch.randn(outputs, inputs, 3, 3, requires_grad=wanted == "w")
    return forward_or_back(lambda: F.conv2d(x, w), {"x": x, "w": w}.get(wanted))


def pool(wanted):
    x = torch.randn(64, 64, 24, 24, requires_grad=wanted == "x")
    return forward_or_back(lambda: F.max_pool2d(x, 2), {"x": x}.get(wanted))


def forward_or_back(f, wanted):
    if wanted is None:
        return without_grad(f)
    y = f()
    dy = torch.ones_like(y)
    return lambda: torch.autograd.grad(y, wanted, dy, retain_graph=True)


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(64, 128, batch_first=True)
        self.head = nn.Linear(128, 10)

    def forward(self, x):
        output, _ = self.lstm(x)
        return self.head(output[:, -1])


class Block(nn.Module):
    def __init__(self, width=256, heads=8, inner=1024):
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, inner), nn.Linear(inner, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, x):
        batch, length, width = x.shape
        parts = self.qkv(self.norm1(x)).view(batch, length, 3, self.heads, width // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(x.shape)
        y = x + self.out(mixed)
        return y + self.down(F.gelu(self.up(self.norm2(y))))


def make_blocks():
    return nn.Sequential(*[Block() for _ in range(4)])


def train_blocks():
    model = make_blocks()
    optimizer = torch.optim.AdamW(model.parameters())
    return train(model, torch.randn(8, 128, 256), lambda out: out.pow(2).mean(), optimizer)


def start():
    program = (
        "import torch; r = torch.tensor([[1., 2.], [3., 4.]]) @ torch.eye(2); assert r[1, 0] == 3"
    )
    return lambda: subprocess.run([sys.executable, "-c", program], check=True)


MODELS = {
    "W2": elementwise,
    "W4": mlp,
    "W5": lambda: classify(make_cnn(), torch.randn(64, 1, 28, 28)),
    "W6-b1": lambda: infer(make_cnn(), torch.randn(1, 1, 28, 28)),
    "W6-b64": lambda: infer(make_cnn(), torch.randn(64, 1, 28, 28)),
    "W7": lambda: classify(Recurrent(), torch.randn(32, 64, 64)),
    "W8": lambda: infer(make_blocks(), torch.randn(1, 128, 256)),
    "W8-train-b8": train_blocks,
}
CONVOLUTIONS = {"conv1": (1, 32, 28), "conv2": (32, 64, 26)}
OTHERS = {
    **{f"W1-{n}": lambda n=n: matmul(n, n) for n in (256, 512, 1024, 2048)},
    **{f"W1-m{m}": lambda m=m: matmul(m, 1024) for m in (1, 8)},
    **{f"W3-{kind}": lambda: adds(False) for kind in ("2000ops", "polluted")},
    **{f"W3-{kind}-grad": lambda: adds(True) for kind in ("2000ops", "polluted")},
    **{
        f"W5-{name}{suffix}": lambda sizes=sizes, wanted=wanted: convolution(*sizes, wanted)
        for name, sizes in CONVOLUTIONS.items()
        for suffix, wanted in (("", None), ("-dw", "w"), ("-dx", "x"))
    },
    "W5-pool": lambda: pool(None),
    "W5-pool-dx": lambda: pool("x"),
    "W9": start,
}
MAKERS = MODELS if COMPILES else {**MODELS, **OTHERS}


def turns(run, budget, least):
    times = []
    end = time.perf_counter() + budget / 1e3
    while len(times) < least or (time.perf_counter() < end and len(times) < 400):
        start_of_turn = time.perf_counter()
        run()
        times.append((time.perf_counter() - start_of_turn) * 1e3)
    return times


def main():
    # What compilers print must not be taken for answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    if COMPILES:
        # Without a C++ compiler nothing works: better said once than for each workload.
        torch.compile(lambda x: x + 1)(torch.ones(2))

    def answer(message):
        print(json.dumps(message), file=answers, flush=True)

    kind = "torch-compile" if COMPILES else "torch"
    answer({"name": f"{kind} {torch.__version__}", "workloads": list(MAKERS)})
    ready = {}
    for line in sys.stdin:
        request = json.loads(line)
        workload = request["workload"]
        try:
            if workload not in ready:
                run = MAKERS[workload]()
                turns(run, request["warmUp"], 3)
                ready[workload] = run
            answer({"times": turns(ready[workload], request["budget"], 1)})
        except Exception as error:
            answer({"error": str(error).strip().split("\n")[0]})


main()
