"""Exercises of section 5, the conditional GAN."""

# A case is known by its exercise and its name:
# pyright: reportRedeclaration=false
from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn, optim

from autograder.exercise import (
    Exercise,
    fill,
    image_players,
    in_groups,
    leave_gradients,
    normal,
    odd_generator_loss,
    odd_loss,
    players,
    switched,
)

# --- labels as columns ------------------------------------------------------------------------------------------------

append_label = Exercise("append_label", points=1)


def integers(*values: int) -> Tensor:
    return torch.tensor(values, dtype=torch.int64)


@append_label.case
def small_batch(rng):
    """Look at one row of your result: does it begin with the same row of x, unchanged, and is exactly one of the other
    numbers a 1? Which axis of x grows? Labels count from 0."""
    return {"x": normal(rng, 6, 3), "y": integers(2, 0, 4, 1, 3, 0), "n_classes": 5}


@append_label.case(about="form number")
def absent_classes(rng):
    """This batch happens to hold no sample of the last classes. The width of the one-hot part is n_classes all the
    same; a function that counts up to the largest label it sees must be told."""
    return {"x": normal(rng, 5, 2), "y": integers(1, 0, 2, 1, 0), "n_classes": 6}


@append_label.case(about="number")
def square(rng):
    """Four samples, four features, four classes: every axis has the same length, so a mix-up raises no error. Samples
    are rows, and a label stands to the right of its sample. Class 3 keeps its column although nobody is of class 2."""
    return {"x": normal(rng, 4, 4), "y": integers(1, 3, 0, 1), "n_classes": 4}


@append_label.case(about="form")
def batch_of_one(rng):
    """One sample is a batch too: x is (1, d), and so the result is (1, d + n_classes)."""
    return {"x": normal(rng, 1, 3), "y": integers(2), "n_classes": 4}


@append_label.case(about="form number")
def one_class_only(rng):
    """All samples carry the same label. Nothing about the classes can be learnt from y here, and nothing needs to."""
    return {"x": normal(rng, 5, 2), "y": integers(3, 3, 3, 3, 3), "n_classes": 5}


@append_label.case(about="form number")
def one_feature(rng):
    """x may have a single column."""
    return {"x": normal(rng, 4, 1), "y": integers(1, 0, 0, 2), "n_classes": 3}


@append_label.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out: the one-hot part takes x's dtype, and x keeps its own."""
    return {"x": normal(rng, 4, 3, dtype=torch.float64), "y": integers(0, 2, 1, 2), "n_classes": 3}


@append_label.case(about="dtype")
def half_precision(rng):
    """float16 in, float16 out. If the one-hot part is float32, torch.cat silently widens x as well; the dtype to
    convert to is not one that you can name in advance."""
    return {"x": normal(rng, 4, 3, dtype=torch.float16), "y": integers(0, 2, 1, 2), "n_classes": 3}


# --- the projection ---------------------------------------------------------------------------------------------------

projection_logits = Exercise("projection_logits", points=1)


def projected(rng: np.random.Generator, y: Tensor, n_features: int, n_classes: int, dtype: torch.dtype = torch.float32):
    """Features, labels, a vector for each label, and the head's numbers."""
    return {
        "features": normal(rng, len(y), n_features, dtype=dtype),
        "y": y,
        "vectors": normal(rng, n_classes, n_features, dtype=dtype),
        "marginal": normal(rng, len(y), 1, dtype=dtype),
    }


@projection_logits.case
def small_batch(rng):
    """Take one sample by hand: which of the vectors is its own, what single number do it and the sample's features make
    together, and what comes on top that has nothing to do with the label?"""
    return projected(rng, integers(2, 0, 4, 1, 3, 0), 3, 5)


@projection_logits.case(about="form number")
def square(rng):
    """As many samples as features and classes: every axis has the same length, so a mix-up raises no error. A row of
    the table belongs to a label, a row of the features to a sample."""
    return projected(rng, integers(1, 3, 0, 1), 4, 4)


@projection_logits.case(about="form")
def batch_of_one(rng):
    """One sample makes one logit, of shape (1, 1). With more samples: n logits, a column, and not a square, which is
    what (n,) plus (n, 1) becomes."""
    return projected(rng, integers(2), 3, 4)


@projection_logits.case(about="form number")
def one_feature(rng):
    """A single feature: the table has one column, and no axis may be squeezed away."""
    return projected(rng, integers(1, 0, 0, 2), 1, 3)


@projection_logits.case(about="form number slope")
def absent_classes(rng):
    """All samples carry one of two labels, out of six. The other vectors play no part: their slopes are 0, and those of
    the two collect what all of their samples say."""
    return projected(rng, integers(3, 3, 1, 3, 1), 2, 6)


@projection_logits.case
def long_features(rng):
    """Many and large features: nothing is averaged over them, and no vector is brought to another length first."""
    inputs = projected(rng, integers(0, 2, 1), 40, 3)
    return inputs | {"features": 5 * inputs["features"]}


@projection_logits.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out: don't convert."""
    return projected(rng, integers(0, 2, 1, 2), 3, 3, torch.float64)


# --- steps: fake pairs keep their labels ------------------------------------------------------------------------------


class Labelled(nn.Module):
    """A network of two inputs, samples and labels: the label shifts and scales what the network gets to see."""

    def __init__(self, net: nn.Module, n_classes: int, shape: tuple[int, ...], dtype: torch.dtype):
        super().__init__()
        self.net, self.shape = net, shape
        self.shift = nn.Embedding(n_classes, torch.Size(shape).numel(), dtype=dtype)
        self.scale = nn.Embedding(n_classes, torch.Size(shape).numel(), dtype=dtype)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        shape = (len(y), *self.shape)
        return self.net(x * (1 + self.scale(y).view(shape)) + self.shift(y).view(shape))


N_CLASSES = 4


def labels(rng: np.random.Generator, n_real: int, n_fake: int) -> tuple[Tensor, Tensor]:
    """Labels of the data and of the fakes that agree in no place."""
    longest = torch.from_numpy(rng.integers(0, N_CLASSES, size=max(n_real, n_fake)))
    other = (longest + torch.from_numpy(rng.integers(1, N_CLASSES, size=len(longest)))) % N_CLASSES
    return longest[:n_real], other[:n_fake]


def labelled(rng: np.random.Generator, n_real: int = 5, n_noise: int = 5, dtype: torch.dtype = torch.float64):
    """The tiny players of section 3, each told a label, with a batch and labels for each."""
    generator, discriminator, real, noise = players(rng, n_real=n_real, n_noise=n_noise, dtype=dtype)
    generator = fill(Labelled(generator, N_CLASSES, (2,), dtype), rng)
    discriminator = fill(Labelled(discriminator, N_CLASSES, (3,), dtype), rng)
    y, fake_y = labels(rng, n_real, n_noise)
    return generator, discriminator, real, y, noise, fake_y


def labelled_images(rng: np.random.Generator):
    """The same with convolutions: images (3, 1, 4, 4) and four noise vectors."""
    generator, discriminator, real, noise = image_players(rng)
    generator = fill(Labelled(generator, N_CLASSES, (2,), torch.float64), rng)
    discriminator = fill(Labelled(discriminator, N_CLASSES, (1, 4, 4), torch.float64), rng)
    y, fake_y = labels(rng, len(real), len(noise))
    return generator, discriminator, real, y, noise, fake_y


conditional_discriminator_step = Exercise(
    "conditional_discriminator_step", points=3, differentiable=False, as_float=True
)


def d_inputs(generator, discriminator, real, y, noise, fake_y, optimizer=None):
    optimizer = optimizer or optim.SGD(discriminator.parameters(), lr=0.1)
    return {
        "generator": generator,
        "discriminator": discriminator,
        "optimizer": optimizer,
        "real": real,
        "labels": y,
        "noise": noise,
        "fake_labels": fake_y,
        "loss": odd_loss,
    }


@conditional_discriminator_step.case
def one_step(rng):
    """The discriminator judges pairs. Which labels belong to the data, and which to the fakes: those that they were
    asked for, or those of the data? If the loss is right already: in which order are gradients cleared, computed and
    used, and do the logits of both batches still have their graph when you need it?"""
    return d_inputs(*labelled(rng))


@conditional_discriminator_step.case(about="number form")
def more_data_than_fakes(rng):
    """7 real points with 7 labels, 2 noise vectors with 2 labels: each batch goes with its own labels, and nothing is
    cut or repeated to fit."""
    return d_inputs(*labelled(rng, n_real=7, n_noise=2))


@conditional_discriminator_step.case(about="number form")
def more_fakes_than_data(rng):
    """3 real points with 3 labels, 6 noise vectors with 6 labels: each batch goes with its own labels."""
    return d_inputs(*labelled(rng, n_real=3, n_noise=6))


@conditional_discriminator_step.case(about="number form")
def batch_of_one(rng):
    """One real and one fake pair: labels of shape (1,) are a batch, don't squeeze them."""
    return d_inputs(*labelled(rng, n_real=1, n_noise=1))


@conditional_discriminator_step.case(about="number effect")
def old_gradients(rng):
    """Both players carry gradients from before. The discriminator's must not influence this update, and the generator's
    must come out exactly as they went in. Fakes bring the generator's graph along: how far back does your backward()
    go, and what would stop it there?"""
    inputs = labelled(rng)
    leave_gradients(rng, *inputs[:2])
    return d_inputs(*inputs)


@conditional_discriminator_step.case
def adam(rng):
    """Any optimizer may come, here Adam with two groups of parameters: let it make the step, once, with its own rates.
    An update made by hand, another optimizer or a first group alone shows here."""
    inputs = labelled(rng)
    return d_inputs(*inputs, in_groups(inputs[1]))


@conditional_discriminator_step.case(about="effect")
def frozen_embedding(rng):
    """The generator's label embedding came in frozen (requires_grad = False) and its other layers did not; some layers
    came in evaluation mode. If you switch anything, put every switch back to what it was."""
    inputs = labelled(rng)
    switched(inputs[0].shift, *inputs[:2])
    return d_inputs(*inputs)


@conditional_discriminator_step.case(about="number form")
def images(rng):
    """Data may have any shape after the batch axis: the networks know what to do with a label, so hand it over as it
    is, and don't append it to pictures yourself."""
    return d_inputs(*labelled_images(rng))


@conditional_discriminator_step.case(about="number form")
def single_precision(rng):
    """The networks are float32 this time: convert neither the data nor the noise. Labels stay integers."""
    return d_inputs(*labelled(rng, dtype=torch.float32))


conditional_generator_step = Exercise("conditional_generator_step", points=2, differentiable=False, as_float=True)


def g_inputs(generator, discriminator, noise, fake_y, optimizer=None):
    optimizer = optimizer or optim.SGD(generator.parameters(), lr=0.1)
    return {
        "generator": generator,
        "discriminator": discriminator,
        "optimizer": optimizer,
        "noise": noise,
        "fake_labels": fake_y,
        "loss": odd_generator_loss,
    }


@conditional_generator_step.case
def one_step(rng):
    """Both networks are told a label. A fake that was asked to be of class 3 must be judged as one of class 3. And does
    the gradient pass through the discriminator into the generator, which alone is updated?"""
    generator, discriminator, _, _, noise, fake_y = labelled(rng)
    return g_inputs(generator, discriminator, noise, fake_y)


@conditional_generator_step.case(about="number form")
def batch_of_one(rng):
    """One noise vector and one label make one fake: labels of shape (1,) are a batch, don't squeeze them."""
    generator, discriminator, _, _, noise, fake_y = labelled(rng, n_noise=1)
    return g_inputs(generator, discriminator, noise, fake_y)


@conditional_generator_step.case(about="number effect")
def old_gradients(rng):
    """Both players carry gradients from before. The generator's must not influence this update, and the discriminator's
    must come out exactly as they went in: a plain backward() adds to every parameter that it meets, and its argument
    inputs=... says to which it may."""
    generator, discriminator, _, _, noise, fake_y = labelled(rng)
    leave_gradients(rng, generator, discriminator)
    return g_inputs(generator, discriminator, noise, fake_y)


@conditional_generator_step.case
def adam(rng):
    """Any optimizer may come, here Adam with two groups of parameters: let it make the step, once, with its own rates.
    An update made by hand, another optimizer or a first group alone shows here."""
    generator, discriminator, _, _, noise, fake_y = labelled(rng)
    return g_inputs(generator, discriminator, noise, fake_y, in_groups(generator))


@conditional_generator_step.case(about="effect")
def frozen_embedding(rng):
    """The discriminator's label embedding came in frozen (requires_grad = False) and its other layers did not; some
    layers came in evaluation mode. If you switch anything, put every switch back to what it was."""
    generator, discriminator, _, _, noise, fake_y = labelled(rng)
    switched(discriminator.shift, generator, discriminator)
    return g_inputs(generator, discriminator, noise, fake_y)


@conditional_generator_step.case(about="number form")
def images(rng):
    """Data may have any shape after the batch axis: hand the label to the network as it is."""
    generator, discriminator, _, _, noise, fake_y = labelled_images(rng)
    return g_inputs(generator, discriminator, noise, fake_y)


@conditional_generator_step.case(about="number form")
def single_precision(rng):
    """The networks are float32 this time: don't convert the noise. Labels stay integers."""
    generator, discriminator, _, _, noise, fake_y = labelled(rng, dtype=torch.float32)
    return g_inputs(generator, discriminator, noise, fake_y)


# --- the auxiliary classifier's loss ----------------------------------------------------------------------------------

acgan_class_loss = Exercise("acgan_class_loss", points=1)


def class_logits(rng: np.random.Generator, y: Tensor, *, right: float, wrong: float, n_classes: int) -> Tensor:
    """Logits near ``right`` for each sample's own class and near ``wrong`` for all others."""
    logits = normal(rng, len(y), n_classes) + wrong
    return logits + (right - wrong) * F.one_hot(y, n_classes)


@acgan_class_loss.case
def two_batches(rng):
    """Each batch has labels and a mean of its own, and both means count fully: no half, no swapped labels, no sign of a
    game. Try one sample: if the softmax gives its class probability 1, what should it cost?"""
    return {
        "real_class_logits": normal(rng, 6, 4, scale=2),
        "y_real": integers(0, 3, 1, 2, 2, 0),
        "fake_class_logits": normal(rng, 6, 4, scale=2),
        "y_fake": integers(3, 1, 0, 2, 1, 3),
    }


@acgan_class_loss.case
def unequal_batches(rng):
    """8 real samples and 3 fake ones: average each batch by itself, then add. One mean over all 11 gives the larger
    batch more say."""
    return {
        "real_class_logits": normal(rng, 8, 3),
        "y_real": integers(0, 2, 1, 2, 2, 0, 1, 0),
        "fake_class_logits": normal(rng, 3, 3),
        "y_fake": integers(2, 1, 1),
    }


@acgan_class_loss.case
def square(rng):
    """As many samples as classes, so a softmax over the wrong axis raises no error. Between what do the classes
    compete?"""
    return {
        "real_class_logits": normal(rng, 4, 4, scale=2),
        "y_real": integers(1, 3, 0, 1),
        "fake_class_logits": normal(rng, 4, 4, scale=2),
        "y_fake": integers(2, 2, 0, 3),
    }


@acgan_class_loss.case(about="form")
def batch_of_one(rng):
    """One sample each: the result is still a scalar of shape (), and axes are not squeezed away."""
    return {
        "real_class_logits": normal(rng, 1, 5),
        "y_real": integers(4),
        "fake_class_logits": normal(rng, 1, 5),
        "y_fake": integers(1),
    }


@acgan_class_loss.case
def absent_classes(rng):
    """Neither batch holds a sample of the last classes. They still take their share of the softmax: the number of
    classes is the number of columns."""
    return {
        "real_class_logits": normal(rng, 5, 6),
        "y_real": integers(1, 0, 2, 1, 0),
        "fake_class_logits": normal(rng, 4, 6),
        "y_fake": integers(0, 0, 1, 2),
    }


@acgan_class_loss.case(about="number slope")
def confident_and_right(rng):
    """Logits near +100 for the right class, near -100 for the others: the loss is 0 to machine precision, and its
    slope is finite. exp(100) overflows in float32, and a softmax has rounded the other classes to 0 before a logarithm
    sees them: can one function of PyTorch do both?"""
    y, fake_y = integers(0, 2, 1), integers(1, 1, 2, 0)
    return {
        "real_class_logits": class_logits(rng, y, right=100, wrong=-100, n_classes=3),
        "y_real": y,
        "fake_class_logits": class_logits(rng, fake_y, right=100, wrong=-100, n_classes=3),
        "y_fake": fake_y,
    }


@acgan_class_loss.case(about="number slope")
def confident_and_wrong(rng):
    """Logits near -100 for the right class, near +100 for the others: the loss is about 400, and its gradient is alive.
    A softmax rounds to 0 there; log(0) is -inf, and log(0 + 1e-8) is finite but flat."""
    y, fake_y = integers(2, 0, 1, 1), integers(0, 2, 1)
    return {
        "real_class_logits": class_logits(rng, y, right=-100, wrong=100, n_classes=3),
        "y_real": y,
        "fake_class_logits": class_logits(rng, fake_y, right=-100, wrong=100, n_classes=3),
        "y_fake": fake_y,
    }


@acgan_class_loss.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out: don't convert."""
    return {
        "real_class_logits": normal(rng, 4, 3, dtype=torch.float64),
        "y_real": integers(0, 2, 1, 2),
        "fake_class_logits": normal(rng, 4, 3, dtype=torch.float64),
        "y_fake": integers(1, 1, 0, 2),
    }


# --- giving the doubt back --------------------------------------------------------------------------------------------

twin_class_loss = Exercise("twin_class_loss", points=2)


def two_readings(rng: np.random.Generator, y: Tensor, n_classes: int, dtype: torch.dtype = torch.float32):
    """What two classifiers that disagree say of the same fakes."""
    return {
        "class_logits": normal(rng, len(y), n_classes, scale=2, dtype=dtype),
        "twin_logits": normal(rng, len(y), n_classes, scale=2, dtype=dtype),
        "y": y,
    }


@twin_class_loss.case
def a_batch(rng):
    """Read the divergence once more: which of its two probabilities is the twin's, and does it make the fraction larger
    or smaller? At each fake only the label that was ordered counts; the average over the fakes does the rest."""
    return two_readings(rng, integers(0, 3, 1, 2, 2, 0), 4)


@twin_class_loss.case
def they_agree(rng):
    """Both classifiers say the same of every fake: there is nothing to pay. The slopes are another matter: G may learn
    from each of them."""
    inputs = two_readings(rng, integers(2, 0, 1, 1, 2), 3)
    shift = normal(rng, 5, 1)  # a constant for each sample changes no softmax
    return inputs | {"twin_logits": inputs["class_logits"] + shift}


@twin_class_loss.case
def the_twin_is_surer(rng):
    """The twin recognises the fakes better than C does: by the twin there is little doubt, by C there is much. The
    price is high. It is low, and may be below 0, the other way round; nothing is cut off there."""
    y = integers(1, 0, 2, 1)
    return {
        "class_logits": class_logits(rng, y, right=-1, wrong=1, n_classes=3),
        "twin_logits": class_logits(rng, y, right=3, wrong=-1, n_classes=3),
        "y": y,
    }


@twin_class_loss.case
def the_twin_is_in_doubt(rng):
    """C is surer of these fakes than their own posterior: the price is below 0 on average over these few. Only its
    expectation is never negative, so don't clamp it, and take no absolute value."""
    y = integers(2, 2, 0)
    return {
        "class_logits": class_logits(rng, y, right=3, wrong=-1, n_classes=3),
        "twin_logits": class_logits(rng, y, right=0, wrong=0, n_classes=3),
        "y": y,
    }


@twin_class_loss.case
def square(rng):
    """As many fakes as classes, so a softmax over the wrong axis raises no error. Between what do the classes
    compete?"""
    return two_readings(rng, integers(1, 3, 0, 1), 4)


@twin_class_loss.case(about="form")
def batch_of_one(rng):
    """One fake: the result is still a scalar of shape ()."""
    return two_readings(rng, integers(4), 5)


@twin_class_loss.case(about="number slope")
def both_sure(rng):
    """Logits of ±100, the twin right and C wrong: the price is about 200 nats and every slope is alive. What happens to
    a probability that has been rounded to 0, once a logarithm or a fraction sees it?"""
    y = integers(2, 0, 1, 1)
    return {
        "class_logits": class_logits(rng, y, right=-100, wrong=100, n_classes=3),
        "twin_logits": class_logits(rng, y, right=100, wrong=-100, n_classes=3),
        "y": y,
    }


@twin_class_loss.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out: don't convert."""
    return two_readings(rng, integers(0, 2, 1, 2), 3, torch.float64)
