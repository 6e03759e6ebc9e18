"""PyTorch's side of the bench: reads {"workload", "budget"} lines, answers {"times"} in ms.

THREADS sets the number of threads (1, as one WebAssembly thread is what it is compared with).
"""

import json
import os
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(int(os.environ.get("THREADS", "1")))
torch.manual_seed(0)


def matmul(n):
    a, b = torch.randn(n, n), torch.randn(n, n)
    return lambda: a @ b


def elementwise():
    x, w, b = (torch.randn(1_000_000) for _ in range(3))
    return lambda: torch.tanh(x * w + b) * 0.5 + 0.5


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

    return run


def step(model, x):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    y = torch.randint(0, 10, (64,))

    def run():
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return run


def mlp():
    layers = [nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10)]
    return step(nn.Sequential(*layers), torch.randn(64, 784))


def cnn():
    layers = [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)]
    layers += [nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Linear(128, 10)]
    return step(nn.Sequential(*layers), torch.randn(64, 1, 28, 28))


MAKERS = {
    **{f"W1-{n}": lambda n=n: matmul(n) for n in (256, 512, 1024)},
    "W2": elementwise,
    "W3-2000ops": lambda: adds(False),
    "W3-2000ops-grad": lambda: adds(True),
    "W4": mlp,
    "W5": cnn,
}


def main():
    name = f"torch-{torch.__version__}-t{torch.get_num_threads()}"
    print(json.dumps({"name": name, "workloads": list(MAKERS)}), flush=True)
    ready = {}
    for line in sys.stdin:
        request = json.loads(line)
        if request["workload"] not in ready:
            ready[request["workload"]] = MAKERS[request["workload"]]()
            for _ in range(3):
                ready[request["workload"]]()
        run, times = ready[request["workload"]], []
        end = time.perf_counter() + request["budget"] / 1e3
        while not times or (time.perf_counter() < end and len(times) < 400):
            start = time.perf_counter()
            run()
            times.append((time.perf_counter() - start) * 1e3)
        print(json.dumps({"times": times}), flush=True)


main()
