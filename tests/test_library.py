"""The library as a whole: it ships no answer, and every public name explains itself."""

import ast
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import dgm
from autograder import exercise
from dgm import fonts

MODULES = sorted(module.name for module in pkgutil.walk_packages(dgm.__path__, "dgm."))

# Every function and class that the syllabus asks for.
GRADED = """
metropolis_hastings gaussian_mle kde_log_density quantile_from_table leave_one_out_log_likelihood
pca_reconstruct reparameterize gaussian_kl mvn_kl negative_elbo vae_step importance_bound
discriminator_loss generator_loss_minimax generator_loss_nonsaturating generator_loss_maximum_likelihood
discriminator_step generator_step adversarial_turn
kl_divergence js_divergence optimal_discriminator game_value density_ratio pointwise_maximizer
js_lower_bound criterion_slope
append_label projection_logits conditional_discriminator_step conditional_generator_step
acgan_class_loss twin_class_loss
information_bound categorical_info_loss continuous_info_loss infogan_generator_step cluster_accuracy
cycle_loss cycle_terms cyclegan_generator_loss ReplayPool
c_transform wasserstein_1d sliced_wasserstein critic_loss wasserstein_generator_loss clip_weights gradient_penalty
critic_step wgan_generator_step
simultaneous_step alternating_step extragradient_step feature_matching_loss smoothed_discriminator_loss
game_jacobian zero_centred_penalty minibatch_features virtual_batch_norm
frechet_distance match_moments one_nn_accuracy precision_recall density_coverage
""".split()


def defined(module) -> set[str]:
    """Every name in a module's source that a submission could reach or call: nested functions and methods included."""
    tree = ast.parse(inspect.getsource(module))
    found = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return found | {name for name in dir(module)}


def words(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())


def asked() -> set[str]:
    """The syllabus' names, and what the exercises ask for beyond them."""
    names = {name for section in exercise.sections() for name in exercise.exercises(section)}
    return {words(name) for name in names | set(GRADED)}


@pytest.mark.parametrize("name", MODULES)
def test_no_module_holds_an_answer(name):
    found = {thing for thing in defined(importlib.import_module(name)) if words(thing) in asked()}
    assert not found, f"{name} has {found}: an exercise asks for it"


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_is_explained(name):
    module = importlib.import_module(name)
    assert module.__doc__ and len(module.__doc__) > 40
    for thing, value in vars(module).items():
        own = getattr(value, "__module__", None) == name and (inspect.isfunction(value) or inspect.isclass(value))
        if own and not thing.startswith("_"):
            first = (inspect.getdoc(value) or "").split("\n")[0]
            assert first.endswith((".", ":", "?")) and not first.startswith(thing + "("), f"{name}.{thing}: {first!r}"


def test_modules_stay_small():
    """A module that outgrows a sitting is split."""
    for path in Path(dgm.__path__[0]).glob("*.py"):
        assert len(path.read_text().splitlines()) <= 300, path


def imported(name: str) -> set[str]:
    """The modules of dgm that a module imports anywhere in its source: in a function, or for a type checker, too."""
    found = set()
    for node in ast.walk(ast.parse(inspect.getsource(importlib.import_module(name)))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name} imports by dots: say dgm.…"
            found |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found & set(MODULES)


def test_no_import_runs_back():
    """Taking away, again and again, the modules that import nothing which is left must leave none."""
    left = {name: imported(name) for name in MODULES}
    assert left["dgm.training"] >= {"dgm.players", "dgm.compiled"}, "lazy imports are not seen"
    while free := {name for name, needed in left.items() if not needed & set(left)}:
        left = {name: needed for name, needed in left.items() if name not in free}
    assert not left, f"these modules import one another: {sorted(left)}"


def test_every_public_name_is_on_the_library_page_once():
    page = (Path(__file__).parent.parent / "book" / "library.md").read_text(encoding="utf8")
    shown = []
    for name, options in re.findall(r"automodule:: (\S+)\n((?:   :.*\n)+)", page):
        module, (chosen,) = importlib.import_module(name), re.findall(r":members:(.*)", options)
        offered = getattr(module, "__all__", None) or [
            key for key, x in vars(module).items() if getattr(x, "__module__", "") == name and key[0] != "_"
        ]
        names = [key.strip() for key in chosen.split(",")] if chosen.strip() else offered
        shown += [getattr(module, key) for key in names if callable(getattr(module, key))]
    assert len(shown) == len(set(shown)), "a name is explained twice"
    modules = [importlib.import_module(name) for name in MODULES]
    public = {
        x for m in modules for k, x in vars(m).items() if getattr(x, "__module__", "") == m.__name__ and k[0] != "_"
    }
    assert {x for x in public - set(shown) if callable(x)} == {fonts.fields, fonts.render}
