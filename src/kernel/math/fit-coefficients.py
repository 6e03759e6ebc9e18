"""Fits the polynomials of coefficients.gen.ts: weighted minimax (Remez exchange) with mpmath.

Run: python3 fit-coefficients.py > coefficients.gen.ts   (mpmath 1.3; no other dependency)
Prints each fit's weighted error to stderr. Coefficients are listed from the highest power down.
"""
import struct
import sys

from mpmath import (atanh, cos, erf, erfc, exp, expm1, log, log1p, lu_solve, matrix, mp, mpf,
                    pi, sin, sqrt, tanh)

mp.prec = 240


def remez(f, weight, degree, lo, hi):
    """Minimises max |weight * (f - p)| over [lo, hi]; coefficients in a centred variable."""
    n = degree + 2
    mid, half = (mpf(lo) + hi) / 2, (mpf(hi) - lo) / 2
    points = [cos(pi * (n - 1 - i) / (n - 1)) for i in range(n)]
    grid = [cos(pi * (1 - mpf(i) / 1200)) for i in range(1201)]
    fs = [f(mid + half * u) for u in grid]
    ws = [weight(mid + half * u) for u in grid]
    for _ in range(12):
        rows, rhs = matrix(n, n), matrix(n, 1)
        for i, u in enumerate(points):
            x = mid + half * u
            for k in range(degree + 1):
                rows[i, k] = u ** k
            rows[i, degree + 1] = (-1) ** i / weight(x)
            rhs[i] = f(x)
        solved = lu_solve(rows, rhs)
        c, level = [solved[k] for k in range(degree + 1)], abs(solved[degree + 1])
        err = []
        for u, fu, wu in zip(grid, fs, ws):
            acc = mpf(0)
            for ck in reversed(c):
                acc = acc * u + ck
            err.append(wu * (fu - acc))
        # One extremum for each run of equal sign.
        runs, best = [], 0
        for i in range(1, len(grid) + 1):
            if i == len(grid) or err[i] * err[best] < 0:
                runs.append(best)
                best = i
            elif abs(err[i]) > abs(err[best]):
                best = i
        while len(runs) > n:
            runs.pop(0 if abs(err[runs[0]]) < abs(err[runs[-1]]) else -1)
        worst = max(abs(e) for e in err)
        if len(runs) < n or worst < level * mpf('1.002'):
            break
        points = [grid[i] for i in runs]
    # From the centred variable u = (x - mid) / half back to x.
    powers = [mpf(0)] * (degree + 1)
    for ck in reversed(c):
        shifted = [mpf(0)] * (degree + 1)
        for k in range(degree + 1):
            shifted[k] += powers[k] * (-mid / half)
            if k + 1 <= degree:
                shifted[k + 1] += powers[k] / half
        shifted[0] += ck
        powers = shifted
    return powers, worst


def f32(v):
    return struct.unpack('f', struct.pack('f', float(v)))[0]


def short(v):
    """The shortest decimal that names this float32 (a float64 constant is its repr)."""
    for digits in range(1, 18):
        text = f'{v:.{digits}g}'
        if f32(float(text)) == v:
            return text
    return repr(v)


def table(name, note, fit32, fit64):
    print(f'/** {note} */')
    print(f'export const {name}: Coefficients = {{')
    for elem, (f, w, degree, lo, hi) in (('f32', fit32), ('f64', fit64)):
        c, worst = remez(f, w, degree, lo, hi)
        print(f'{name} {elem}: degree {degree}, error 2^{float(log(worst, 2)):.2f}', file=sys.stderr)
        values = [short(f32(v)) if elem == 'f32' else repr(float(v)) for v in reversed(c)]
        print(f"  {elem}: [{', '.join(values)}],")
    print('};\n')


def parts(name, note, value, widths32, widths64):
    """`value` as a sum of floats of so many significant bits each (0: all the format has)."""
    print(f'/** {note} */')
    print(f'export const {name}: Coefficients = {{')
    for elem, widths in (('f32', widths32), ('f64', widths64)):
        rest, out = value, []
        for bits in widths:
            width = bits if bits else (24 if elem == 'f32' else 53)
            # Fixed-point parts: each ends where `width` bits of it end, truncated toward zero.
            ulp = mpf(2) ** (int(mp.floor(log(abs(rest), 2))) + 1 - width)
            part = (mp.nint(rest / ulp) if not bits else mp.floor(rest / ulp)) * ulp
            rest = rest - part
            out.append(repr(float(part)))
        print(f"  {elem}: [{', '.join(out)}],")
    print('};\n')


def near(x, f, series):
    """f(x), or its limit where the formula cancels."""
    return series if abs(x) < mpf(2) ** -60 else f(x)


ln2 = log(2)
half = ln2 / 2
print('// Written by fit-coefficients.py: do not edit. Highest power first.\n')
print('export interface Coefficients {')
print('  readonly f32: readonly number[];')
print('  readonly f64: readonly number[];')
print('}\n')

e2 = lambda r: near(r, lambda v: (expm1(v) - v) / v**2, mpf('0.5'))
edge = half * mpf('1.001')
table('EXP', '(exp(r) - 1 - r) / r^2 on |r| <= ln(2) / 2, error relative to exp(r).',
      (e2, lambda r: (r**2 + mpf('0.001')) / exp(r), 4, -edge, edge),
      (e2, lambda r: (r**2 + mpf('0.001')) / exp(r), 9, -edge, edge))
table('EXPM1', '(exp(r) - 1 - r) / r^2 on |r| <= ln(2) / 2, error relative to r.',
      (e2, lambda r: abs(r) + mpf('0.01'), 5, -edge, edge),
      (e2, lambda r: abs(r) + mpf('0.01'), 10, -edge, edge))

l32 = lambda f: near(f, lambda v: (log1p(v) - v + v**2 / 2) / v**3, mpf(1) / 3)
a64 = lambda z: near(z, lambda v: (2 * atanh(sqrt(v)) / sqrt(v) - 2) / v, mpf(2) / 3)
table('LOG', 'f32: (log1p(f) - f + f^2/2) / f^3 on sqrt(.5) - 1 .. sqrt(2) - 1; '
      'f64: (2 atanh(s)/s - 2) / s^2 in s^2.',
      (l32, lambda f: f**2 + mpf('0.001'), 8, sqrt(mpf('0.5')) - 1, sqrt(mpf(2)) - 1),
      (a64, lambda z: z + mpf('1e-4'), 6, mpf(0), mpf('0.02944')))

q = pi / 4 * mpf('1.0001')
s3 = lambda z: near(z, lambda v: (sin(sqrt(v)) / sqrt(v) - 1) / v, -mpf(1) / 6)
c4 = lambda z: near(z, lambda v: (cos(sqrt(v)) - 1 + v / 2) / v**2, mpf(1) / 24)
table('SIN', '(sin(r)/r - 1) / r^2 in r^2, |r| <= pi/4.',
      (s3, lambda z: z + mpf('1e-3'), 2, mpf(0), q * q), (s3, lambda z: z + mpf('1e-3'), 5, mpf(0), q * q))
table('COS', '(cos(r) - 1 + r^2/2) / r^4 in r^2, |r| <= pi/4.',
      (c4, lambda z: z**2 + mpf('1e-3'), 2, mpf(0), q * q),
      (c4, lambda z: z**2 + mpf('1e-3'), 5, mpf(0), q * q))

t3 = lambda z: near(z, lambda v: (tanh(sqrt(v)) / sqrt(v) - 1) / v, -mpf(1) / 3)
b = mpf('0.626')**2
table('TANH', '(tanh(x)/x - 1) / x^2 in x^2, |x| <= 0.625.',
      (t3, lambda z: z + mpf('1e-3'), 4, mpf(0), b), (t3, lambda z: z + mpf('1e-3'), 10, mpf(0), b))

e1 = lambda z: near(z, lambda v: erf(sqrt(v)) / sqrt(v) - 1, 2 / sqrt(pi) - 1)
one = lambda z: mpf(1)
table('ERF', 'erf(x)/x - 1 in x^2, |x| <= 1.',
      (e1, one, 6, mpf(0), mpf('1.001')), (e1, one, 11, mpf(0), mpf('1.001')))
lc = lambda t: log(erfc(t))
table('LOG_ERFC', 'log(erfc(t)) on 1 <= t <= 4 (f32), 6 (f64), error times erfc(t).',
      (lc, erfc, 6, mpf('0.999'), mpf('4.0')), (lc, erfc, 17, mpf('0.999'), mpf('6.0')))

pw = lambda z: near(z, lambda v: (3 * atanh(sqrt(v)) / sqrt(v) - 3 - v) / v**2, mpf(3) / 5)
table('POW_LOG', '(3 atanh(s)/s - 3 - s^2) / s^4 in s^2, |s| <= 0.1716.',
      (pw, lambda z: z**2 + mpf('1e-5'), 3, mpf(0), mpf('0.02945')),
      (pw, lambda z: z**2 + mpf('1e-5'), 7, mpf(0), mpf('0.02945')))
x2 = lambda r: near(r, lambda v: expm1(v * ln2) / v, ln2)
table('EXP2', '(2^r - 1) / r on |r| <= 1/2.',
      (x2, one, 5, mpf('-0.501'), mpf('0.501')), (x2, one, 10, mpf('-0.501'), mpf('0.501')))

parts('LN2', 'ln(2) in two parts, the first short enough for exact multiples of an exponent.',
      ln2, [16, 0], [42, 0])
parts('HALF_PI', 'pi/2 in parts: 2^16 (f32) or 2^20 (f64) times all but the last is exact.',
      pi / 2, [8, 8, 8, 8, 8, 0], [33, 33, 33, 0])
parts('TWO_OVER_3_LN2', '2 / (3 ln 2) in two parts, and rounded whole.', 2 / (3 * ln2), [12, 0], [26, 0])
