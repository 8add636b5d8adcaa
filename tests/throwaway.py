"""A course with throw-away lessons in a folder of its own, made the way CONTRIBUTING tells an author to."""

from __future__ import annotations

import shutil
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]

LESSON = '''---
jupytext:
  formats: md:myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
section:
  line: twice as much
  group: numbers
  map:
    doubling: {under: tractable, text: twice a number}
---

# Doubling

Twice a number {cite:p}`goodfellow2014`, as {eq}`twice` says. {prf:ref}`even` follows; see also {ref}`start`.

```{code-cell} ipython3
:tags: [imports]

import math

from IPython.display import HTML
```

(start)=
## What to do

$$
d(x) = 2x
$$ (twice)

:::{prf:theorem} Evenness
:label: even

The double of a whole number is even.
:::

:::{prf:proof}
By {eq}`twice`.
:::

> To begin with:
>
> $$
> d(0) = 0
> $$ (zero)

Write the function.

```{code-cell} ipython3
:exercise: double

def double(x):
    """Twice x."""
    ### BEGIN SOLUTION
    return x + x  # the secret of doubling
    ### END SOLUTION
```

```{code-cell} ipython3
:check: double
:points: 2

assert double(2) == 4, 'in place of check("double", double)'
```

```{code-cell} ipython3
:tags: [nbval-check-output]

print(double(21))
```

```{code-cell} ipython3
HTML('<img alt="A black dot." src="data:image/gif;base64,R0lGODdhAQABAIAAAAAAAP///ywAAAAAAQABAAACAkQBADs=">')
```

:::{dropdown} Why is the double even?
It is two times something.
:::
'''

FRONT = """# A course

Welcome.

<div class="dgm-map">
<section aria-labelledby="map-numbers">
<h3 id="map-numbers">Numbers</h3>
<ul data-group="numbers"></ul>
</section>
<section aria-labelledby="map-letters">
<h3 id="map-letters">Letters</h3>
<ul data-group="letters"></ul>
</section>
</div>
"""

TWICE = {
    "(start)=": "",
    "(twice)": "",
    "(zero)": "",
    "{ref}`start`": "it",
    " {eq}`twice`": " it",
    "{prf:ref}`even`": "It",
    ":label: even\n": "",
    "    doubling: {under: tractable, text: twice a number}": "    doubling: {}",
}

BIBLIOGRAPHY = """@inproceedings{goodfellow2014,
  author = {Goodfellow, Ian and Pouget-Abadie, Jean and Bengio, Yoshua},
  title  = {Generative Adversarial Nets},
  booktitle = {Advances in Neural Information Processing Systems},
  year   = {2014},
  url    = {https://arxiv.org/abs/1406.2661}
}
"""


def course(folder: Path, *names: str, text: str = LESSON) -> Path:
    """A course of these sections, all with the same text, in an empty folder."""
    (folder / "book" / "lessons").mkdir(parents=True)
    for name in names:
        lesson = text
        if name != names[0]:  # a label is defined once, and so is a place on the map
            for once, instead in TWICE.items():
                lesson = lesson.replace(once, instead)
        (folder / "book" / "lessons" / f"{name}.md").write_text(lesson, encoding="utf8")
    chapters = "".join(f"      - file: book/pages/{name}\n" for name in names)
    (folder / "_toc.yml").write_text(
        "format: jb-book\nroot: book/pages/index\nparts:\n  - caption: Sections\n    chapters:\n"
        f"{chapters}  - caption: Reference\n    chapters:\n"
        "      - file: book/pages/exercises\n      - file: book/bibliography\n",
        encoding="utf8",
    )
    (folder / "book" / "index.md").write_text(FRONT, encoding="utf8")
    (folder / "book" / "references.bib").write_text(BIBLIOGRAPHY, encoding="utf8")
    shutil.copy(ROOT / "_config.yml", folder)
    for part in ("bibliography.md", "_static", "tools"):
        source = ROOT / "book" / part
        if source.is_dir():
            shutil.copytree(source, folder / "book" / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / "book" / part)
    return folder


def environment(root: Path, folder: Path) -> Path:
    """A Python that has this clone of the course installed, and the packages of the one that runs; no other program."""
    venv.create(folder, with_pip=False)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "course.pth").write_text(f"{sysconfig.get_path('purelib')}\n{root}\n{root / 'src'}\n")
    return folder / "bin" / "python"
