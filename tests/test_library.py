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

MODULES = sorted(module.name for module in pkgutil.walk_packages(dgm.__path__, "dgm."))

# Every function and class that the syllabus asks for.
GRADED = """
inverse_transform_sample metropolis_hastings gaussian_mle kde_log_density kde_sample
pca_reconstruct reparameterize gaussian_kl mvn_kl negative_elbo vae_step
discriminator_loss generator_loss_minimax generator_loss_nonsaturating generator_loss_maximum_likelihood
discriminator_step generator_step
kl_divergence js_divergence optimal_discriminator game_value density_ratio pointwise_maximizer
append_label conditional_discriminator_step conditional_generator_step acgan_class_loss
categorical_info_loss continuous_info_loss join_code infogan_generator_step cluster_accuracy
cycle_loss identity_loss cyclegan_generator_loss ReplayPool
wasserstein_1d critic_loss wasserstein_generator_loss clip_weights gradient_penalty critic_step wgan_generator_step
simultaneous_step alternating_step extragradient_step feature_matching_loss smoothed_discriminator_loss
smoothed_optimal_discriminator minibatch_features virtual_batch_norm
frechet_distance one_nn_accuracy precision_recall
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


def test_every_public_name_is_on_the_library_page():
    page = (Path(__file__).parent.parent / "book" / "library.md").read_text(encoding="utf8")
    listed = set(re.findall(r"automodule:: (\S+)", page))
    shown = {name for module in listed for name in getattr(importlib.import_module(module), "__all__", ())}
    for name in set(MODULES) - listed:  # modules whose names another module offers
        module = importlib.import_module(name)
        own = {key for key, x in vars(module).items() if getattr(x, "__module__", "") == name and key[0] != "_"}
        assert not own - shown - {"fields", "render"}, name
