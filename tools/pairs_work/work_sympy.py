"""sympy at work: integrals, equations, matrices, printing, and code made from expressions."""

from __future__ import annotations

import pickle

import sympy


def work() -> str:
    """Solve, integrate, print, compute."""
    x, y = sympy.symbols("x y")
    assert sympy.integrate(sympy.sin(x) * sympy.exp(x), x).diff(x).simplify() == sympy.sin(x) * sympy.exp(x)
    assert sorted(sympy.solve(x**2 - 5 * x + 6, x)) == [2, 3]
    assert sympy.Matrix([[1, 2], [3, 4]]).inv() * sympy.Matrix([[1, 2], [3, 4]]) == sympy.eye(2)
    assert sympy.latex(sympy.sqrt(x) / y) == r"\frac{\sqrt{x}}{y}"
    assert sympy.lambdify(x, x**2 + 1, "math")(3) == 10
    assert sympy.sympify("2*x + y").subs({x: 1, y: 2}) == 4
    assert pickle.loads(pickle.dumps(x + y)) == x + y
    return "integrals, equations, matrices, lambdify, pickle"
